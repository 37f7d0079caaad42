import '@stepclock/vitest-matchers';
import { gradientBoosting } from '@stepclock/regression';
import { describe, expect, it } from 'vitest';
import {
  compareEstimators,
  type EstimatorComparison,
  fitStepTime,
  predictStepTime,
  readStepTimeFile,
  stepTimeFigures,
  stepTimeFile,
  stepTimesOf,
} from '../src/index.js';
import { missedJSON, statisticsJSON } from '../src/model/step-time-file.js';
import { gridOfSteps } from './fixture.js';

const stalls = gridOfSteps(0.02, (i, ms) => (i === 20 ? ms + 300 : ms));
const fitted = () => fitStepTime(stalls, { name: 'toy', features: ['prefilling'], folds: 4, seed: 7, level: 0.9 });
const comparison = compareEstimators(stalls, { features: ['prefilling'], seed: 7 });
const fileOf = () => stepTimeFile(fitted(), comparison);

describe('NAME.json', () => {
  it('has these fields, and no others', () => {
    const fit = fitted();
    const file = fileOf();
    expect(Object.keys(file)).toEqual([
      'schema',
      'model_name',
      'target',
      'headline',
      'formula',
      'units',
      'coefficients',
      'coefficient_table',
      'interval_level',
      'statistics',
      'influence',
      'points_over_threshold',
      'further_features',
      'model_comparison',
      'warnings',
      'features',
      'model',
    ]);
    expect(file).toMatchObject({
      schema: 'stepclock/step-time@1',
      model_name: 'toy',
      target: 'decode',
      headline: expect.stringMatching(/^1 of 64 points carries \d\d\.\d % of the residual sum of squares/),
      formula:
        'step_ms = a*batch_size*sequence_length + b*batch_size + c*sequence_length + k_prefilling*prefilling + d',
      units: { coefficients: 'ms', errors: 'ms', mape: 'percent', mse: 'ms^2' },
      interval_level: 0.9,
      further_features: [],
      features: ['prefilling'],
      warnings: fit.warnings,
      model: fit.model.linear.toJSON(),
    });
  });

  it('holds every coefficient with both kinds of errors', () => {
    const fit = fitted();
    const file = fileOf();
    const { coefficients } = fit.leastSquares;
    expect(file.coefficient_table).toEqual(
      coefficients.map((c, j) => ({
        name: ['a', 'b', 'c', 'k_prefilling', 'd'][j],
        term: c.term,
        estimate: c.estimate,
        standard_error: c.standardError,
        t: c.t,
        p: c.p,
        interval: c.interval,
        hc3: { standard_error: c.hc3.standardError, t: c.hc3.t, p: c.hc3.p, interval: c.hc3.interval },
        vif: c.vif,
      })),
    );
    expect(file.coefficients).toEqual(
      Object.fromEntries(['a', 'b', 'c', 'k_prefilling', 'd'].map((name, j) => [name, coefficients[j]?.estimate])),
    );
  });

  it('holds the statistics under their published names', () => {
    const fit = fitted();
    const file = fileOf();
    const { statistics, conditionNumber } = fit.leastSquares;
    const { metrics, crossValidation } = fit;
    const { outOfFold = new Float64Array(0) } = crossValidation ?? {};
    const meanSquareOutOfFold =
      outOfFold.reduce((sum, ms, i) => sum + (ms - 1000 * fit.times.stepTimeSec[i]) ** 2, 0) / outOfFold.length;
    expect(statisticsJSON(fit)).toEqual({
      n: 64,
      settings: 64,
      df: 59,
      r2: statistics.r2,
      adjusted_r2: statistics.adjustedR2,
      explained_variance: metrics.explainedVariance,
      mse: metrics.mse,
      rmse: metrics.rmse,
      mae: metrics.mae,
      mape: metrics.mapePercent,
      max_error: metrics.maxAbsoluteError,
      median_abs_error: metrics.medianAbsoluteError,
      '90th_percentile_error': metrics.p90AbsoluteError,
      '95th_percentile_error': metrics.p95AbsoluteError,
      '99th_percentile_error': metrics.p99AbsoluteError,
      cv_scores_mean: crossValidation?.meanR2,
      cv_scores_std: crossValidation?.sdR2,
      cv_scores: crossValidation?.folds.map((f) => f.r2),
      cv_rmse: expect.closeTo(Math.sqrt(meanSquareOutOfFold), 12),
      cv_r2: expect.any(Number),
      f_statistic: statistics.fStatistic,
      p_value: statistics.fPValue,
      residual_standard_error: statistics.sigma,
      aic: statistics.aic,
      bic: statistics.bic,
      condition_number: conditionNumber.raw,
      scaled_condition_number: conditionNumber.scaled,
    });
    expect(file.statistics).toEqual(statisticsJSON(fit));
    expect(file.statistics.cv_scores).toHaveLength(4);
    const none = statisticsJSON({ ...fit, crossValidation: null });
    expect([none.cv_scores_mean, none.cv_scores_std, none.cv_scores]).toEqual([null, null, null]);
  });

  it('holds the points that matter: rows counted from 1, lines where they came from a file', () => {
    const fit = fitted();
    const file = fileOf();
    const [worst] = fit.influence.dominant;
    const json = {
      row: 21,
      batch_size: 4,
      sequence_length: 1024,
      step_time_ms: worst?.stepTimeMs,
      predicted_ms: worst?.predictedMs,
      residual_ms: worst?.residualMs,
      rss_share: worst?.rssShare,
      studentised_residual: worst?.studentised,
      leverage: worst?.leverage,
      cooks_distance: worst?.cooksDistance,
    };
    expect(file.influence).toEqual({
      dominant_points: [json],
      dominant_rss_share: fit.influence.dominantShare,
      r2: fit.influence.r2,
      pivotal_point: null,
      pivotal_points: [],
      r2_without_these_points: fit.influence.r2Without,
      coefficients_without_these_points: Object.fromEntries(
        ['a', 'b', 'c', 'k_prefilling', 'd'].map((name, j) => [name, fit.influence.coefficientsWithout?.[j]]),
      ),
      largest_rss_shares: expect.arrayContaining([json]),
      largest_cooks_distance: expect.objectContaining({
        row: (fit.influence.largestCooksDistance?.row ?? -2) + 1,
        cooks_distance: fit.influence.largestCooksDistance?.cooksDistance,
      }),
    });
    expect(file.influence.largest_rss_shares).toHaveLength(10);
    const lines = Uint32Array.from({ length: 64 }, (_, i) => i + 100);
    const numbered = stepTimeFile({ ...fit, times: { ...stalls, lines } }, comparison);
    expect(numbered.influence.dominant_points[0]).toEqual({ ...json, line: 120 });
  });

  it('holds a pivotal point, or nothing of what is not there', () => {
    const grid = gridOfSteps();
    const far = fitStepTime(
      stepTimesOf({
        batchSize: [...grid.batchSize, 1000],
        sequenceLength: [...grid.sequenceLength, 100_000],
        stepTimeSec: [...grid.stepTimeSec, 0.5],
      }),
    );
    const { influence } = stepTimeFile(far, comparison);
    expect(influence.pivotal_point).toMatchObject({ row: 65, batch_size: 1000, step_time_ms: 500 });
    expect(influence.dominant_points).toEqual([]);
    const exact = stepTimeFile(fitStepTime(gridOfSteps(0)), comparison).influence;
    expect(exact).toMatchObject({
      dominant_points: [],
      dominant_rss_share: 0,
      pivotal_point: null,
      r2_without_these_points: null,
      coefficients_without_these_points: null,
      largest_rss_shares: [],
      largest_cooks_distance: null,
    });
  });

  it('lists rows over the threshold, 100 at most, and counts all', () => {
    const fit = fitted();
    const file = fileOf();
    const missed = { row: 20, stepTimeMs: 10, predictedMs: 12, errorMs: 2, errorPercent: 20 };
    expect(missedJSON(stalls, missed)).toEqual({
      row: 21,
      batch_size: 4,
      sequence_length: 1024,
      step_time_ms: 10,
      predicted_ms: 12,
      error_ms: 2,
      error_percent: 20,
    });
    const far = [...stalls.stepTimeSec].filter(
      (sec, i) => Math.abs(fit.leastSquares.fitted[i] / (1000 * sec) - 1) > 0.2,
    );
    expect(far.length).toBeGreaterThan(10);
    expect(file.points_over_threshold).toMatchObject({ threshold_percent: 20, count: far.length });
    expect(file.points_over_threshold.count).toBe(file.points_over_threshold.points.length);
    const two = stepTimeFile(fit, comparison, { thresholdPercent: 0, listed: 2 }).points_over_threshold;
    expect([two.threshold_percent, two.count, two.points.length]).toEqual([0, 64, 2]);
    const many = gridOfSteps();
    const twice = (values: Float64Array) => [...values, ...values];
    const long = fitStepTime(
      stepTimesOf({
        batchSize: twice(many.batchSize),
        sequenceLength: twice(many.sequenceLength),
        stepTimeSec: twice(many.stepTimeSec),
      }),
    );
    expect(stepTimeFile(long, comparison, { thresholdPercent: 0 }).points_over_threshold.points).toHaveLength(100);
  });

  it('holds the estimators side by side, and why one could not', () => {
    const fit = fitted();
    const file = fileOf();
    const [ols] = comparison.scores;
    if (ols === undefined || 'failure' in ols) throw new Error('OLS fits these rows');
    const part = ({ r2, rmse, mae, mapePercent }: typeof ols.train) => ({ r2, rmse, mae, mape: mapePercent });
    expect(file.model_comparison).toMatchObject({ seed: 7, train_rows: 51, test_rows: 13 });
    expect(file.model_comparison.estimators[0]).toEqual({
      estimator: 'OLS',
      train: part(ols.train),
      test: part(ols.test),
    });
    const failed: EstimatorComparison = { ...comparison, scores: [{ name: 'ridge', failure: 'no rows' }] };
    expect(stepTimeFile(fit, failed).model_comparison.estimators).toEqual([{ estimator: 'ridge', failure: 'no rows' }]);
  });

  it('tells what unused features would bring', () => {
    const fit = fitted();
    const plain = fitStepTime(stalls);
    const [feature] = plain.furtherFeatures;
    expect(stepTimeFile(plain, comparison).further_features).toEqual([
      { name: 'prefilling', r2: feature?.r2, adjusted_r2: feature?.adjustedR2 },
    ]);
    const rich = fit.leastSquares.statistics;
    expect([feature?.r2, feature?.adjustedR2]).toEqual([rich.r2, rich.adjustedR2]);
    const copy = { ...stalls, further: new Map([['kv_tokens', stalls.batchSize]]) };
    expect(fitStepTime(copy).furtherFeatures).toEqual([{ name: 'kv_tokens', r2: null, adjustedR2: null }]);
  });
});

describe('a model file that is none', () => {
  const plain = JSON.parse(JSON.stringify(fileOf()));

  const FAMILY = 'must be "stepclock/step-time@1"';

  it.each<[string, unknown, string]>([
    ['null', null, "model file: must be a NAME.json as 'stepclock step-time fit' writes it; got null"],
    ['a number', 3, "model file: must be a NAME.json as 'stepclock step-time fit' writes it; got 3"],
    ['no schema', {}, `schema: ${FAMILY}; got nothing`],
    ['another schema', { ...plain, schema: 'a@1' }, `schema: ${FAMILY}; got "a@1"`],
    ['no name', { ...plain, model_name: null }, 'model_name: must be a text; got null'],
    ['no features', { ...plain, features: 'x' }, 'features: must be a list of names; got "x"'],
    ['features of numbers', { ...plain, features: ['a', 1] }, 'features[1]: must be a text; got 1'],
    [
      'foreign features',
      { ...plain, features: ['prefilling', 'y'] },
      'features: must be the model\'s own beyond batch_size and sequence_length; got "y"',
    ],
  ])('%s', (_, value, message) => {
    expect(() => readStepTimeFile(JSON.stringify(value))).toThrow(
      expect.objectContaining({ code: 'step-time/bad-model-file', message }),
    );
  });

  it('no JSON, with the place and the name of the file', () => {
    expect(() => readStepTimeFile('{"schema": "a@1",}', 'a.json')).toThrow(
      /^model file: must be a NAME\.json .*\(a\.json:1:\d+\)$/,
    );
  });

  it('a model that is not linear, or broken', () => {
    const table = { names: ['batch_size'], columns: [Float64Array.of(1, 2, 3, 4)], length: 4 };
    const trees = gradientBoosting({ features: table, target: Float64Array.of(1, 2, 3, 4) } as never, {
      seed: 1,
    }).model;
    expect(() => readStepTimeFile(JSON.stringify({ ...plain, model: trees }))).toThrow(
      expect.objectContaining({
        code: 'step-time/bad-model-file',
        message: 'model.kind: must be "linear"; got "boosting"',
      }),
    );
    expect(() => readStepTimeFile(JSON.stringify({ ...plain, model: 3 }))).toThrow(
      expect.objectContaining({ code: 'step-time/bad-model-file', what: 'model' }),
    );
  });

  it('a sound one comes back', () => {
    const fit = fitted();
    const back = readStepTimeFile(JSON.stringify(plain));
    expect([back.name, back.target, back.features]).toEqual(['toy', 'decode', ['prefilling']]);
    const query = { batchSize: 3, sequenceLength: 100, further: { prefilling: 1 } };
    expect(predictStepTime(back, query)).toEqual(predictStepTime(fit.model, query));
  });
});

describe('figures', () => {
  const figuresOf = () => stepTimeFigures(fitted(), comparison);

  it('measured and predicted, in ms; residuals over every feature', () => {
    const fit = fitted();
    const figures = figuresOf();
    expect(figures.predictionAccuracy.measuredMs).toEqual(stalls.stepTimeSec.map((sec) => 1000 * sec));
    expect(figures.predictionAccuracy.predictedMs).toEqual(fit.leastSquares.fitted);
    expect(figures.errorByParameters).toEqual([
      { feature: 'batch_size', values: stalls.batchSize, residualMs: fit.leastSquares.residuals },
      { feature: 'sequence_length', values: stalls.sequenceLength, residualMs: fit.leastSquares.residuals },
      { feature: 'prefilling', values: stalls.further.get('prefilling'), residualMs: fit.leastSquares.residuals },
    ]);
  });

  it('bands at four quantiles of the batch size, over the whole range of lengths, further features at their mean', () => {
    const fit = fitted();
    const figures = figuresOf();
    const { level, bands } = figures.predictionBands;
    expect(level).toBe(0.9);
    // Eight rows a batch size: places 3, 22, 40 and 59 of 63.
    expect(bands.map((band) => band.batchSize)).toEqual([1, 4, 32, 128]);
    for (const band of bands) {
      expect(band.sequenceLength).toHaveLength(60);
      expect([band.sequenceLength[0], band.sequenceLength[59]]).toEqual([64, 8192]);
      expect(band.sequenceLength[1] - 64).toAgree(8128 / 59, 1e-12);
      const mean = stalls.further.get('prefilling')?.reduce((sum, v) => sum + v, 0) ?? 0;
      const further = { prefilling: mean / 64 };
      const { stepTimeSec, interval } = predictStepTime(
        fit.model,
        { batchSize: band.batchSize, sequenceLength: band.sequenceLength[30], further },
        0.9,
      );
      expect(band.meanMs[30]).toAgree(1000 * stepTimeSec, 1e-12);
      expect([band.lowMs[30], band.highMs[30]]).toAgree(
        (interval ?? [0, 0]).map((sec) => 1000 * sec),
        1e-12,
      );
      const near = [...stalls.batchSize.keys()].filter((i) => stalls.batchSize[i] === band.batchSize);
      expect([...band.measured.sequenceLength]).toEqual(near.map((i) => stalls.sequenceLength[i]));
      expect([...band.measured.stepTimeMs]).toEqual(near.map((i) => 1000 * stalls.stepTimeSec[i]));
    }
  });

  it('rows within 15 % of a batch size are near it', () => {
    const batches = [100, 100, 84, 85, 115, 116, 200, 200];
    const times = stepTimesOf({
      batchSize: batches,
      sequenceLength: [10, 20, 30, 40, 50, 60, 70, 85],
      stepTimeSec: batches.map((b, i) => (10 + 0.1 * b + (i % 3)) / 1000),
    });
    const { bands } = stepTimeFigures(fitStepTime(times), comparison).predictionBands;
    expect(bands.map((band) => band.batchSize)).toEqual([84, 100, 115, 200]);
    expect([...(bands[1]?.measured.sequenceLength ?? [])]).toEqual([10, 20, 40, 50]);
  });

  it('four batch sizes or fewer have a band each; a saturated fit has no width', () => {
    const times = stepTimesOf({
      batchSize: [4, 2, 2, 4],
      sequenceLength: [1, 1, 2, 2],
      stepTimeSec: [0.01, 0.02, 0.03, 0.07],
    });
    const { bands } = stepTimeFigures(fitStepTime(times), comparison).predictionBands;
    expect(bands.map((band) => band.batchSize)).toEqual([2, 4]);
    for (const { meanMs, lowMs, highMs } of bands) {
      expect(lowMs).toEqual(meanMs);
      expect(highMs).toEqual(meanMs);
    }
  });

  it('scores of every estimator that could, on both parts', () => {
    const fit = fitted();
    const figures = figuresOf();
    const scores = comparison.scores.flatMap((s) => ('failure' in s ? [] : [s]));
    expect(figures.modelComparison).toEqual(
      scores.flatMap((s) => [
        { estimator: s.name, part: 'train', r2: s.train.r2, rmseMs: s.train.rmse },
        { estimator: s.name, part: 'test', r2: s.test.r2, rmseMs: s.test.rmse },
      ]),
    );
    const failed: EstimatorComparison = { ...comparison, scores: [{ name: 'ridge', failure: 'no rows' }] };
    expect(stepTimeFigures(fit, failed).modelComparison).toEqual([]);
  });
});

describe('estimators side by side', () => {
  it('share one split by seed, 42 unless told, of 20,000 rows at most', () => {
    const times = gridOfSteps();
    expect(compareEstimators(times)).toEqual(compareEstimators(times, { seed: 42 }));
    expect(compareEstimators(times).scores).not.toEqual(compareEstimators(times, { seed: 43 }).scores);
    expect(compareEstimators(times, { maxRows: 64 })).toEqual(compareEstimators(times));
    const few = compareEstimators(times, { maxRows: 20 });
    expect([few.seed, few.trainRows, few.testRows]).toEqual([42, 16, 4]);
    expect(few.scores.slice(0, 4).every((s) => 'train' in s && s.train.n === 16 && s.test.n === 4)).toBe(true);
  });

  it('the linear ones take the further features too', () => {
    const times = gridOfSteps(0.02, (i, ms) => ms + 10 * (i % 3));
    const r2 = (features: readonly string[]) => {
      const [ols] = compareEstimators(times, { features }).scores;
      return ols !== undefined && 'test' in ols ? (ols.test.r2 ?? 0) : 0;
    };
    expect(r2(['prefilling'])).toBeGreaterThan(0.9999);
    expect(r2([])).toBeLessThan(r2(['prefilling']));
  });
});
