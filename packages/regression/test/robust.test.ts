import '@stepclock/vitest-matchers';
import { seededRandom } from '@stepclock/numerics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Dataset,
  dataset,
  featuresOf,
  huber,
  leastSquares,
  nonNegativeLeastSquares,
  ransac,
  ridge,
} from '../src/index.js';
import { fourTerms, reference, stepTimes } from './step-time-fixture.js';

/** `y = 1 + 2 a + 3 b` with small noise and every seventh target thrown off by 100. */
const contaminated = (n: number, seed: number): Dataset => {
  const random = seededRandom(seed, 'contaminated');
  const a = Float64Array.from({ length: n }, () => 10 * random());
  const b = Float64Array.from({ length: n }, () => 10 * random());
  const y = a.map((v, i) => 1 + 2 * v + 3 * b[i] + 0.1 * (random() - 0.5) + (i % 7 === 3 ? 100 : 0));
  return dataset(featuresOf({ a, b }), y);
};

const parameters = (model: { coefficients: Float64Array; intercept: number }): number[] => [
  ...model.coefficients,
  model.intercept,
];

describe.each(['with_outlier', 'without_outlier'] as const)('against scikit-learn, %s', (kind) => {
  const data = stepTimes(kind);
  const { models, beyond } = reference[kind];
  const want = (name: string): number[] => Object.values(models[name]?.coef_all ?? {});

  it('Huber: coefficients, scale and outliers', () => {
    const fit = huber(data, { terms: fourTerms });
    expect(fit.converged).toBe(true);
    expect(parameters(fit.model)).toAgree(want('Huber_scaled'), 1e-4);
    expect(fit.scale).toAgree(models.Huber_scaled?.huber_scale_ as number, 1e-5);
    expect(fit.outlier.reduce((s, v) => s + v, 0)).toBe(models.Huber_scaled?.n_outliers);
  });

  it('ridge on standardised columns', () => {
    expect(parameters(ridge(data, { terms: fourTerms, alpha: 1 }))).toAgree(want('Ridge_scaled_1'), 1e-10);
  });

  it('non-negative and weighted fits', () => {
    const relative = dataset(
      data.features,
      data.target,
      data.target.map((y) => 1 / (y * y)),
    );
    const terms = fourTerms;
    expect(parameters(nonNegativeLeastSquares(data, { terms }).model)).toAgree(beyond.NNLS?.coef ?? [], 1e-9);
    expect(parameters(nonNegativeLeastSquares(relative, { terms }).model)).toAgree(
      beyond.NNLS_relative?.coef ?? [],
      1e-9,
    );
    expect(parameters(leastSquares(relative, { terms }).model)).toAgree(beyond.WLS_relative?.coef ?? [], 1e-9);
  });
});

describe('robust fits', () => {
  it('shrug off a seventh of wild targets, where least squares does not', () => {
    const data = contaminated(210, 1);
    expect(parameters(leastSquares(data).model)).not.toEqual(expect.arrayContaining([expect.closeTo(1, 0)]));
    expect(parameters(huber(data).model)).toAgree([2, 3, 1], 0.05);
    expect(parameters(ransac(data, { residualThreshold: 1 }).model)).toAgree([2, 3, 1], 0.02);
  });

  it('RANSAC finds the inliers, and the same ones for the same seed', () => {
    const data = contaminated(210, 2);
    const fit = ransac(data, { residualThreshold: 1, seed: 7 });
    expect(fit.inliers).toBe(180);
    expect([...fit.inlier].every((inside, i) => inside === (i % 7 === 3 ? 0 : 1))).toBe(true);
    expect(ransac(data, { residualThreshold: 1, seed: 7 }).model.toJSON()).toEqual(fit.model.toJSON());
  });

  it('Huber is equivariant: scaling the target by c scales everything by c, shifting it moves the intercept', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e5 }), fc.double({ min: -4, max: 4, noNaN: true }), (seed, exponent) => {
        const c = 10 ** exponent;
        const data = contaminated(40, seed);
        const plain = huber(data);
        const scaled = huber(
          dataset(
            data.features,
            data.target.map((y) => c * (y + 5)),
          ),
        );
        const [a, b, d] = parameters(plain.model) as [number, number, number];
        expect(parameters(scaled.model)).toAgree([c * a, c * b, c * (d + 5)], 1e-5, c * 1e-6);
        expect(scaled.scale).toAgree(c * plain.scale, 1e-6);
      }),
      { numRuns: 30 },
    );
  });

  it('Huber stops at scale 0 when it passes through nearly all points', () => {
    const x = Float64Array.from({ length: 30 }, (_, i) => i);
    const y = x.map((v, i) => 2 * v + (i === 4 ? 50 : 0));
    const fit = huber(dataset(featuresOf({ x }), y));
    expect(fit.converged).toBe(true);
    expect(parameters(fit.model)).toAgree([2, 0], 1e-6, 1e-6);
    expect(fit.outlier[4]).toBe(1);
  });

  it('refuse what they cannot do', () => {
    const flat = dataset(featuresOf({ x: [1, 2, 3, 4, 5] }), Float64Array.of(1, 1, 1, 1, 9));
    expect(() => ransac(flat)).toThrow('residualThreshold: must be above 0; got 0');
    expect(() => huber(flat, { epsilon: 1 })).toThrow('epsilon: must be above 1; got 1');
    expect(() => ridge(flat, { alpha: Number.NaN })).toThrow('alpha: must be above 0; got NaN');
    const same = dataset(featuresOf({ x: [2, 2, 2, 2] }), Float64Array.of(1, 2, 3, 4));
    expect(() => ransac(same)).toThrow('RANSAC: must find 2 rows that determine the coefficients');
    expect(() => huber(same)).toThrow(/x = 2 \(intercept\)/);
  });
});

describe('ridge', () => {
  it('gives a constant column 0 and shares between equal ones', () => {
    const x = [1, 2, 3, 4, 5];
    const model = ridge(dataset(featuresOf({ x, again: x, five: [5, 5, 5, 5, 5] }), Float64Array.from(x)), {
      alpha: 1e-9,
    });
    expect([...model.coefficients]).toAgree([0.5, 0.5, 0], 1e-6);
  });
});

describe('non-negative least squares', () => {
  it('holds at 0 what would be negative, and names it', () => {
    const x = [1, 2, 3, 4];
    const data = dataset(featuresOf({ x }), Float64Array.of(4, 3, 2, 1));
    const fit = nonNegativeLeastSquares(data);
    expect(fit.heldAtZero).toEqual(['x']);
    expect(parameters(fit.model)).toAgree([0, 2.5], 1e-12);
    const lifted = nonNegativeLeastSquares(
      dataset(
        featuresOf({ x }),
        Float64Array.from(x, (v) => v - 10),
      ),
      { intercept: 'free' },
    );
    expect(parameters(lifted.model)).toAgree([1, -10], 1e-12);
    expect(nonNegativeLeastSquares(data, { intercept: 'none' }).model.intercept).toBe(0);
  });
});
