import '@stepclock/vitest-matchers';
import { seededRandom } from '@stepclock/numerics';
import { describe, expect, it } from 'vitest';
import { type Dataset, dataset, featuresOf, huber, leastSquares, ransac, term } from '../src/index.js';
import { huberScale } from '../src/robust/huber-scale.js';
import { fitRows, residualsOf, sampleRows } from '../src/robust/subset-fit.js';
import { refusalOf } from './refusal.js';

const numbers = (...values: number[]) => Float64Array.from(values);
const line = (x: number[], y: number[], w?: number[]) => dataset(featuresOf({ x }), numbers(...y), w && numbers(...w));

describe('huberScale', () => {
  it('is the root of its equation, by hand', () => {
    // epsilon 2: all inside, sigma^2 = 103 / 4; 1.5: three inside, sigma^2 = 3 / (4 - 2.25), and 1.5 sigma < 10.
    expect(huberScale(numbers(1, -1, 1, -10), undefined, 2)).toAgree(Math.sqrt(103 / 4), 1e-14);
    expect(huberScale(numbers(-10, 1, -1, 1), undefined, 1.5)).toAgree(Math.sqrt(3 / 1.75), 1e-14);
    expect(huberScale(numbers(3, 3, 3), undefined, 1.01)).toAgree(3, 1e-14);
  });

  it('weighs residuals as so many equal ones', () => {
    const weighted = huberScale(numbers(1, 10, 2, 4), numbers(3, 1, 2, 0), 1.35);
    expect(weighted).toAgree(huberScale(numbers(1, 1, 1, 2, 2, 10), undefined, 1.35), 1e-14);
    // sum w min(r^2 / sigma^2, eps^2) = sum w.
    const sum = [1, 1, 1, 2, 2, 10].reduce((s, r) => s + Math.min((r / weighted) ** 2, 1.35 ** 2), 0);
    expect(sum).toAgree(6, 1e-13);
  });

  it('solves its equation for residuals at random', () => {
    const random = seededRandom(7, 'scale');
    for (let n = 1; n < 30; n++) {
      const r = Float64Array.from({ length: n }, () => (random() - 0.5) / (0.05 + random()));
      const w = Float64Array.from({ length: n }, () => 0.1 + random());
      const epsilon = 1.05 + random();
      const sigma = huberScale(r, w, epsilon);
      const total = w.reduce((s, v) => s + v, 0);
      const sum = r.reduce((s, v, i) => s + w[i] * Math.min((v / sigma) ** 2, epsilon ** 2), 0);
      expect(sum).toAgree(total, 1e-12);
    }
  });

  it('is 0 where too many residuals are', () => {
    // Above 1 - 1 / 1.5^2 = 5/9 of the weight.
    expect(huberScale(numbers(0, 0, 0, 5), undefined, 1.5)).toBe(0);
    expect(huberScale(numbers(0, 0, 5, 5), undefined, 1.5)).toBeGreaterThan(0);
  });
});

describe('subsets', () => {
  it('are drawn by Floyd without a permutation', () => {
    const script = (...draws: number[]) => {
      let k = 0;
      return () => draws[k++];
    };
    // Tops 2, 3, 4: 0.5 x 3 gives 1; 0.25 x 4 gives 1 again, so 3; 0.9 x 5 gives 4.
    expect([...sampleRows(5, 3, script(0.5, 0.25, 0.9))]).toEqual([1, 3, 4]);
    expect([...sampleRows(3, 3, script(0.99, 0, 0.1))].sort()).toEqual([0, 1, 2]);
  });

  it('are all as likely', () => {
    const random = seededRandom(5, 'floyd');
    const counts = new Map<string, number>();
    for (let s = 0; s < 6000; s++) {
      const key = [...sampleRows(4, 2, random)].sort().join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(['0,1', '0,2', '0,3', '1,2', '1,3', '2,3']);
    // 1000 each, with a standard deviation of 29.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(130);
  });

  it('are fitted, where they determine the coefficients', () => {
    const columns = [numbers(1, 2, 3, 2)];
    const target = numbers(3, 5, 0, 9);
    const fit = fitRows(columns, target, [0, 1], true);
    expect(fit?.coefficients ?? []).toAgree([2], 1e-14);
    expect(
      residualsOf(columns, target, fit ?? { coefficients: numbers(), centre: numbers(), valueAtCentre: 0 }),
    ).toAgree([0, 0, -7, 4], 1e-13, 1e-13);
    expect(fitRows(columns, target, [1, 3], true)).toBeUndefined();
    expect(fitRows(columns, target, [1, 3], false)?.coefficients ?? []).toAgree([3.5], 1e-14);
    expect(() => fitRows(columns, target.with(0, Number.NaN), [0, 1], true)).toThrow();
  });
});

describe('huber', () => {
  const random = seededRandom(11, 'huber');
  const x = Array.from({ length: 40 }, () => 10 * random());
  const y = x.map((v, i) => 1 + 2 * v + (random() - 0.5) + (i % 9 === 0 ? 30 : 0));

  /** The estimating equations of location and scale, relative to their size. */
  const equations = (data: Dataset, epsilon: number, intercept = true, terms = undefined as undefined | []) => {
    const fit = huber(data, { epsilon, intercept, ...(terms ? { terms } : {}) });
    const fitted = fit.model.predict(data.features);
    const sums = { slope: 0, level: 0, scale: 0, total: 0 };
    data.target.forEach((value, i) => {
      const r = (value - fitted[i]) / fit.scale;
      const w = data.weights?.[i] ?? 1;
      const psi = Math.max(-epsilon, Math.min(epsilon, r));
      sums.slope += w * psi * data.features.columns[0]?.[i];
      sums.level += w * psi;
      sums.scale += w * psi * psi;
      sums.total += w;
    });
    return { fit, ...sums };
  };

  it('meets its estimating equations, weighted or not', () => {
    const weights = x.map((_, i) => 0.5 + (i % 3));
    for (const data of [line(x, y), line(x, y, weights)]) {
      for (const epsilon of [1.35, 1.9]) {
        const { fit, slope, level, scale, total } = equations(data, epsilon);
        expect(fit.converged).toBe(true);
        expect(slope).toAgree(0, 0, 1e-4);
        expect(level).toAgree(0, 0, 1e-4);
        expect(scale).toAgree(total, 1e-6);
        expect(fit.model.coefficients[0]).toAgree(2, 0.05);
        const fitted = fit.model.predict(data.features);
        expect([...fit.outlier]).toEqual(y.map((v, i) => (Math.abs(v - fitted[i]) > epsilon * fit.scale ? 1 : 0)));
      }
    }
  });

  it('without an intercept goes through 0', () => {
    const { fit, slope, scale, total } = equations(line(x, y), 1.35, false);
    expect(slope).toAgree(0, 0, 1e-4);
    expect(scale).toAgree(total, 1e-6);
    expect(fit.model).toMatchObject({ hasIntercept: false, intercept: 0, estimator: 'huber' });
    expect(Math.abs(equations(line(x, y), 1.35, false).level)).toBeGreaterThan(0.1);
  });

  it('has 1.35 and 500 rounds unless told otherwise', () => {
    const plain = huber(line(x, y));
    expect(plain.model.toJSON()).toEqual(huber(line(x, y), { epsilon: 1.35, maxIterations: 500 }).model.toJSON());
    expect(plain.model.toJSON()).not.toEqual(huber(line(x, y), { epsilon: 1.5 }).model.toJSON());
    expect(plain.iterations).toBeGreaterThan(3);
    const short = huber(line(x, y), { maxIterations: 2 });
    expect(short).toMatchObject({ iterations: 2, converged: false });
    expect(huber(line(x, y), { maxIterations: plain.iterations })).toMatchObject({ converged: true });
    expect(huber(line(x, y), { maxIterations: plain.iterations - 1 })).toMatchObject({ converged: false });
  });

  it('of exact data is least squares at once, with scale 0 and no outlier', () => {
    const exact = huber(line([1, 2, 3, 5], [3, 5, 7, 11]));
    expect(exact).toMatchObject({ iterations: 0, converged: true });
    expect(exact.scale).toBeLessThan(1e-13);
    expect([...exact.outlier]).toEqual([0, 0, 0, 0]);
    expect(exact.model.coefficients).toAgree([2], 1e-13);
    const x = [1, 2, 3, 5, 7];
    const rounded = huber(
      line(
        x,
        x.map((v) => 0.1 * v + 0.7),
      ),
    );
    expect(rounded).toMatchObject({ iterations: 0, converged: true });
    // All rows but one on a line: the scale falls to rounding, and that is the end.
    const many = Array.from({ length: 30 }, (_, i) => i);
    const nearly = huber(
      line(
        many,
        many.map((v) => 2 * v + (v === 4 ? 50 : 0)),
      ),
    );
    expect(nearly.converged).toBe(true);
    expect(nearly.iterations).toBeLessThan(200);
    expect([...nearly.outlier]).toEqual(many.map((v) => (v === 4 ? 1 : 0)));
  });

  it('takes the terms asked for', () => {
    const { model } = huber(line(x, y), { terms: [term({ x: 2 })] });
    expect(model.terms.map(({ name }) => name)).toEqual(['x^2']);
  });

  it('refuses an epsilon of 1 and less, or none', () => {
    for (const epsilon of [1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(refusalOf(() => huber(line(x, y), { epsilon }))).toMatchObject({
        code: 'regression/bad-option',
        message: `epsilon: must be above 1; got ${epsilon}`,
        what: 'epsilon',
        value: epsilon,
      });
    }
  });
});

describe('ransac', () => {
  // Twelve rows on y = 2 x + 1, four far off.
  const x = Array.from({ length: 16 }, (_, i) => i);
  const y = x.map((v, i) => 2 * v + 1 + (i % 4 === 1 ? 50 + i * i : 0) + (i % 4 === 0 ? 0.1 : 0));
  const data = line(x, y);

  it('keeps the rows that most agree on, and refits on those', () => {
    const fit = ransac(data, { residualThreshold: 1 });
    expect([...fit.inlier]).toEqual(x.map((_, i) => (i % 4 === 1 ? 0 : 1)));
    expect(fit).toMatchObject({ inliers: 12, residualThreshold: 1 });
    const rows = x.filter((_, i) => i % 4 !== 1);
    const want = leastSquares(
      line(
        rows,
        rows.map((i) => y[i]),
      ),
    ).model;
    expect(fit.model.coefficients).toAgree([...want.coefficients], 1e-12);
    expect(fit.model.intercept).toAgree(want.intercept, 1e-12);
    expect(fit.model).toMatchObject({ estimator: 'ransac', hasIntercept: true });
  });

  it('a residual of just the threshold is inside', () => {
    // Without an intercept every subset of one row is a slope: 1, 1, 1, and 2.
    const flat = line([1, 1, 1, 1], [1, 1, 1, 2]);
    const fit = ransac(flat, { intercept: false, residualThreshold: 1, stopProbability: 1 });
    expect(fit.inliers).toBe(4);
    expect(ransac(flat, { intercept: false, residualThreshold: 0.999, stopProbability: 1 }).inliers).toBe(3);
    expect(fit.model.hasIntercept).toBe(false);
  });

  it('stops when a clean subset has been met with the probability asked for, or after all trials', () => {
    // 12 of 16 rows, two a subset: log(0.01) / log(1 - (3/4)^2) = 5.57, so the sixth trial is the last, if the best came before it.
    const counts = Array.from({ length: 30 }, (_, seed) => ransac(data, { residualThreshold: 1, seed }).trials);
    expect(Math.min(...counts)).toBe(6);
    expect(Math.max(...counts)).toBeLessThan(30);
    expect(ransac(data, { residualThreshold: 1, stopProbability: 1 }).trials).toBe(100);
    expect(ransac(data, { residualThreshold: 1, stopProbability: 1, maxTrials: 7 }).trials).toBe(7);
    expect(ransac(data, { residualThreshold: 1, maxTrials: 1 }).trials).toBe(1);
    // Every row agrees with any two: one trial is enough, unless all are asked for.
    const exact = line([1, 2, 3], [2, 4, 6]);
    expect(ransac(exact, { residualThreshold: 1 }).trials).toBe(1);
    expect(ransac(exact, { residualThreshold: 1, stopProbability: 1 }).trials).toBe(100);
  });

  it('among subsets with as many inliers takes the smaller sum of squares', () => {
    // Slopes through 0 of single rows: 1 (three rows, residual 0), 1.4 (one): all four are inliers of either.
    const tie = line([1, 1, 1, 1], [1, 1, 1, 1.4]);
    const other = line([1, 1, 1, 1], [1.4, 1, 1, 1]);
    for (const rows of [tie, other]) {
      const fits = [0, 1, 2, 3, 4, 5].map((seed) =>
        ransac(rows, { intercept: false, residualThreshold: 0.5, seed, stopProbability: 1 }),
      );
      for (const fit of fits) expect(fit.model.coefficients).toAgree([1.1], 1e-12);
    }
    // Four rows that agree roughly are more than two that agree exactly.
    const rough = line([1, 1, 1, 1, 1, 1], [1, 1.1, 0.9, 1.05, 5, 5]);
    for (const seed of [0, 1, 2, 3, 4]) {
      const fit = ransac(rough, { intercept: false, residualThreshold: 0.5, seed, stopProbability: 1 });
      expect([...fit.inlier]).toEqual([1, 1, 1, 1, 0, 0]);
    }
    // Two camps of two rows each: the one that agrees better.
    const camps = line([1, 1, 1, 1], [1, 1.05, 3, 3.2]);
    for (const seed of [0, 1, 2, 3, 4]) {
      const fit = ransac(camps, { intercept: false, residualThreshold: 0.5, seed, stopProbability: 1 });
      expect([...fit.inlier]).toEqual([1, 1, 0, 0]);
    }
  });

  it('has the median deviation of the target for its threshold unless told otherwise, and a seed of 42', () => {
    // Median 5; deviations 4, 2, 0, 3, 45.
    expect(ransac(line([1, 2, 3, 4, 5], [1, 3, 5, 8, 50])).residualThreshold).toBe(3);
    const noisy = line(
      x,
      x.map((v, i) => v + ((i * 7) % 5)),
    );
    const fit = (options: object) =>
      ransac(noisy, { residualThreshold: 0.6, maxTrials: 3, stopProbability: 1, ...options });
    expect(fit({})).toEqual(fit({ seed: 42 }));
    const outcomes = new Set(Array.from({ length: 10 }, (_, seed) => JSON.stringify(fit({ seed }).model)));
    expect(outcomes.size).toBeGreaterThan(1);
  });

  it('refuses options out of range, and data that no subset determines', () => {
    for (const [options, message] of [
      [{ maxTrials: 0 }, 'maxTrials: must be a whole number from 1; got 0'],
      [{ stopProbability: 0 }, 'stopProbability: must be above 0 and at most 1; got 0'],
      [{ residualThreshold: 0 }, 'residualThreshold: must be above 0; got 0'],
    ] as const) {
      expect(refusalOf(() => ransac(data, options)).message).toBe(message);
    }
    expect(refusalOf(() => ransac(line([2, 2, 2, 2], [1, 2, 3, 4]), { maxTrials: 9 }))).toMatchObject({
      code: 'regression/rank-deficient',
      message: 'RANSAC: must find 2 rows that determine the coefficients, with inliers that do too, in 9 trials',
    });
  });
});
