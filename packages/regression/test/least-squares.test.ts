import '@stepclock/vitest-matchers';
import { seededRandom } from '@stepclock/numerics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Dataset,
  dataset,
  featuresOf,
  influenceOf,
  type LeastSquaresFit,
  leastSquares,
  predictWithIntervals,
  rankDeficiencyOf,
  takeDatasetRows,
  term,
} from '../src/index.js';

/** Normal numbers by Box and Muller. */
const normals = (n: number, seed: number, stream: string): Float64Array => {
  const random = seededRandom(seed, stream);
  return Float64Array.from(
    { length: n },
    () => Math.sqrt(-2 * Math.log1p(-random())) * Math.cos(2 * Math.PI * random()),
  );
};

/** `y = 3 + 2 a - b + noise` on seeded rows. */
const sample = (n: number, seed: number, noise = 1): Dataset => {
  const a = normals(n, seed, 'a');
  const b = normals(n, seed, 'b').map((v, i) => v + 0.5 * a[i]);
  const e = normals(n, seed, 'e');
  const y = a.map((v, i) => 3 + 2 * v - b[i] + noise * e[i]);
  return dataset(featuresOf({ a, b }), y);
};

const estimates = (fit: LeastSquaresFit): number[] => fit.coefficients.map((c) => c.estimate);
const errors = (fit: LeastSquaresFit): number[] => fit.coefficients.map((c) => c.standardError as number);
const robustErrors = (fit: LeastSquaresFit): number[] => fit.coefficients.map((c) => c.hc3.standardError as number);
const seeds = fc.integer({ min: 0, max: 1e6 });
const scales = fc.double({ min: -8, max: 8, noNaN: true }).map((x) => 10 ** x);

describe('laws of least squares', () => {
  it('scaling a column by c divides its coefficient and error by c, and leaves t, F and predictions alone', () => {
    fc.assert(
      fc.property(seeds, scales, (seed, c) => {
        const data = sample(25, seed);
        const [a, b] = data.features.columns as [Float64Array, Float64Array];
        const scaled = leastSquares(dataset(featuresOf({ a: a.map((v) => c * v), b }), data.target));
        const plain = leastSquares(data);
        expect(estimates(scaled)).toAgree([estimates(plain)[0] / c, ...estimates(plain).slice(1)], 1e-9, 1e-12);
        expect(errors(scaled)).toAgree([errors(plain)[0] / c, ...errors(plain).slice(1)], 1e-9);
        expect(scaled.statistics.fStatistic as number).toAgree(plain.statistics.fStatistic as number, 1e-9);
        expect(scaled.fitted).toAgree(plain.fitted, 1e-9, 1e-12);
      }),
    );
  });

  it('shifting a column moves the intercept only; shifting and scaling the target moves everything alike', () => {
    fc.assert(
      fc.property(seeds, fc.double({ min: -1e6, max: 1e6, noNaN: true }), scales, (seed, shift, c) => {
        const data = sample(25, seed);
        const [a, b] = data.features.columns as [Float64Array, Float64Array];
        const plain = leastSquares(data);
        const moved = leastSquares(
          dataset(
            featuresOf({ a: a.map((v) => v + shift), b }),
            data.target.map((y) => c * (y + shift)),
          ),
        );
        const [ea, eb] = estimates(plain) as [number, number];
        // The columns themselves are rounded to 1e-10 of a unit at a shift of 1e6.
        expect(estimates(moved).slice(0, 2)).toAgree([c * ea, c * eb], 1e-7, c * 1e-8);
        expect(errors(moved).slice(0, 2)).toAgree([c * errors(plain)[0], c * errors(plain)[1]], 1e-7);
      }),
    );
  });

  it('permuting rows changes nothing beyond rounding', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const data = sample(30, seed);
        const order = Array.from({ length: 30 }, (_, i) => (7 * i + seed) % 30);
        const permuted = leastSquares(takeDatasetRows(data, order));
        expect(estimates(permuted)).toAgree(estimates(leastSquares(data)), 1e-11, 1e-12);
        expect(robustErrors(permuted)).toAgree(robustErrors(leastSquares(data)), 1e-10);
      }),
    );
  });

  it('frequency weights give every figure of the repeated rows', () => {
    fc.assert(
      fc.property(seeds, fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 20, maxLength: 20 }), (seed, counts) => {
        fc.pre(counts.filter((c) => c > 0).length > 5);
        const data = sample(20, seed);
        const rows = counts.flatMap((count, i) => Array.from({ length: count }, () => i));
        const repeated = leastSquares(takeDatasetRows(data, rows));
        const weighted = leastSquares(dataset(data.features, data.target, Float64Array.from(counts)), {
          weightKind: 'frequency',
        });
        expect(estimates(weighted)).toAgree(estimates(repeated), 1e-10, 1e-11);
        expect(errors(weighted)).toAgree(errors(repeated), 1e-10);
        expect(robustErrors(weighted)).toAgree(robustErrors(repeated), 1e-9);
        const { rss, r2, aic, fStatistic, n } = weighted.statistics;
        const want = repeated.statistics;
        expect([rss, r2 as number, aic as number, fStatistic as number, n]).toAgree(
          [want.rss, want.r2 as number, want.aic as number, want.fStatistic as number, want.n],
          1e-9,
        );
      }),
    );
  });

  it('precision weights: only their ratios matter, and a row of weight 0 is as good as absent', () => {
    const data = sample(30, 5);
    const w = Float64Array.from({ length: 30 }, (_, i) => (i < 4 ? 0 : 1 + (i % 3)));
    const weighted = leastSquares(dataset(data.features, data.target, w));
    const scaled = leastSquares(
      dataset(
        data.features,
        data.target,
        w.map((v) => 1e-6 * v),
      ),
    );
    const rest = Array.from({ length: 26 }, (_, i) => i + 4);
    const without = leastSquares(takeDatasetRows(dataset(data.features, data.target, w), rest));
    for (const other of [scaled, without]) {
      expect(estimates(other)).toAgree(estimates(weighted), 1e-10);
      expect(errors(other)).toAgree(errors(weighted), 1e-10);
      expect(robustErrors(other)).toAgree(robustErrors(weighted), 1e-10);
      expect(other.statistics.fStatistic as number).toAgree(weighted.statistics.fStatistic as number, 1e-10);
    }
    expect(weighted.statistics.df).toBe(23);
  });

  it('noise-free data recovers its coefficients, and says that its errors are rounding', () => {
    const fit = leastSquares(sample(50, 3, 0));
    expect(estimates(fit)).toAgree([2, -1, 3], 1e-12);
    expect(fit.warnings.map((w) => w.code)).toContain('exact-fit');
  });

  it('leverages lie between 0 and 1 and add up to the number of coefficients; residuals are orthogonal to the fit', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const fit = leastSquares(sample(15, seed));
        expect(Math.min(...fit.leverage)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...fit.leverage)).toBeLessThanOrEqual(1);
        expect(fit.leverage.reduce((s, h) => s + h, 0)).toAgree(3, 1e-10);
        expect(fit.residuals.reduce((s, r, i) => s + r * fit.fitted[i], 0)).toAgree(0, 0, 1e-9);
      }),
    );
  });

  it('Cook, studentised residuals and leverage are those of fits without the row', () => {
    const data = sample(12, 9);
    const fit = leastSquares(data);
    const { cooksDistance, studentised } = influenceOf(fit);
    const sigma2 = (fit.statistics.sigma as number) ** 2;
    for (let row = 0; row < 12; row++) {
      const rest = Array.from({ length: 12 }, (_, i) => i).filter((i) => i !== row);
      const without = leastSquares(takeDatasetRows(data, rest));
      const shifted = without.model.predict(data.features).map((v, i) => v - fit.fitted[i]);
      expect(cooksDistance[row]).toAgree(shifted.reduce((s, v) => s + v * v, 0) / (3 * sigma2), 1e-9);
      const scale = (without.statistics.sigma as number) * Math.sqrt(1 - fit.leverage[row]);
      expect(studentised[row]).toAgree(fit.residuals[row] / scale, 1e-9);
    }
  });
});

describe('intervals', () => {
  it('prediction and coefficient intervals cover 95 +- 2 % of 3,000 simulated cases', () => {
    let inside = 0;
    let slope = 0;
    let robust = 0;
    const cases = 3000;
    for (let seed = 0; seed < cases; seed++) {
      const data = sample(13, seed, 0.7);
      const fit = leastSquares(
        takeDatasetRows(
          data,
          Array.from({ length: 12 }, (_, i) => i),
        ),
      );
      const held = takeDatasetRows(data, [12]);
      const { low, high } = predictWithIntervals(fit.model, held.features);
      const y = held.target[0];
      if (low[0] <= y && y <= high[0]) inside++;
      const [from, to] = fit.coefficients[0]?.interval ?? [0, 0];
      if (from <= 2 && 2 <= to) slope++;
      const [robustFrom, robustTo] = fit.coefficients[0]?.hc3.interval ?? [0, 0];
      if (robustFrom <= 2 && 2 <= robustTo) robust++;
    }
    expect(inside / cases).toAgree(0.95, 0, 0.02);
    expect(slope / cases).toAgree(0.95, 0, 0.02);
    // HC3 errs to the safe side on a dozen rows.
    expect(robust / cases).toBeGreaterThan(0.93);
  });

  it('a new row of weight w has noise sigma / sqrt(w)', () => {
    const fit = leastSquares(sample(40, 1));
    const at = featuresOf({ a: [0.3, 0.3], b: [1, 1] });
    const { low, high, meanStandardError } = predictWithIntervals(fit.model, at, { weights: Float64Array.of(1, 4) });
    const half = high.map((v, i) => (v - low[i]) / 2);
    const sigma = fit.statistics.sigma as number;
    const se = meanStandardError[0];
    expect(half[1]).toAgree((half[0] * Math.hypot(se, sigma / 2)) / Math.hypot(se, sigma), 1e-12);
  });
});

describe('rank', () => {
  it('collinear terms are named, with the dependency', () => {
    // Either the batch is 1 or the sequence is 576: batch x sequence is then a sum of the others.
    const batch = [1, 1, 1, 2, 4, 8, 16];
    const sequence = [192, 320, 576, 576, 576, 576, 576];
    const data = dataset(featuresOf({ batch, sequence }), Float64Array.from(batch));
    const terms = [term({ batch: 1, sequence: 1 }), term({ batch: 1 }), term({ sequence: 1 })];
    const error = (() => {
      try {
        leastSquares(data, { terms });
      } catch (caught) {
        return caught;
      }
      return undefined;
    })();
    expect(error).toMatchObject({ code: 'regression/rank-deficient', value: 3 });
    const deficiency = rankDeficiencyOf(error);
    expect(deficiency).toMatchObject({ rank: 3, columns: 4 });
    expect([...(deficiency?.terms ?? [])].sort()).toEqual(['(intercept)', 'batch', 'batch*sequence', 'sequence']);
    expect(rankDeficiencyOf(new Error('another'))).toBeUndefined();
  });

  it('names a constant column, a zero column and a twice given one', () => {
    const y = Float64Array.of(1, 2, 4, 3, 5);
    const x = [1, 2, 3, 4, 6];
    const fitting =
      (columns: Record<string, number[]>, intercept = true) =>
      () =>
        leastSquares(dataset(featuresOf(columns), y), { intercept });
    expect(fitting({ x, five: [5, 5, 5, 5, 5] })).toThrow(/five = 5 \(intercept\)/);
    expect(fitting({ x, zero: [0, 0, 0, 0, 0] })).toThrow(/zero is 0 on every row/);
    expect(fitting({ x, zero: [0, 0, 0, 0, 0] }, false)).toThrow(/zero is 0 on every row/);
    expect(fitting({ x, again: x })).toThrow(/(x = 1 again|again = 1 x)/);
    expect(fitting({ x, twice: x.map((v) => 0.1 + 2 * v) })).toThrow('linearly independent columns');
    // Constant columns are no fault where there is no intercept.
    expect(fitting({ x, five: [5, 5, 5, 5, 5] }, false)).not.toThrow();
  });

  it('finds exact dependencies at any scale, and fits columns that only nearly depend', () => {
    fc.assert(
      fc.property(seeds, scales, scales, (seed, c, d) => {
        const data = sample(40, seed);
        const [a, b] = data.features.columns as [Float64Array, Float64Array];
        const sum = a.map((v, i) => c * v + d * b[i]);
        expect(() => leastSquares(dataset(featuresOf({ a, b, sum }), data.target))).toThrow(
          'linearly independent columns',
        );
        const size = Math.hypot(...sum) / Math.sqrt(40);
        const near = sum.map((v, i) => v + 1e-8 * size * data.target[i]);
        expect(() => leastSquares(dataset(featuresOf({ a, b, near }), data.target))).not.toThrow();
      }),
    );
  });

  it('warns of near-collinear columns', () => {
    const data = sample(40, 4);
    const [a, b] = data.features.columns as [Float64Array, Float64Array];
    const near = a.map((v, i) => v + 1e-10 * b[i]);
    const fit = leastSquares(dataset(featuresOf({ a, near }), data.target));
    const warning = fit.warnings.find((w) => w.code === 'near-collinear');
    expect(warning?.message).toMatch(/concerned: a, near/);
    expect(fit.coefficients[0]?.vif).toBeGreaterThan(1e15);
  });

  it('keeps a column that lies far from 0: clock times in seconds', () => {
    const t = Float64Array.from({ length: 50 }, (_, i) => 1.7e9 + i / 10);
    const e = normals(50, 1, 'e');
    const y = t.map((v, i) => 4 * (v - 1.7e9) + 0.01 * e[i]);
    const fit = leastSquares(dataset(featuresOf({ t }), y));
    expect(estimates(fit)[0]).toAgree(4, 1e-2);
    expect(fit.model.predict(featuresOf({ t: [1.7e9 + 2] }))[0]).toAgree(8, 1e-2);
  });
});

describe('edges', () => {
  it('a saturated fit has coefficients, and no errors', () => {
    const fit = leastSquares(dataset(featuresOf({ x: [1, 2] }), Float64Array.of(3, 5)));
    expect(estimates(fit)).toAgree([2, 1], 1e-12);
    expect(fit.statistics).toMatchObject({ df: 0, sigma: null, fStatistic: null, adjustedR2: null });
    expect(fit.coefficients[0]).toMatchObject({ standardError: null, t: null, p: null, interval: null });
    expect(fit.warnings.map((w) => w.code)).toEqual(['saturated']);
    expect(() => predictWithIntervals(fit.model, featuresOf({ x: [1] }))).toThrow(/must carry inference/);
  });

  it('a constant target has slopes of exactly 0 and no r2', () => {
    const fit = leastSquares(dataset(featuresOf({ x: [1, 2, 3, 5] }), Float64Array.of(0.1, 0.1, 0.1, 0.1)));
    expect(estimates(fit)).toEqual([0, 0.1]);
    expect(fit.statistics).toMatchObject({ rss: 0, r2: null, fStatistic: null, aic: null });
    expect(fit.warnings.map((w) => w.code)).toContain('constant-target');
  });

  it('an intercept alone is the mean', () => {
    const fit = leastSquares(dataset(featuresOf({}), Float64Array.of(1, 2, 6)), { terms: [] });
    expect(estimates(fit)).toAgree([3], 1e-15);
    expect(errors(fit)).toAgree([Math.sqrt(7 / 3)], 1e-12);
    expect(fit.statistics.fStatistic).toBeNull();
  });

  it('a point of leverage 1 leaves HC3 undefined, and says so', () => {
    const fit = leastSquares(dataset(featuresOf({ x: [0, 0, 0, 1] }), Float64Array.of(1, 2, 3, 9)));
    expect(fit.coefficients[0]?.hc3.standardError).toBeNull();
    expect(fit.coefficients[0]?.standardError).toBeGreaterThan(0);
    expect(fit.warnings.map((w) => w.code)).toContain('full-leverage');
    expect(influenceOf(fit).cooksDistance.every(Number.isFinite)).toBe(true);
  });

  it('p-values keep their digits far below 1e-16', () => {
    const x = Float64Array.from({ length: 200 }, (_, i) => i);
    const e = normals(200, 2, 'e');
    const fit = leastSquares(
      dataset(
        featuresOf({ x }),
        x.map((v, i) => v + 10 * e[i]),
      ),
    );
    expect(fit.coefficients[0]?.p).toBeGreaterThan(0);
    expect(fit.coefficients[0]?.p).toBeLessThan(1e-100);
  });

  it('without an intercept, r2 and F compare with zero', () => {
    const x = [1, 2, 3, 4];
    const y = Float64Array.of(2, 3, 7, 8);
    const fit = leastSquares(dataset(featuresOf({ x }), y), { intercept: false });
    const b = 61 / 30;
    expect(estimates(fit)).toAgree([b], 1e-14);
    const rss = y.reduce((s, v, i) => s + (v - b * x[i]) ** 2, 0);
    expect(fit.statistics.r2 as number).toAgree(1 - rss / 126, 1e-13);
    expect(fit.statistics.df).toBe(3);
  });

  it('refuses too few rows, unknown features, terms given twice and bad options', () => {
    const data = sample(2, 1);
    expect(() => leastSquares(data)).toThrow('rows: must be at least as many as coefficients (3); got 2');
    const enough = sample(9, 1);
    expect(() => leastSquares(enough, { terms: [term({ c: 1 })] })).toThrow(
      'c: must be a feature of the table: its features are a, b',
    );
    expect(() => leastSquares(enough, { terms: [term({ a: 1 }), term({ a: 1 })] })).toThrow(
      'terms: must be distinct; got "a"',
    );
    expect(() => leastSquares(enough, { level: 1 })).toThrow('level: must be between 0 and 1; got 1');
    expect(() => leastSquares(enough, { level: Number.NaN })).toThrow('level');
    expect(() => leastSquares(enough, { rankTolerance: -1 })).toThrow('rankTolerance');
    expect(() => term({ a: 0.5 })).toThrow('powers.a: must be a whole number from 1 to 100; got 0.5');
  });

  it('a product that overflows is an error, not an Infinity', () => {
    const data = dataset(featuresOf({ a: [1e200, 1, 2] }), Float64Array.of(1, 2, 3));
    expect(() => leastSquares(data, { terms: [term({ a: 2 })] })).toThrow(
      'a^2: must stay finite; got Infinity (row 0)',
    );
  });
});

it('chunks of a long column agree with one piece', () => {
  // 150,000 rows are three chunks; the same rows by a plain formula for one feature.
  const n = 150_000;
  const x = normals(n, 8, 'x').map((v) => 1000 + v);
  const y = x.map((v, i) => 5 * v + Math.sin(i));
  const mean = (v: Float64Array): number => v.reduce((s, a) => s + a, 0) / v.length;
  const [mx, my] = [mean(x), mean(y)];
  const slope = x.reduce((s, v, i) => s + (v - mx) * (y[i] - my), 0) / x.reduce((s, v) => s + (v - mx) ** 2, 0);
  expect(estimates(leastSquares(dataset(featuresOf({ x }), y)))[0]).toAgree(slope, 1e-12);
});
