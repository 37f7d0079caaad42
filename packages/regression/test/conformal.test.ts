import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import {
  crossValidate,
  type Dataset,
  dataset,
  featuresOf,
  jackknifePlus,
  kFoldSplits,
  leastSquares,
  splitConformal,
} from '../src/index.js';
import { refusalOf } from './refusal.js';

const mean = (data: Dataset) => leastSquares(data, { terms: [] }).model;
/** `y = x`. */
const identity = leastSquares(dataset(featuresOf({ x: [-1, 1] }), Float64Array.of(-1, 1))).model;
const rows = (x: number[], y: number[]) => dataset(featuresOf({ x }), Float64Array.from(y));
const at = (...x: number[]) => featuresOf({ x });

describe('splitConformal', () => {
  it('reaches one order statistic of the residuals to either side', () => {
    // Residuals 3, 1, 2, 4; the 3rd smallest of 4 bounds a fifth at a level of 0.6 (5 x 0.6).
    const conformal = splitConformal(identity, rows([0, 10, -10, 5], [3, 9, -12, 9]), { level: 0.6 });
    expect(conformal).toMatchObject({ method: 'split', level: 0.6, score: 'absolute', calibrationRows: 4 });
    expect(conformal.radius).toAgree(3, 1e-14);
    const { mean: centre, low, high } = conformal.predict(at(-7, 20));
    expect(centre).toAgree([-7, 20], 1e-14);
    expect(low).toAgree([-10, 17], 1e-14);
    expect(high).toAgree([-4, 23], 1e-14);
  });

  it('relative scores are shares of the size of the prediction, whatever its sign', () => {
    // Shares 0.5, 0.25, 0.1.
    const conformal = splitConformal(identity, rows([-2, 4, 10], [-3, 3, 11]), { level: 0.5, score: 'relative' });
    expect(conformal).toMatchObject({ score: 'relative', calibrationRows: 3 });
    expect(conformal.radius).toAgree(0.25, 1e-14);
    const { low, high } = conformal.predict(at(-8));
    expect([...low, ...high]).toAgree([-10, -6], 1e-14);
  });

  it('asks for 0.9 unless told otherwise, and rounding costs no rank', () => {
    const upTo = (n: number) => {
      const y = Array.from({ length: n }, (_, i) => i + 1);
      return rows(
        y.map(() => 0),
        y,
      );
    };
    expect(splitConformal(identity, upTo(9))).toMatchObject({ level: 0.9, radius: 9 });
    // 100 x 0.07 is 7.000000000000001 in doubles, 0.9 / (1 - 0.9) is 9.000000000000002.
    expect(splitConformal(identity, upTo(99), { level: 0.07 }).radius).toBe(7);
    expect(refusalOf(() => splitConformal(identity, upTo(8)))).toMatchObject({
      code: 'regression/not-enough-rows',
      message: 'calibration: must have at least 9 rows for a level of 0.9; got 8',
      value: 8,
      expected: 'at least 9',
    });
  });

  it('refuses a level that is none and a relative score at a prediction of 0', () => {
    for (const level of [0, 1, Number.NaN]) {
      expect(refusalOf(() => splitConformal(identity, rows([1], [1]), { level }))).toMatchObject({
        code: 'regression/bad-option',
        message: `level: must lie between 0 and 1; got ${level}`,
        feature: 'level',
        value: level,
        expected: '0 < level < 1',
      });
    }
    expect(
      refusalOf(() => splitConformal(identity, rows([1, 0, 2], [1, 1, 1]), { level: 0.5, score: 'relative' })),
    ).toMatchObject({
      code: 'regression/bad-column',
      message: 'prediction: must not be 0 for a relative score; got 0 (row 1)',
      row: 1,
      value: 0,
    });
  });
});

describe('jackknifePlus', () => {
  const four = rows([0, 0, 0, 0], [0, 3, 6, 9]);

  it('is the one of the paper: order statistics of left-out prediction and residual together', () => {
    // Means without the row: 6, 5, 4, 3; residuals 6, 2, 2, 6. Lower ends 0, 3, 2, -3; upper ends 12, 7, 6, 9.
    const wide = jackknifePlus(four, mean, { level: 0.75, folds: 4 });
    expect(wide).toMatchObject({ method: 'jackknife+', level: 0.75, calibrationRows: 4 });
    const far = wide.predict(at(1, 2));
    expect(far.mean).toAgree([4.5, 4.5], 1e-14);
    expect(far.low).toAgree([-3, -3], 1e-14);
    expect(far.high).toAgree([12, 12], 1e-14);
    const near = jackknifePlus(four, mean, { level: 0.5, folds: 4 }).predict(at(0));
    expect([...near.low, ...near.high]).toAgree([0, 9], 1e-14, 1e-14);
  });

  it("takes folds of one's own, each row with the model that did not see it", () => {
    const splits = [
      { train: Uint32Array.of(0, 1), test: Uint32Array.of(2, 3) },
      { train: Uint32Array.of(2, 3), test: Uint32Array.of(0, 1) },
    ];
    // Means 1.5 and 7.5; residuals 7.5, 4.5, 4.5, 7.5. Lower ends 0, 3, -3, -6; upper ends 15, 12, 6, 9.
    const { low, high } = jackknifePlus(four, mean, { level: 0.75, splits }).predict(at(0));
    expect([...low, ...high]).toAgree([-6, 15], 1e-14);
    const missing = refusalOf(() => jackknifePlus(four, mean, { level: 0.75, splits: splits.slice(0, 1) }));
    expect(missing).toMatchObject({
      code: 'regression/bad-option',
      message: 'splits: must test every row; row 0 is never tested',
      feature: 'splits',
      row: 0,
    });
  });

  it('fits ten models and one of all rows, or as many as there are rows, at level 0.9 by seed 42', () => {
    const fits = (n: number): number => {
      let count = 0;
      const data = rows(
        Array.from({ length: n }, () => 0),
        Array.from({ length: n }, (_, i) => i),
      );
      jackknifePlus(data, (d) => {
        count++;
        return mean(d);
      });
      return count;
    };
    expect([fits(9), fits(30)]).toEqual([10, 11]);
    const data = rows(
      Array.from({ length: 30 }, (_, i) => i % 4),
      Array.from({ length: 30 }, (_, i) => i * i),
    );
    const ends = (options: object) => {
      const { low, high } = jackknifePlus(data, mean, options).predict(at(0));
      return [...low, ...high];
    };
    expect(ends({})).toEqual(ends({ level: 0.9, seed: 42, folds: 10 }));
    expect(ends({})).not.toEqual(ends({ seed: 43 }));
    expect(() => jackknifePlus(four, mean, { level: 1.5 })).toThrow('level: must lie between 0 and 1; got 1.5');
    expect(() => jackknifePlus(four, mean)).toThrow('must have at least 9 rows for a level of 0.9; got 4');
  });
});

describe('crossValidate', () => {
  it('scores each fold by the model of the others, and averages over the folds that have an r2', () => {
    // Means of the other folds: 5.5, 4.5, 3; the last fold is constant and has no r2.
    const data = rows([0, 0, 0, 0, 0, 0], [1, 3, 2, 6, 7, 7]);
    const { folds, outOfFold, meanR2, sdR2 } = crossValidate(data, mean, kFoldSplits(6, { folds: 3, shuffle: false }));
    expect(outOfFold).toAgree([5.5, 5.5, 4.5, 4.5, 3, 3], 1e-14);
    expect(folds.map(({ mae }) => mae)).toAgree([3.5, 2, 4], 1e-14);
    // 1 - (4.5^2 + 2.5^2) / 2 and 1 - (2.5^2 + 1.5^2) / 8.
    expect(folds.slice(0, 2).map(({ r2 }) => Number(r2))).toAgree([-12.25, -0.0625], 1e-13);
    expect(folds[2]?.r2).toBeNull();
    expect(Number(meanR2)).toAgree((-12.25 - 0.0625) / 2, 1e-13);
    expect(Number(sdR2)).toAgree((12.25 - 0.0625) / 2, 1e-13);
  });

  it('has no figure where no fold has one, and no prediction for a row that is never tested', () => {
    const single = { train: Uint32Array.of(0, 1), test: Uint32Array.of(2) };
    const got = crossValidate(rows([0, 0, 0, 0], [1, 2, 3, 4]), mean, [single]);
    expect(got).toMatchObject({ meanR2: null, sdR2: null });
    expect([...got.outOfFold]).toEqual([Number.NaN, Number.NaN, 1.5, Number.NaN]);
  });
});
