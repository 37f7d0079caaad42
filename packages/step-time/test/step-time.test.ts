import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import {
  compareEstimators,
  evaluateStepTime,
  fitStepTime,
  influenceInWords,
  pointsOverThreshold,
  predictStepTime,
  readStepTimeFile,
  readStepTimes,
  type StepTimes,
  stepTimeFigures,
  stepTimeFile,
  stepTimesOf,
} from '../src/index.js';
import { statisticsJSON } from '../src/model/step-time-file.js';
import { fixtureText, gridOfSteps, reference, tableOf } from './fixture.js';

describe('one slow step among 2,413', () => {
  it('is the first thing that is said', async () => {
    const times = readStepTimes(await tableOf(fixtureText));
    const fit = fitStepTime(times);
    expect(influenceInWords(fit.influence, times.length)).toBe(
      '1 of 2413 points carries 99.6 % of the residual sum of squares: r2 is 0.661 with it, 0.998 without it.',
    );
    expect(fit.influence.r2Without as number).toAgree(reference.without_outlier.OLS.R2 as number, 1e-10);
    expect(fit.warnings.map((w) => w.code)).toContain('dominant-points');
    const [point] = fit.influence.dominant;
    expect(times.stepTimeSec[point?.row as number]).toBeGreaterThan(0.28);
  });

  it('has the reference figures under their published names', async () => {
    const { OLS } = reference.with_outlier;
    const s = statisticsJSON(fitStepTime(readStepTimes(await tableOf(fixtureText))));
    const pairs: readonly (readonly [number | null, string])[] = [
      [s.r2, 'R2'],
      [s.adjusted_r2, 'adj_R2'],
      [s.mse, 'MSE'],
      [s.rmse, 'RMSE'],
      [s.mae, 'MAE'],
      [s.mape, 'MAPE_pct'],
      [s.max_error, 'max_abs_err'],
      [s.median_abs_error, 'median_abs_err'],
      [s.f_statistic, 'F_statistic'],
      [s.aic, 'AIC'],
      [s.bic, 'BIC'],
      [s.residual_standard_error, 'sigma_hat'],
      [s.condition_number, 'cond_number'],
    ];
    for (const [got, name] of pairs) expect(got as number).toAgree(OLS[name], 1e-8);
    expect(s.explained_variance as number).toAgree(s.r2 as number, 1e-10);
    expect(s.cv_scores_mean).toBeGreaterThan(0.7);
    expect(Object.keys(s)).toEqual(
      expect.arrayContaining([
        '90th_percentile_error',
        '95th_percentile_error',
        '99th_percentile_error',
        'cv_scores_std',
        'p_value',
      ]),
    );
  });
});

describe('the fit', () => {
  it('recovers the coefficients of an exact surface, in ms', () => {
    const { leastSquares, coefficientNames } = fitStepTime(gridOfSteps(0));
    expect(coefficientNames).toEqual(['a', 'b', 'c', 'd']);
    expect(leastSquares.coefficients.map((c) => c.estimate)).toAgree([4e-4, 0.05, 3e-4, 12], 1e-9);
  });

  it('says that no few points decide it, when none do', () => {
    const fit = fitStepTime(gridOfSteps());
    expect(influenceInWords(fit.influence, 64)).toMatch(/^No few points decide the fit: the largest share/);
    expect(fit.influence.dominant).toEqual([]);
  });

  it('finds two stalls that hide each other', () => {
    const fit = fitStepTime(gridOfSteps(0.02, (i, ms) => (i === 20 || i === 41 ? ms + 300 : ms)));
    expect(fit.influence.dominant.map((p) => p.row).sort()).toEqual([20, 41]);
    expect(fit.influence.r2Without).toBeGreaterThan(0.9999);
    expect(fit.influence.coefficientsWithout as number[]).toAgree([4e-4, 0.05, 3e-4, 12], 0.02);
  });

  it('calls many strange rows no few', () => {
    const fit = fitStepTime(gridOfSteps(0.02, (i, ms) => (i % 8 === 0 ? ms + 300 : ms)));
    expect(fit.influence.dominant).toEqual([]);
  });

  it('uses further features by name, and says what unused ones would bring', () => {
    const times = gridOfSteps(0.02, (i, ms) => ms + 10 * (i % 3));
    const plain = fitStepTime(times);
    expect(plain.furtherFeatures).toHaveLength(1);
    expect(plain.furtherFeatures[0]?.name).toBe('prefilling');
    expect(plain.furtherFeatures[0]?.r2).toBeGreaterThan(plain.leastSquares.statistics.r2 as number);
    const rich = fitStepTime(times, { features: ['prefilling'] });
    expect(rich.coefficientNames).toEqual(['a', 'b', 'c', 'k_prefilling', 'd']);
    expect(rich.leastSquares.coefficients[3]?.estimate).toAgree(10, 0.01);
    expect(rich.furtherFeatures).toEqual([]);
    expect(() => fitStepTime(times, { features: ['kv_tokens'] })).toThrow(
      'kv_tokens: must be a column of the data: it has batch_size, sequence_length, prefilling',
    );
  });

  it('refuses data that cannot tell the terms apart, naming them', () => {
    const rows = [
      [1, 192],
      [1, 320],
      [1, 576],
      [2, 576],
      [4, 576],
      [8, 576],
    ] as const;
    const times = stepTimesOf({
      batchSize: rows.map(([b]) => b),
      sequenceLength: rows.map(([, s]) => s),
      stepTimeSec: rows.map((_, i) => 0.01 + i / 1000),
    });
    expect(() => fitStepTime(times)).toThrow('linearly independent columns');
    expect(() => fitStepTime(times)).toThrow(/batch_size\*sequence_length/);
  });

  it('does without cross-validation, errors and intervals where rows are too few for them', () => {
    const times = stepTimesOf({
      batchSize: [1, 2, 4, 8],
      sequenceLength: [100, 50, 300, 20],
      stepTimeSec: [0.01, 0.02, 0.03, 0.05],
    });
    const fit = fitStepTime(times);
    expect(fit.crossValidation).toBeNull();
    expect(fit.warnings.map((w) => w.code)).toEqual(expect.arrayContaining(['saturated', 'no-cross-validation']));
    expect(predictStepTime(fit.model, { batchSize: 2, sequenceLength: 50 }).interval).toBeNull();
    const comparison = compareEstimators(times);
    expect(comparison.scores.find((s) => s.name === 'OLS')).toMatchObject({
      failure: expect.stringContaining('got 3'),
    });
    expect(JSON.stringify(stepTimeFile(fit, comparison))).not.toMatch(/NaN|Infinity/);
    expect(stepTimeFigures(fit, comparison).predictionBands.bands).toHaveLength(4);
  });

  it('warns of times that are no seconds, of mixed rows and of coefficients below 0', async () => {
    const grid = gridOfSteps();
    const inMs = stepTimesOf({ ...grid, further: {}, stepTimeSec: grid.stepTimeSec.map((sec) => 1000 * sec) });
    expect(fitStepTime(inMs).warnings.map((w) => w.code)).toContain('unit');
    const falling = stepTimesOf({
      ...grid,
      further: {},
      stepTimeSec: grid.stepTimeSec.map((sec, i) => sec - 1e-6 * grid.sequenceLength[i]),
    });
    expect(fitStepTime(falling).warnings.find((w) => w.code === 'negative-coefficient')?.message).toMatch(
      /^c is below 0/,
    );
    const text = `gpu,batch_size,avg_seq_len,step_time\n${[1, 2, 3, 4, 5, 6, 7]
      .map((i) => `${i % 2 === 0 ? 'A100' : 'H100'},${i},${((i * i * 37) % 11) + 1},0.01${i}`)
      .join('\n')}\n`;
    const mixed = fitStepTime(readStepTimes(await tableOf(text)));
    expect(mixed.warnings.find((w) => w.code === 'mixed-rows')?.message).toMatch(/2 values of gpu \(A100, H100\)/);
    expect(readStepTimes(await tableOf(text), { filter: ['gpu=A100'] }).length).toBe(3);
  });
});

describe('reading', () => {
  it('takes JSON lines and CSV, avg_seq_len and sequence_length alike', async () => {
    const csv = readStepTimes(await tableOf('batch_size,sequence_length,step_time\n8,512,0.02\n'));
    const lines = readStepTimes(await tableOf('{"batch_size":8,"avg_seq_len":512.0,"step_time":2e-2,"engine":"x"}\n'));
    for (const times of [csv, lines]) {
      expect([times.batchSize[0], times.sequenceLength[0], times.stepTimeSec[0]]).toEqual([8, 512, 0.02]);
    }
  });

  it.each([
    [
      'batch_size,step_time\n1,2\n',
      'avg_seq_len (or sequence_length): must be a column (steps.csv): the columns are batch_size, step_time',
    ],
    ['batch_size,avg_seq_len\n1,2\n', 'step_time: must be a column'],
    [
      'batch_size,avg_seq_len,step_time\n1,2,0.1\n1,2,-0.1\n',
      'step_time: must be a number above 0; got "-0.1" (steps.csv:3:step_time)',
    ],
    [
      'batch_size,avg_seq_len,step_time\n0,2,0.1\n',
      'batch_size: must be a number above 0; got "0" (steps.csv:2:batch_size)',
    ],
    ['batch_size,avg_seq_len,step_time\n0x10,2,0.1\n', 'got "0x10"'],
    ['batch_size,avg_seq_len,step_time\n1,,0.1\n', 'avg_seq_len: must be a number above 0; got ""'],
    ['batch_size,avg_seq_len,step_time\n1,2,NaN\n', 'got "NaN"'],
    ['batch_size,avg_seq_len,step_time\n1,2,1e999\n', 'got "1e999"'],
    ['batch_size,avg_seq_len,sequence_length,step_time\n1,2,3,0.1\n', 'must agree where both are given; got "2 and 3"'],
  ])('refuses %j', async (text, message) => {
    const table = await tableOf(text);
    expect(() => readStepTimes(table)).toThrow(message);
  });

  it('refuses filters and features that are not there', async () => {
    const table = await tableOf('gpu,batch_size,avg_seq_len,step_time,note\nA,1,2,0.1,x\n');
    expect(() => readStepTimes(table, { filter: ['gpu=B'] })).toThrow(
      'filter gpu: must be a value that rows have (A); got "B"',
    );
    expect(() => readStepTimes(table, { features: ['note'] })).toThrow('note: must be a finite number; got "x"');
    expect(() => readStepTimes(table, { features: ['step_time'] })).toThrow("features: must be beyond the model's own");
    expect(() => stepTimesOf({ batchSize: [], sequenceLength: [], stepTimeSec: [] })).toThrow(
      'rows: must be at least one',
    );
    expect(() => stepTimesOf({ batchSize: [1], sequenceLength: [1], stepTimeSec: [0] })).toThrow(
      'step_time: must be above 0',
    );
  });
});

describe('the model file', () => {
  const fit = fitStepTime(gridOfSteps(), { name: 'toy', features: ['prefilling'] });
  const comparison = compareEstimators(fit.times, { features: ['prefilling'] });
  const file = stepTimeFile(fit, comparison, { thresholdPercent: 0.1, listed: 3 });

  it('brings back the model to the last bit', () => {
    const back = readStepTimeFile(JSON.stringify(file));
    const query = { batchSize: 12, sequenceLength: 700, further: { prefilling: 1.5 } };
    expect(predictStepTime(back, query)).toEqual(predictStepTime(fit.model, query));
    expect(back).toMatchObject({ name: 'toy', features: ['prefilling'] });
  });

  it('holds the coefficients of its formula', () => {
    const { a, b, c, d, k_prefilling: k } = file.coefficients as Record<string, number>;
    const { stepTimeSec } = predictStepTime(fit.model, {
      batchSize: 3,
      sequenceLength: 90,
      further: { prefilling: 2 },
    });
    const byHand = (a as number) * 270 + (b as number) * 3 + (c as number) * 90 + (k as number) * 2 + (d as number);
    expect(stepTimeSec).toAgree(byHand / 1000, 1e-12);
    expect(file.formula).toBe(
      'step_ms = a*batch_size*sequence_length + b*batch_size + c*sequence_length + k_prefilling*prefilling + d',
    );
  });

  it('lists the worst points, and counts all', () => {
    const { count, points } = file.points_over_threshold;
    expect(points).toHaveLength(3);
    expect(count).toBeGreaterThan(3);
    expect(points[0]?.error_percent).toBeGreaterThanOrEqual(points[2]?.error_percent as number);
  });

  it('is refused when it is none', () => {
    const refused = (change: object) => () => readStepTimeFile(JSON.stringify({ ...file, ...change }));
    expect(refused({ features: ['x'] })).toThrow(
      'features: must be the model\'s own beyond batch_size and sequence_length; got "x"',
    );
    expect(refused({ model: { ...fit.model.linear.toJSON(), coefficients: [] } })).toThrow(
      'coefficients: must be one a term',
    );
    expect(refused({ model_name: 3 })).toThrow('model_name: must be a text; got 3');
  });
});

describe('prediction and evaluation', () => {
  it('flags steps outside the training range', () => {
    const { model } = fitStepTime(gridOfSteps());
    const inside = predictStepTime(model, { batchSize: 8, sequenceLength: 1000 });
    expect(inside.stepTimeSec).toAgree(0.0159, 1e-2);
    expect(inside.interval?.[0]).toBeLessThan(inside.stepTimeSec);
    expect(inside.extrapolated).toBe(false);
    const beyond = predictStepTime(model, { batchSize: 8, sequenceLength: 100_000 });
    expect(beyond).toMatchObject({ extrapolated: true, outside: ['sequence_length was 64 to 8192 in training'] });
    expect(() => predictStepTime(model, { batchSize: 0, sequenceLength: 1 })).toThrow(
      'batch_size: must be a number above 0; got 0',
    );
    expect(() => predictStepTime(model, { batchSize: 1, sequenceLength: Number.NaN })).toThrow('got NaN');
    const rich = fitStepTime(gridOfSteps(), { features: ['prefilling'] });
    expect(() => predictStepTime(rich.model, { batchSize: 1, sequenceLength: 1 })).toThrow(
      'prefilling: must be a number, since the model uses it',
    );
  });

  it('evaluates on other rows: metrics, coverage, misses', () => {
    const { model } = fitStepTime(gridOfSteps());
    const slower = gridOfSteps(0.02, (i, ms) => (i === 5 ? 2 * ms : ms));
    const evaluation = evaluateStepTime(model, slower, 20);
    expect(evaluation.missed.map((p) => p.row)).toEqual([5]);
    expect(evaluation.intervalCoverage).toBeGreaterThan(0.9);
    expect(evaluation.intervalCoverage).toBeLessThan(1);
    expect(evaluation.metrics.n).toBe(64);
    expect(() => pointsOverThreshold(Float64Array.of(1), Float64Array.of(1), Number.NaN)).toThrow(
      'threshold: must be at least 0 %',
    );
  });

  it('the same seed gives the same comparison; every estimator beats the mean on a clean surface', () => {
    const times = gridOfSteps();
    const comparison = compareEstimators(times, { seed: 3 });
    expect(compareEstimators(times, { seed: 3 })).toEqual(comparison);
    expect(comparison.scores.map((s) => s.name)).toEqual(['OLS', 'Huber', 'RANSAC', 'ridge', 'forest', 'boosting']);
    for (const score of comparison.scores) {
      expect('train' in score && score.train.r2).toBeGreaterThan(0.8);
    }
    expect(compareEstimators(times, { maxRows: 20 }).trainRows).toBe(16);
  });

  it('figures are finite columns', () => {
    const fit = fitStepTime(gridOfSteps());
    const { predictionAccuracy, errorByParameters, predictionBands, modelComparison } = stepTimeFigures(
      fit,
      compareEstimators(fit.times),
    );
    expect(predictionAccuracy.measuredMs).toHaveLength(64);
    expect(errorByParameters.map((e) => e.feature)).toEqual(['batch_size', 'sequence_length']);
    expect(predictionBands.bands.length).toBeLessThanOrEqual(4);
    for (const band of predictionBands.bands) {
      expect(band.lowMs.every((low, i) => low < band.highMs[i])).toBe(true);
      expect(band.measured.stepTimeMs.length).toBeGreaterThan(0);
    }
    expect(modelComparison).toHaveLength(12);
  });
});

describe('points that decide without standing out', () => {
  it('a far row that pulls the surface to itself is named, though its residual is small', () => {
    const grid = gridOfSteps();
    const times = stepTimesOf({
      batchSize: [...grid.batchSize, 1000],
      sequenceLength: [...grid.sequenceLength, 100_000],
      stepTimeSec: [...grid.stepTimeSec, 0.5],
    });
    const { influence } = fitStepTime(times);
    expect(influence.dominant).toEqual([]);
    expect(influence.pivotal.map(({ row }) => row)).toEqual([64]);
    expect(influence.coefficientsWithout as number[]).toAgree([4e-4, 0.05, 3e-4, 12], 0.02);
    expect(influenceInWords(influence, 65)).toMatch(/^1 of 65 points moves the coefficients beyond their errors/);
  });

  it('and one that a wild row hides, once that is set aside', () => {
    const grid = gridOfSteps(0.02, (i, ms) => (i === 20 ? ms + 3000 : ms));
    const { influence } = fitStepTime(
      stepTimesOf({
        batchSize: [...grid.batchSize, 1000],
        sequenceLength: [...grid.sequenceLength, 10_000],
        stepTimeSec: [...grid.stepTimeSec, 3],
      }),
    );
    expect(influence.dominant.map(({ row }) => row)).toEqual([20]);
    expect(influence.pivotal.map(({ row }) => row)).toEqual([64]);
    expect(influence.coefficientsWithout).toAgree([4e-4, 0.05, 3e-4, 12], 0.02);
    expect(influenceInWords(influence, 65)).toMatch(
      /^1 of 65 points carries \d\d\.\d % of .* squares and hides 1 more that moves the coefficients .*: r2 is 0\.\d+ with them, 1\.000 without them\.$/,
    );
  });

  it('an exact fit has none', () => {
    const { influence, warnings } = fitStepTime(gridOfSteps(0));
    expect(influenceInWords(influence, 64)).toBe(
      'The fit passes through all 64 points: they say nothing about its errors.',
    );
    expect(influence.largest).toEqual([]);
    expect(warnings.map((w) => w.code)).toEqual(['exact-fit']);
  });
});

describe('repeats of a setting', () => {
  const repeated = (repeats: number): StepTimes => {
    const settings = [1, 2, 4, 8, 16, 32].flatMap((batch) => [256, 1024].map((length) => [batch, length] as const));
    const rows = settings.flatMap((setting) => Array.from({ length: repeats }, () => setting));
    return stepTimesOf({
      batchSize: rows.map(([batch]) => batch),
      sequenceLength: rows.map(([, length]) => length),
      // Steps rise with the root of the batch: no formula of ours, and hardly any noise between repeats.
      stepTimeSec: rows.map(([batch, length], i) => 1e-3 * (5 + 3 * Math.sqrt(batch) + 1e-3 * length + 1e-3 * (i % 3))),
    });
  };

  it('are never on both sides of a fold', () => {
    const { settings, crossValidation, times } = fitStepTime(repeated(20));
    expect(settings).toBe(12);
    const heldOut = (fit: typeof crossValidation) =>
      Math.sqrt(
        (fit?.outOfFold ?? new Float64Array(0)).reduce(
          (sum, ms, i) => sum + (ms - 1000 * times.stepTimeSec[i]) ** 2,
          0,
        ) / times.length,
      );
    const once = fitStepTime(repeated(1)).crossValidation;
    // The same settings once or twenty times tell the same of settings that were not measured.
    expect(heldOut(crossValidation)).toBeGreaterThan(0.5 * heldOut(once));
  });

  it('are on one side of the comparison', () => {
    const { trainRows, testRows } = compareEstimators(repeated(20));
    expect([trainRows % 20, testRows % 20]).toEqual([0, 0]);
  });
});
