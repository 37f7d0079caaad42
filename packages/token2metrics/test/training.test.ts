import '@stepclock/vitest-matchers';
import { seededRandom } from '@stepclock/numerics';
import { describe, expect, it } from 'vitest';
import { foldingsOf } from '../src/model/foldings.js';
import { learningCurve } from '../src/model/learning-curve.js';
import { trainMetric } from '../src/model/train-metric.js';
import { type MetricRows, metricRows, outOfFold, takeMetricRows } from '../src/model/training-rows.js';
import { intervalOf, validate } from '../src/model/validation.js';
import { questionWeights } from '../src/regressors/question-weights.js';
import { tokensOf } from '../src/regressors/tokens.js';
import { countSettings, foldsOf, settingsOf } from '../src/table/settings.js';
import { tableOf } from './tables.js';
import { thrownBy } from './thrown.js';

const NaN_ = Number.NaN;
const plain = ({ rows, setting, tokens, target, durationSec }: MetricRows) => ({
  rows: [...rows],
  setting: [...setting],
  tokens: tokens.columns.map((column) => [...column]),
  target: [...target],
  durationSec: durationSec && [...durationSec],
});

describe('metricRows', () => {
  const table = tableOf({
    input: [10, 20, 30, 40, 50],
    output: [5, 1, 0, 8, 9],
    ttft: [0.1, 0.2, 0.3, NaN_, 0.5],
    decode: [4, 0, 2, 7, 8],
    energy: [11, 12, 13, 14, 15],
  });

  it('learns a prefill from the prompt alone, of the rows that have one', () => {
    expect(plain(metricRows(table, 'ttft'))).toEqual({
      rows: [0, 1, 2, 4],
      setting: [0, 1, 2, 3],
      tokens: [[10, 20, 30, 50]],
      target: [0.1, 0.2, 0.3, 0.5],
      durationSec: undefined,
    });
  });

  it('learns the rest from both counts; what generated nothing, or took no time, is left out', () => {
    expect(plain(metricRows(table, 'decode'))).toEqual({
      rows: [0, 3, 4],
      setting: [0, 1, 2],
      tokens: [
        [10, 40, 50],
        [5, 8, 9],
      ],
      target: [4, 7, 8],
      durationSec: undefined,
    });
    expect(metricRows(table, 'power').rows).toHaveLength(0);
    expect(metricRows(table, 'power').target).toHaveLength(0);
  });

  it('knows how long metered runs were, where all of them say', () => {
    // 0.1 + 4, 0.2 + 0, NaN, 0.5 + 8: one run of unknown length, so none is used; the third generated nothing.
    expect(plain(metricRows(table, 'energy'))).toMatchObject({ rows: [0, 1, 3, 4], durationSec: undefined });
    const known = { input: [1, 2, 3, 4], output: [1, 2, 3, 4], total: [5, 0, 7, 8], power: [9, 9, 9, 9] };
    expect(plain(metricRows(tableOf(known), 'power'))).toMatchObject({ rows: [0, 2, 3], durationSec: [5, 7, 8] });
    expect(metricRows(tableOf(known), 'total').durationSec).toBeUndefined();
    expect(plain(metricRows(tableOf({ input: [1, 2], energy: [3, 4], ttft: [5, 6] }), 'energy'))).toEqual({
      rows: [0, 1],
      setting: [0, 1],
      tokens: [[1, 2]],
      target: [3, 4],
      durationSec: [5, 6],
    });
  });

  it('takes some of its rows, in the order asked for', () => {
    const rows = metricRows(
      tableOf({ input: [1, 2, 3], output: [4, 5, 6], total: [7, 8, 9], power: [3, 2, 1] }),
      'power',
    );
    const taken = takeMetricRows({ ...rows, setting: Int32Array.of(5, 6, 7) }, Int32Array.of(2, 0));
    expect(taken.metric).toBe('power');
    expect(plain(taken)).toEqual({
      rows: [2, 0],
      setting: [7, 5],
      tokens: [
        [3, 1],
        [6, 4],
      ],
      target: [1, 3],
      durationSec: [9, 7],
    });
    const { durationSec: _, ...timeless } = rows;
    expect(takeMetricRows(timeless, Int32Array.of(1))).not.toHaveProperty('durationSec');
  });
});

/** Rows that only their values and settings tell apart: what physics says of them is sum (1/y) / sum (1/y^2). */
const alike = (target: readonly number[], setting: readonly number[] = target.map((_, k) => k)): MetricRows => ({
  metric: 'total',
  rows: Int32Array.from(target.keys()),
  setting: Int32Array.from(setting),
  run: new Int32Array(target.length),
  tokens: tokensOf(
    target.map(() => 100),
    target.map(() => 10),
  ),
  target: Float64Array.from(target),
});
const middle = (values: readonly number[]) =>
  values.reduce((sum, y) => sum + 1 / y, 0) / values.reduce((sum, y) => sum + 1 / (y * y), 0);

describe('settings', () => {
  it('are the token counts, numbered whatever the order of the rows', () => {
    expect([...settingsOf(tokensOf([5, 9, 5, 5], [1, 1, 2, 1]))]).toEqual([0, 2, 1, 0]);
    expect([...settingsOf(tokensOf([5, 5, 9, 5], [1, 2, 1, 1]))]).toEqual([0, 1, 2, 0]);
    expect([...settingsOf(tokensOf([5, 9, 5]), Int32Array.of(4, 4, 2))]).toEqual([1, 1, 0]);
  });

  it('are never on both sides of a fold, and each is held out once', () => {
    const random = seededRandom(1, 'folds');
    const setting = Int32Array.from({ length: 200 }, () => Math.floor(30 * random()));
    const folds = foldsOf(setting);
    expect(new Set(folds)).toEqual(new Set([0, 1, 2, 3, 4]));
    for (const number of new Set(setting)) {
      expect(new Set([...folds].filter((_, k) => setting[k] === number)).size).toBe(1);
    }
    expect(foldsOf(setting, 1)).not.toEqual(folds);
    expect(foldsOf(setting, 0)).toEqual(folds);
  });

  it('fewer than five are left out one by one', () => {
    expect(new Set(foldsOf(Int32Array.of(0, 0, 1, 1, 2, 2))).size).toBe(3);
    expect([...foldsOf(Int32Array.of(7, 7))]).toEqual([0, 0]);
  });
});

describe('outOfFold', () => {
  it('predicts every row from those of the settings of other folds', () => {
    const [target, setting] = [
      [1, 2, 3, 4, 5, 6, 7],
      [0, 0, 1, 2, 3, 4, 5],
    ];
    const folds = foldsOf(Int32Array.from(setting));
    expect(outOfFold(alike(target, setting), 'physics', {})).toAgree(
      target.map((_, k) => middle(target.filter((__, other) => folds[other] !== folds[k]))),
      1e-12,
    );
  });
});

describe('validate', () => {
  const target = Float64Array.of(10, 20, 40);
  const predicted = Float64Array.of(11, 20, 30);
  const setting = Int32Array.of(0, 1, 2);

  it('has the errors, how they came about, and an interval', () => {
    const { scheme, settings, metrics, mapePercent, interval } = validate(
      { target, predicted, setting },
      'by hand',
      0.5,
    );
    expect([scheme, settings]).toEqual(['by hand', 3]);
    expect(metrics.mae).toAgree(11 / 3, 1e-15);
    expect(mapePercent).toAgree((10 + 0 + 25) / 3, 1e-14);
    // Relative to the prediction: 1/11, 0, 1/3; the second of three at (3 + 1) / 2.
    expect(interval).toEqual({ level: 0.5, relativeRadius: 1 / 11 });
  });

  it('takes the ceil((n + 1) level)-th smallest error, whatever the rounding of the product', () => {
    const ones = new Float64Array(99).fill(1);
    // In binary 100 x 0.07 is 7.000000000000001.
    const falling = Float64Array.from({ length: 99 }, (_, k) => 1 + (99 - k) / 128);
    const rows = { target: falling, predicted: ones, setting: Int32Array.from({ length: 99 }, (_, k) => k) };
    for (const [level, rank] of [
      [0.07, 7],
      [0.071, 8],
      [0.99, 99],
    ] as const) {
      expect(intervalOf(rows, level)?.relativeRadius).toBe(rank / 128);
    }
  });

  it('asks as much of repeats as of the settings that they repeat', () => {
    // Ten settings off by 1 to 10 %, each five times: 90 % of eleven is the tenth, where 90 % of 51 rows would be the ninth.
    const rows = {
      target: Float64Array.from({ length: 50 }, (_, k) => 1 + (Math.floor(k / 5) + 1) / 100),
      predicted: new Float64Array(50).fill(1),
      setting: Int32Array.from({ length: 50 }, (_, k) => Math.floor(k / 5)),
    };
    expect(intervalOf(rows, 0.9)?.relativeRadius).toAgree(0.1, 1e-12);
    expect(intervalOf({ ...rows, setting: Int32Array.from({ length: 50 }, (_, k) => k) }, 0.9)?.relativeRadius).toAgree(
      0.1,
      1e-12,
    );
    expect(intervalOf(rows, 0.8)?.relativeRadius).toAgree(0.09, 1e-12);
  });

  it('takes the errors of few settings as normal, with t for what few do not tell; one setting says nothing', () => {
    // t(2 df) at 90 % is 2.9199855803537.
    const mean = Math.sqrt(((1 / 11) ** 2 + (1 / 3) ** 2) / 3);
    expect(intervalOf({ target, predicted, setting }, 0.9)?.relativeRadius).toAgree(2.9199855803537 * mean, 1e-9);
    // Repeats that hardly differ count once: the radius is not the largest of the three settings' errors.
    const repeated = (column: Float64Array) => Float64Array.from({ length: 15 }, (_, k) => column[Math.floor(k / 5)]);
    const rows = {
      target: repeated(target).map((y, k) => y * (1 + k / 1e5)),
      predicted: repeated(predicted),
      setting: Int32Array.from({ length: 15 }, (_, k) => Math.floor(k / 5)),
    };
    expect(intervalOf(rows, 0.9)?.relativeRadius).toAgree(2.92 * mean, 1e-2);
    expect(intervalOf({ target, predicted, setting: Int32Array.of(1, 1, 1) }, 0.9)).toBeUndefined();
    expect(intervalOf({ target, predicted: Float64Array.of(11, 0, 30), setting }, 0.9)).toBeUndefined();
  });
});

describe('intervals of weighted and clustered rows', () => {
  /** Ten settings of a hundred rows, off by 0.1 % to 10 %; where `alike`, all rows of a setting by the same. */
  const clustered = (alike: boolean) => ({
    predicted: new Float64Array(1000).fill(1),
    target: Float64Array.from({ length: 1000 }, (_, k) => 1 + ((alike ? 100 * (k % 10) + 99 : k) + 1) / 10_000),
    setting: Int32Array.from({ length: 1000 }, (_, k) => k % 10),
  });

  it('asks for the margin of the settings where their rows are alike, and of the rows where they are not', () => {
    // 90 % of eleven settings is the tenth; of 1,001 rows it is row 901.
    expect(intervalOf(clustered(true), 0.9)?.relativeRadius).toAgree(0.1, 1e-12);
    expect(intervalOf(clustered(false), 0.9)?.relativeRadius).toAgree(0.0901, 1e-9);
  });

  it('counts each row by its weight', () => {
    const rows = {
      predicted: new Float64Array(40).fill(1),
      target: Float64Array.from({ length: 40 }, (_, k) => 1 + (k + 1) / 1000),
      setting: Int32Array.from({ length: 40 }, (_, k) => k),
    };
    const even = intervalOf({ ...rows, weight: new Float64Array(40).fill(0.7) }, 0.9);
    expect(even).toEqual(intervalOf(rows, 0.9));
    // The upper half counts a third: 90 % of 26.67 (and the margin of 32 even rows, 0.928) is reached at row 20 + 3 x 4.76.
    const weight = Float64Array.from({ length: 40 }, (_, k) => (k < 20 ? 1 : 1 / 3));
    expect(intervalOf({ ...rows, weight }, 0.9)?.relativeRadius).toAgree(0.035, 1e-9);
    expect(validate({ ...rows, weight }, 'x', 0.9).mapePercent).toAgree(
      (100 * Array.from(weight, (w, k) => (w * (k + 1)) / 1000 / (1 + (k + 1) / 1000)).reduce((a, b) => a + b)) /
        (20 + 20 / 3),
      1e-12,
    );
  });

  it('weighs a setting that the others do not surround less', () => {
    const [input, output] = [
      [100, 110, 120, 130, 140, 4000],
      [50, 52, 54, 56, 58, 60],
    ];
    const tokens = tokensOf(input, output);
    const target = Float64Array.from(input, (tokensIn, k) => 0.1 + 1e-3 * tokensIn + 0.01 * (output[k] ?? 0));
    const weight = questionWeights(tokens, target, Int32Array.of(0, 1, 2, 3, 4, 5), 1) ?? new Float64Array(0);
    expect(weight[5]).toBeLessThan(0.2);
    expect(weight[2]).toBeGreaterThan(0.7);
    const many = Float64Array.from({ length: 300 }, (_, k) => 100 + 10 * k);
    const even = questionWeights(
      tokensOf(many),
      many.map((x) => 0.1 + 1e-3 * x),
      Int32Array.from(many.keys()),
      1,
    );
    expect(Math.min(...(even ?? []))).toBeGreaterThan(0.98);
  });
});

describe('learningCurve', () => {
  const sizesOf = (n: number) =>
    learningCurve(alike(Array.from({ length: n }, (_, k) => 1 + (k % 7))), 'physics').map(({ rows }) => rows);

  it('doubles the rows, up to what four folds of five leave', () => {
    expect(sizesOf(12)).toEqual([9]);
    expect(sizesOf(25)).toEqual([10, 20]);
    expect(sizesOf(70)).toEqual([10, 20, 40, 56]);
  });

  it('ends with the median error of the folds, each against all the others', () => {
    const random = seededRandom(2, 'curve');
    const target = Array.from({ length: 30 }, () => 1 + random());
    const folds = foldsOf(Int32Array.from(target.keys()));
    const errors = [0, 1, 2, 3, 4].map((fold) => {
      const usual = middle(target.filter((_, k) => folds[k] !== fold));
      const held = target.filter((_, k) => folds[k] === fold);
      return (100 * held.reduce((sum, y) => sum + Math.abs(usual - y) / y, 0)) / held.length;
    });
    errors.sort((a, b) => a - b);
    const curve = learningCurve(alike(target), 'physics');
    expect(curve.at(-1)).toMatchObject({ rows: 24 });
    expect(curve.at(-1)?.mapePercent).toAgree(errors[2] ?? 0, 1e-12);
    expect(learningCurve(alike(target), 'physics', { seed: 1 })[0]).not.toEqual(curve[0]);
    expect(learningCurve(alike(target), 'physics', { seed: 0 })).toEqual(curve);
  });

  it('passes over regressors that cannot be fitted, and passes on what is a fault of ours', () => {
    expect(learningCurve(alike([1, 2, 3]), 'linear')).toEqual([]);
    expect(learningCurve(alike([1, 2, 3], [0, 0, 0]), 'physics')).toEqual([]);
    expect(() => learningCurve(alike([1, 2, 3]), 'physics', { seed: 0.5 })).toThrow(RangeError);
  });
});

describe('trainMetric', () => {
  const random = seededRandom(4, 'train-metric');
  const draw = (low: number, high: number) => Math.floor(low + (high - low) * random());
  const input = Float64Array.from({ length: 40 }, () => draw(5, 900));
  const output = Float64Array.from({ length: 40 }, () => draw(2, 60));
  const noise = input.map(() => random() - 0.5);
  const rowsWith = (target: Float64Array): MetricRows => ({
    ...alike([...target]),
    tokens: tokensOf(input.slice(0, target.length), output.slice(0, target.length)),
  });
  const of = (f: (i: number, o: number, e: number) => number) =>
    rowsWith(input.map((i, k) => f(i, output[k] ?? 0, noise[k] ?? 0)));
  const smooth = of((i, o, e) => (1 + i / 100 + o) * (1 + 0.02 * e));

  it('needs five rows', () => {
    expect(thrownBy(() => trainMetric(alike([1, 2, 3, 4]), { regression: 'auto', level: 0.9 }))).toEqual({
      message:
        'total: must be measured in at least 5 rows; got 4 (total): with fewer, calibrate a model of another device',
      code: 'token2metrics/not-enough-rows',
    });
    const five = trainMetric(alike([1, 2, 3, 4, 5]), { regression: 'physics', level: 0.9 });
    expect(five.model.predictor?.predict(tokensOf([100], [10]))).toAgree([middle([1, 2, 3, 4, 5])], 1e-12);
  });

  it('fits what it is told, judged by rows held out', () => {
    const { model, outOfFold: held } = trainMetric(smooth, { regression: 'linear', level: 0.8 });
    expect(held).toEqual(outOfFold(smooth, 'linear', {}));
    expect(model).toMatchObject({
      metric: 'total',
      method: 'linear',
      predictor: { form: 'regression' },
      fallback: { predictor: { form: 'physics' }, interval: { level: 0.8 } },
      alternatives: [],
      candidates: [],
      range: { rows: 40 },
    });
    const settings = countSettings(smooth.setting);
    expect(model.validation).toEqual(
      validate(
        {
          ...smooth,
          predicted: held ?? new Float64Array(0),
          weight: questionWeights(smooth.tokens, smooth.target, smooth.setting, 128) ?? new Float64Array(0),
        },
        `5 folds of ${settings} settings`,
        0.8,
      ),
    );
    const { validation } = trainMetric(smooth, { regression: 'physics', level: 0.8 }).model;
    expect(model.fallback?.interval).toEqual(validation?.interval);
    const physics = trainMetric(smooth, { regression: 'physics', level: 0.8 }).model;
    expect(physics).not.toHaveProperty('fallback');
    expect(physics.method).toBe('physics');
  });

  const choiceOf = (rows: MetricRows, padding: number) => {
    const { model, outOfFold: held } = trainMetric(rows, { regression: 'auto', level: 0.9, trees: 3, padding });
    const [first] = model.candidates;
    const physics = model.candidates.find(({ regressor }) => regressor === 'physics');
    return {
      method: model.method,
      best: first?.regressor,
      ratio: (first?.mapePercent ?? 0) / (physics?.mapePercent ?? 0),
      isHeldBy: (name: 'polynomial' | 'physics') =>
        (held ?? new Float64Array(0)).every((v, k) => v === outOfFold(rows, name, { padding })[k]),
    };
  };

  it('keeps physics where nothing is better by a twentieth, and gives it up where something is', () => {
    // A plane, so that what physics loses is the rounding of prompts up to tiles: the larger these, the more, by and large.
    const [near, far] = [choiceOf(smooth, 32), choiceOf(smooth, 24)];
    expect(near.best).toBe('polynomial');
    expect(near.ratio).toBeGreaterThan(0.95);
    expect(near.ratio).toBeLessThan(1);
    expect(near.method).toBe('physics');
    expect(near.isHeldBy('physics')).toBe(true);
    expect(far.best).toBe('polynomial');
    expect(far.ratio).toBeLessThan(0.95);
    expect(far.ratio).toBeGreaterThan(0.8);
    expect(far.method).toBe('polynomial');
    expect(far.isHeldBy('polynomial')).toBe(true);
  });

  it('lists every regressor, best first, those that cannot be fitted last', () => {
    const { model } = trainMetric(smooth, { regression: 'all', level: 0.9, trees: 3, degree: 0 });
    expect(model.candidates).toHaveLength(5);
    const errors = model.candidates.slice(0, 4).map(({ mapePercent }) => mapePercent ?? Number.NaN);
    expect(errors).toEqual([...errors].sort((a, b) => a - b));
    expect(model.candidates[4]).toEqual({
      regressor: 'polynomial',
      mapePercent: null,
      reason: 'degree: must be a whole number from 1 to 100; got 0',
    });
    expect(model.alternatives.map(({ regressor }) => regressor)).toEqual(
      model.candidates.slice(0, 4).map(({ regressor }) => regressor),
    );
    for (const { regressor, predictor } of model.alternatives) {
      expect(predictor === model.predictor).toBe(regressor === model.method);
      expect(predictor.form).toBe(regressor === 'physics' ? 'physics' : 'regression');
    }
    expect(thrownBy(() => trainMetric(smooth, { regression: 'polynomial', level: 0.9, degree: 0 })).message).toContain(
      'degree: must be a whole number from 1 to 100; got 0',
    );
  });

  it('judges nothing by a single setting, and says how many there were', () => {
    const { model, outOfFold: held } = trainMetric(alike([1, 2, 3, 4, 5], [7, 7, 7, 7, 7]), {
      regression: 'auto',
      level: 0.9,
    });
    expect(held).toBeUndefined();
    expect(model).toMatchObject({ method: 'physics', candidates: [] });
    expect(model).not.toHaveProperty('validation');
    const three = trainMetric(alike([1, 2, 3, 4, 5], [0, 0, 1, 2, 2]), { regression: 'physics', level: 0.9 }).model;
    expect(three.validation).toMatchObject({ scheme: 'one of 3 settings left out', settings: 3 });
  });

  it('is not fooled by repeats: the error is that of settings left out', () => {
    // Every setting has an error of its own of 10 %, its repeats differ by 0.1 %.
    const random = seededRandom(9, 'repeats');
    const settings = Array.from({ length: 12 }, () => ({
      input: draw(50, 900),
      output: draw(5, 60),
      off: 0.2 * (random() - 0.5),
    }));
    const rows = settings.flatMap((setting) => new Array(5).fill(setting));
    const tokens = tokensOf(
      rows.map(({ input }) => input),
      rows.map(({ output }) => output),
    );
    const target = Float64Array.from(
      rows,
      ({ input, output, off }) => (0.1 + input / 1e4 + output / 10) * (1 + off + 0.001 * (random() - 0.5)),
    );
    const table = { ...alike([...target], [...settingsOf(tokens)]), tokens };
    for (const regression of ['physics', 'random-forest', 'auto'] as const) {
      const { model } = trainMetric(table, { regression, level: 0.9, trees: 10 });
      expect(model.validation?.settings).toBe(12);
      expect(model.validation?.mapePercent).toBeGreaterThan(2.5);
    }
  });

  it('is not fooled by a grid: a tree knows every answer length by heart, and claims the error on lengths left out', () => {
    // Every answer length has an error of its own of 10 %: six prompts stand beside each.
    const random = seededRandom(3, 'grid');
    const inputs = [100, 200, 300, 400, 500, 600];
    const points = Array.from({ length: 9 }, (_, k) => ({ length: 8 * (k + 1), off: 0.2 * (random() - 0.5) })).flatMap(
      ({ length, off }) => inputs.map((prompt) => ({ prompt, length, off })),
    );
    const tokens = tokensOf(
      points.map(({ prompt }) => prompt),
      points.map(({ length }) => length),
    );
    const target = points.map(({ prompt, length, off }) => (1 + length / 40 + prompt / 1e5) * (1 + off));
    const rows = { ...alike(target, [...settingsOf(tokens)]), tokens };
    expect(foldingsOf(rows, 0).map(({ scheme }) => scheme)).toEqual([
      '5 folds of 6 levels of input_tokens',
      '5 folds of 9 levels of output_tokens',
    ]);
    const { validation } = trainMetric(rows, { regression: 'random-forest', level: 0.9, trees: 20 }).model;
    expect(validation).toMatchObject({ scheme: '5 folds of 9 levels of output_tokens', settings: 54 });
    expect(validation?.mapePercent).toBeGreaterThan(5);
    const forest = outOfFold(rows, 'random-forest', { trees: 20 });
    const bySetting = forest.reduce((sum, p, k) => sum + Math.abs(p / rows.target[k] - 1) / forest.length, 0);
    expect(bySetting).toBeLessThan(0.02);
  });

  it('leaves out whole runs, where these are of several settings, and claims the error of a run of its own', () => {
    const runs = Int32Array.from(smooth.target.keys(), (k) => k % 6);
    const target = smooth.target.map((y, k) => y * (1 + 0.05 * (runs[k] - 2.5)));
    const { validation } = trainMetric({ ...smooth, target, run: runs }, { regression: 'linear', level: 0.9 }).model;
    expect(validation).toMatchObject({ scheme: '5 folds of 6 runs', settings: 40 });
    // Runs are off by 2.5, 7.5 and 12.5 % to either side, each predicted by the others.
    expect(validation?.mapePercent).toBeGreaterThan(7.5);
    expect(validation?.interval?.relativeRadius).toBeGreaterThan(0.125);
  });

  it('says why nothing could be fitted', () => {
    const { code, message } = thrownBy(() =>
      trainMetric(
        of(() => Number.NaN),
        { regression: 'auto', level: 0.9 },
      ),
    );
    expect(code).toBe('token2metrics/not-enough-rows');
    expect(message).toMatch(
      /^total: must have rows that a regressor can be fitted to: .*must be a finite number; got NaN/,
    );
  });
});
