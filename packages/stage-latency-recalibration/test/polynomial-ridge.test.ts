import '@stepclock/vitest-matchers';
import { gaussSolve } from '@stepclock/made-data';
import { seededRandom } from '@stepclock/numerics';
import { featureTable } from '@stepclock/regression';
import { describe, expect, it } from 'vitest';
import { polynomialRidge } from '../src/estimator/polynomial-ridge.js';

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Standard deviations from the mean, as ridge sees a column. */
const standardised = (column: readonly number[]): number[] => {
  const mean = meanOf(column);
  const sd = Math.sqrt(meanOf(column.map((value) => (value - mean) ** 2)));
  return column.map((value) => (value - mean) / sd);
};

/** Ridge by its normal equations over rows `[1, z]`, the intercept free: the fitted value at a row, from the others given. */
const ridgeValue = (
  rows: readonly (readonly number[])[],
  y: readonly number[],
  penalty: number,
  at: readonly number[],
): number => {
  const gram = at.map((_, a) =>
    at.map((__, b) => {
      let sum = a === b && a > 0 ? penalty : 0;
      for (const row of rows) sum += (row[a] ?? 0) * (row[b] ?? 0);
      return sum;
    }),
  );
  const weights = gaussSolve(
    gram,
    at.map((_, a) => rows.reduce((sum, row, i) => sum + (row[a] ?? 0) * (y[i] ?? 0), 0)),
  );
  return at.reduce((sum, value, j) => sum + value * (weights[j] ?? 0), 0);
};

const PENALTIES = [-4, -3.5, -3, -2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3].map((power) => 10 ** power);

/** The penalty of least squared error on rows left out one at a time, found by leaving them out, and its fit of all rows. */
const byHand = (z: readonly (readonly number[])[], y: readonly number[]) => {
  const rows = y.map((_, i) => [1, ...z.map((column) => column[i] ?? 0)]);
  const errors = PENALTIES.map((penalty) =>
    rows.reduce((sum, row, i) => {
      const others = <T>(list: readonly T[]): T[] => list.filter((_, j) => j !== i);
      return sum + ((y[i] ?? 0) - ridgeValue(others(rows), others(y), penalty, row)) ** 2;
    }, 0),
  );
  const penalty = PENALTIES[errors.indexOf(Math.min(...errors))] ?? 0;
  return { penalty, fitted: rows.map((row) => ridgeValue(rows, y, penalty, row)) };
};

const draw = (n: number, seed: number) => {
  const random = seededRandom(seed, 'ridge');
  const column = (scale: number) => Array.from({ length: n }, () => scale * random());
  const [a, b, noise] = [column(100), column(0.01), column(1)];
  return { a, b, noise };
};

const tableOf = (a: readonly number[], b: readonly number[]) =>
  featureTable(['a', 'b'], [Float64Array.from(a), Float64Array.from(b)]);

describe('polynomialRidge', () => {
  it.each([
    ['more rows than terms', 9, 1],
    ['as many rows as terms', 2, 1],
    ['fewer rows than terms', 4, 2],
    ['a quadratic of many rows', 8, 2],
  ] as const)('of %s takes the penalty that leaving out one row at a time takes', (_, n, degree) => {
    const chosen = new Set<number>();
    // Next to no noise, some, and all of it noise.
    for (const [seed, share] of [
      [1, 0.001],
      [2, 0.3],
      [3, 2],
      [4, 30],
    ] as const) {
      const { a, b, noise } = draw(n, seed);
      const y = a.map((value, i) => 5 + value / 100 + 100 * (b[i] ?? 0) + share * (noise[i] ?? 0));
      const squares = [
        a.map((value) => value ** 2),
        b.map((value) => value ** 2),
        a.map((value, i) => value * (b[i] ?? 0)),
      ];
      const z = (degree === 1 ? [a, b] : [a, b, ...squares]).map(standardised);
      const { model, penalty } = polynomialRidge(tableOf(a, b), Float64Array.from(y), degree);
      const want = byHand(z, y);
      expect(penalty).toAgree(want.penalty, 1e-12);
      expect(model.predict(tableOf(a, b))).toAgree(want.fitted, 1e-8);
      chosen.add(penalty);
    }
    if (n > 2) expect(chosen.size).toBeGreaterThan(1);
  });

  it('is a line of the two columns by degree 1, and has their squares and product by degree 2', () => {
    const { a, b } = draw(20, 5);
    const y = Float64Array.from(a, (value, i) => value ** 2 + 1e4 * value * (b[i] ?? 0));
    expect(polynomialRidge(tableOf(a, b), y, 1).model.terms).toHaveLength(2);
    const { model, penalty } = polynomialRidge(tableOf(a, b), y, 2);
    expect(model.terms).toHaveLength(5);
    expect(model.hasIntercept).toBe(true);
    expect(model.estimator).toBe('ridge');
    // Exact data: the least penalty.
    expect(penalty).toAgree(1e-4, 1e-12);
    expect(model.predict(tableOf(a, b))).toAgree(y, 1e-3, 1);
  });

  it('leaves out a column that does not move, whatever its size', () => {
    const { a, noise } = draw(10, 6);
    const y = Float64Array.from(a, (value, i) => value + (noise[i] ?? 0));
    const alone = polynomialRidge(featureTable(['a'], [Float64Array.from(a)]), y, 1);
    for (const constant of [0, 3, 1e9 / 3]) {
      // Rounding of the mean makes a third of 1e9 differ from itself.
      const { model, penalty } = polynomialRidge(
        tableOf(
          a,
          a.map(() => constant),
        ),
        y,
        1,
      );
      expect(penalty).toBe(alone.penalty);
      expect(model.coefficients[1]).toBe(0);
      expect(model.coefficients[0]).toAgree(alone.model.coefficients[0], 1e-9);
    }
    // Movements within the rounding of the values are none either; those of small numbers are.
    const still = polynomialRidge(
      tableOf(
        a,
        a.map((_, i) => 1e6 + 1e-5 * i),
      ),
      y,
      1,
    );
    expect(still.model.coefficients[1]).toBe(0);
    const tiny = polynomialRidge(
      tableOf(
        a,
        a.map((_, i) => 1e-6 * ((i * 7) % 10)),
      ),
      y,
      1,
    );
    expect(tiny.model.coefficients[1]).not.toBe(0);
  });

  it('of a target that does not move is the target', () => {
    const { a, b } = draw(8, 7);
    const { model } = polynomialRidge(tableOf(a, b), new Float64Array(8).fill(4), 2);
    expect(model.predict(tableOf(a, b))).toAgree(new Float64Array(8).fill(4), 1e-12);
  });
});
