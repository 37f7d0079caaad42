import { renderSvg } from '@stepclock/charts';
import { describe, expect, it } from 'vitest';
import {
  compareEstimators,
  comparisonWarnings,
  type EstimatorComparison,
  fitStepTime,
  pointsOverThreshold,
  type StepTimes,
  stepTimeCharts,
  stepTimeFile,
  stepTimeFitText,
  stepTimeReport,
  stepTimesOf,
} from '../src/index.js';
import { gridOfSteps } from './fixture.js';

const reported = (times: StepTimes) => {
  const fit = fitStepTime(times, { name: 'toy' });
  const comparison = compareEstimators(times);
  const file = stepTimeFile(fit, comparison);
  const missed = pointsOverThreshold(
    times.stepTimeSec.map((sec) => 1000 * sec),
    fit.leastSquares.fitted,
    20,
  );
  return { fit, comparison, file, text: stepTimeFitText(fit, comparison, file, missed) };
};

const firstRows = (times: StepTimes, n: number): StepTimes =>
  stepTimesOf({
    batchSize: times.batchSize.slice(0, n),
    sequenceLength: times.sequenceLength.slice(0, n),
    stepTimeSec: times.stepTimeSec.slice(0, n),
  });

describe('the text of a fit', () => {
  it('has every statistic of the file', () => {
    const { file, text } = reported(gridOfSteps(0.02, (i, ms) => (i === 20 ? ms + 300 : ms)));
    for (const [name, value] of Object.entries(file.statistics)) {
      if (typeof value !== 'number' || name === 'n') continue;
      const digits = Math.abs(value)
        .toPrecision(2)
        .replace(/e.*|\./g, '')
        .replace(/^0+/, '');
      expect(text.replace(/[.,]/g, ''), name).toContain(digits);
    }
  });

  it('counts the folds whose r2 is defined, and calls one fold one', () => {
    const mixed = (n: number) => {
      const times = gridOfSteps(0.4);
      const order = Array.from({ length: 64 }, (_, i) => (i * 37) % 64);
      const pick = (column: Float64Array) => Float64Array.from(order, (i) => column[i]);
      return firstRows(
        {
          ...times,
          batchSize: pick(times.batchSize),
          sequenceLength: pick(times.sequenceLength),
          stepTimeSec: pick(times.stepTimeSec),
        },
        n,
      );
    };
    expect(reported(mixed(60)).text).toMatch(/r2 in cross-validation 0\.\d+ \+- 0\.\d+ over 5 shuffled folds/);
    expect(reported(mixed(8)).text).toMatch(/over 3 of 5 shuffled folds/);
    expect(reported(mixed(6)).text).toMatch(
      /; r2 -?\d[\d.e+]* in one of 5 shuffled folds \(in the others it is not defined\)/,
    );
    expect(reported(mixed(5)).text).toContain('r2 in cross-validation not defined');
  });
});

describe('a formula that is not that of the steps', () => {
  /** Experts that are read at all: their number grows with the batch and ends. */
  const experts = gridOfSteps(0.02, (_, ms) => ms);
  const wrong = stepTimesOf({
    batchSize: [...experts.batchSize],
    sequenceLength: [...experts.sequenceLength],
    stepTimeSec: [...experts.batchSize].map(
      (batch, i) => (batch < 8 ? 0.005 : 0.05) + 1e-6 * (experts.sequenceLength[i] ?? 0) ** 0.5,
    ),
  });

  it('is warned of, with both errors, in the file and the report', () => {
    const { file, fit, comparison } = reported(wrong);
    const warning = file.warnings.find(({ code }) => code === 'wrong-formula');
    expect(warning?.message).toMatch(
      /^Trees \((forest|boosting)\) predict steps that they have not seen far better \(r2 (?:0\.9\d\d|1\.000), off by [\d.]+ % on average\) than the formula \(r2 -?0\.\d+, off by \d+ % on average\)/,
    );
    expect(
      stepTimeReport(file, stepTimeCharts(fit, comparison, file), { name: 'a', sha256: '', rows: 64 }),
    ).toMatchObject({
      title: 'Step time of toy',
      tone: 'bad',
      warnings: file.warnings,
    });
  });

  it('is not, where the formula holds, or nothing can be compared', () => {
    expect(comparisonWarnings(compareEstimators(gridOfSteps(2)))).toEqual([]);
    const none: EstimatorComparison = {
      seed: 1,
      trainRows: 1,
      testRows: 1,
      scores: [{ name: 'OLS', failure: 'rank' }],
    };
    expect(comparisonWarnings(none)).toEqual([]);
  });
});

describe('the figures of a fit', () => {
  const { fit, comparison, file } = reported(gridOfSteps(0.02, (i, ms) => (i === 20 ? ms + 300 : ms)));
  const charts = stepTimeCharts(fit, comparison, file);

  it('are the four, each drawn', async () => {
    expect(charts.map(({ name }) => name)).toEqual([
      'prediction_accuracy',
      'error_by_parameters',
      'prediction_bands',
      'model_comparison',
    ]);
    for (const { spec } of charts) expect(await renderSvg(spec)).not.toMatch(/NaN|undefined/);
  });

  it('accuracy: predicted against measured, residuals, their distribution, and R², RMSE, MAPE on it', () => {
    const spec = charts[0]?.spec;
    if (spec === undefined || !('concat' in spec)) throw new Error('panels');
    expect(spec.concat.map(({ title }) => title.text)).toEqual([
      'Predicted against measured',
      'Residuals over the predicted time',
      'Distribution of the errors',
    ]);
    expect(spec.title.subtitle).toMatch(/^R² 0\.\d{3}, RMSE [\d.]+ ms, MAPE [\d.]+ %\. 1 of 64 points carries/);
  });

  it('errors: absolute and relative over batch and sequence, with the trend', () => {
    const spec = charts[1]?.spec;
    if (spec === undefined || !('concat' in spec)) throw new Error('panels');
    expect(spec.concat.map(({ title }) => title.text)).toEqual([
      'Absolute error over batch size',
      'Relative error over batch size',
      'Absolute error over sequence length',
      'Relative error over sequence length',
    ]);
    for (const panel of spec.concat) {
      const trend = panel.layer.find(({ mark }) => mark.style === 'trend');
      expect(JSON.stringify(trend).match(/"x":/g)?.length).toBeGreaterThanOrEqual(9);
    }
  });
});
