import '@stepclock/vitest-matchers';
import { backSubstitute, inverseOfUpper, pivotedQr, seededRandom } from '@stepclock/numerics';
import { describe, expect, it } from 'vitest';
import { centredReduction } from '../src/linear/centred-reduction.js';
import { conditionNumbers } from '../src/linear/inference/condition-number.js';
import { RankDeficiency, rankDeficiencyOf, rankDeficient } from '../src/linear/rank-deficiency.js';
import { rowPass } from '../src/linear/row-pass.js';
import { solveCentred } from '../src/linear/solve-centred.js';
import { refusalOf } from './refusal.js';

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};
/** Column-major product. */
const product = (columns: readonly Float64Array[], x: ArrayLike<number>): number[] =>
  Array.from({ length: columns[0]?.length ?? 0 }, (_, i) =>
    dot(
      columns.map((column) => column[i]),
      x,
    ),
  );
const draws = (seed: number) => {
  const random = seededRandom(seed, 'linear solver');
  return (n: number) => Float64Array.from({ length: n }, () => 2 * random() - 1);
};
const none = () => 0;

describe('triangles', () => {
  // U = [2 1 3; 0 -4 5; 0 0 0.5]
  const u = [Float64Array.of(2, 0, 0), Float64Array.of(1, -4, 0), Float64Array.of(3, 5, 0.5)];

  it('are solved from below, for as many leading columns as asked', () => {
    // x = (1, -2, 4): 2 - 2 + 12, 8 + 20, 2.
    const b = Float64Array.of(12, 28, 2);
    expect([...backSubstitute(u, b, 3)]).toEqual([1, -2, 4]);
    expect([...b]).toEqual([12, 28, 2]);
    expect([...backSubstitute(u, Float64Array.of(0, -8, 99), 2)]).toEqual([-1, 2]);
    expect([...backSubstitute(u, b, 0)]).toEqual([]);
  });

  it('are inverted column by column', () => {
    const inverse = inverseOfUpper(u);
    expect(inverse.flatMap((column) => product(u, column))).toAgree([1, 0, 0, 0, 1, 0, 0, 0, 1], 1e-15, 1e-15);
  });
});

describe('pivotedQr', () => {
  it('keeps lengths and angles, pivots on the longest rest, and solves', () => {
    for (let seed = 0; seed < 20; seed++) {
      const draw = draws(seed);
      const columns = [0, 1, 2, 3].map(() => draw(4));
      const copies = columns.map((column) => column.slice());
      const x = draw(4);
      const right = Float64Array.from(product(columns, x));
      const { order, u, qtz, dependent } = pivotedQr(columns, right, none);
      expect(columns).toEqual(copies);
      expect([...right]).toEqual(product(columns, x));
      expect(dependent).toEqual([]);
      expect([...order].sort()).toEqual([0, 1, 2, 3]);
      const pivoted = order.map((j) => columns[j] as Float64Array);
      u.forEach((a, i) => {
        expect([...a.slice(i + 1)]).toEqual(new Array(3 - i).fill(0));
        u.forEach((b, j) => {
          expect(dot(a, b)).toAgree(dot(pivoted[i], pivoted[j]), 1e-12, 1e-14);
        });
      });
      // Every pivot is at least as long as what is left of the columns after it.
      u.forEach((a, i) => {
        for (const b of u.slice(i)) {
          expect(Math.abs(a[i])).toBeGreaterThanOrEqual(Math.hypot(...b.slice(i)) * (1 - 1e-12));
        }
      });
      expect(dot(qtz, qtz)).toAgree(dot(right, right), 1e-12);
      expect(backSubstitute(u, qtz, 4)).toAgree(
        order.map((j) => x[j]),
        1e-9,
        1e-10,
      );
    }
  });

  it('sets columns aside that the pivots before them explain, with their parts', () => {
    const [a, b] = [Float64Array.of(3, 0, 4), Float64Array.of(0, 2, 1)];
    const sum = a.map((v, i) => 0.5 * v - 2 * b[i]);
    const asked: number[] = [];
    const { order, u, dependent } = pivotedQr([a, b, sum], new Float64Array(3), (column, _, parts) => {
      asked.push(column, parts.length);
      return 1e-12;
    });
    expect(u).toHaveLength(2);
    // The longest first: a of 5, the sum of sqrt(2.25 + 16), b.
    expect(asked).toEqual([0, 0, 2, 1, 1, 2]);
    expect(order).toEqual([0, 2]);
    expect(dependent.map(({ column }) => column)).toEqual([1]);
    // b = 0.25 a - 0.5 sum.
    expect(dependent[0]?.parts).toAgree([0.25, -0.5], 1e-14);
  });

  it('counts a rest of just the noise as none', () => {
    const columns = [Float64Array.of(1, 0), Float64Array.of(0, 0.25)];
    expect(pivotedQr(columns, new Float64Array(2), () => 0.25).dependent).toHaveLength(1);
    expect(pivotedQr(columns, new Float64Array(2), () => 0.24).dependent).toHaveLength(0);
    expect(pivotedQr([], new Float64Array(0), none)).toMatchObject({ order: [], u: [], dependent: [] });
  });
});

describe('centredReduction', () => {
  it('has the products of the centred, weighted columns', () => {
    const draw = draws(3);
    const columns = [draw(9).map((v) => v + 5), draw(9).map((v) => 100 * v)];
    const target = draw(9);
    const weights = Float64Array.of(1, 2, 0, 3, 0.5, 1, 1, 4, 0);
    const total = 12.5;
    const { centre, targetCentre, triangle, qty } = centredReduction(columns, target, weights, true);
    const means = columns.map((column) => dot(column, weights) / total);
    const meanTarget = dot(target, weights) / total;
    expect(centre).toAgree(means, 1e-14);
    expect(targetCentre).toAgree(meanTarget, 1e-14, 1e-15);
    const centred = columns.map((column, j) => column.map((v) => v - means[j]));
    const rest = target.map((v) => v - meanTarget);
    const weighted = (a: Float64Array) => a.map((v, i) => v * weights[i]);
    triangle.forEach((a, i) => {
      triangle.forEach((b, j) => {
        expect(dot(a, b)).toAgree(dot(weighted(centred[i] as Float64Array), centred[j] as Float64Array), 1e-12, 1e-12);
      });
      expect(dot(a, qty)).toAgree(dot(weighted(centred[i] as Float64Array), rest), 1e-12, 1e-12);
    });
    expect(triangle.map((column) => column.length)).toEqual([2, 2]);
  });

  it('leaves columns where they are without an intercept', () => {
    const columns = [Float64Array.of(1, 2, 3)];
    const target = Float64Array.of(2, 2, 5);
    const { centre, targetCentre, triangle, qty } = centredReduction(columns, target, undefined, false);
    expect([...centre, targetCentre]).toEqual([0, 0]);
    expect(triangle[0]?.[0] ** 2).toAgree(14, 1e-14);
    expect(triangle[0]?.[0] * qty[0]).toAgree(21, 1e-14);
  });

  it('takes a constant for its own centre to the last bit, over the rows that count', () => {
    const constant = (last: number) =>
      centredReduction(
        [Float64Array.of(0.1, 0.1, 0.1, 0.1, 0.1, 0.1, last)],
        Float64Array.of(0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7),
        Float64Array.of(1, 1, 1, 1, 1, 1, 0),
        true,
      );
    for (const last of [0.1, 99]) {
      const { centre, targetCentre, triangle } = constant(last);
      expect([...centre, targetCentre]).toEqual([0.1, 0.7]);
      expect(triangle[0]?.[0]).toAgree(0, 0);
    }
  });

  it('a rounded mean would make noise of a weighted constant', () => {
    // Weighted by 3, 6 and 9 the mean of 0.1 is 0.10000000000000002 in doubles, and 1.5e-32 would be left of the column.
    const column = new Float64Array(3).fill(0.1);
    const weights = Float64Array.of(3, 6, 9);
    const { centre, triangle } = centredReduction([column], column, weights, true);
    expect(centre[0]).toBe(0.1);
    expect(triangle[0]?.[0]).toAgree(0, 0);
    for (const at of [0, 3]) {
      // A row of weight 0 says nothing, first or last.
      const more = Float64Array.of(0.1, 0.1, 0.1, 0.1).with(at, 7);
      const counting = at === 0 ? Float64Array.of(0, 3, 6, 9) : Float64Array.of(3, 6, 9, 0);
      const last = centredReduction([more], more, counting, true);
      expect([last.centre[0], last.targetCentre]).toEqual([0.1, 0.1]);
      expect(last.triangle[0]?.[0]).toAgree(0, 0);
    }
    // Equal up to the last row is not constant.
    const late = centredReduction([column.with(2, 0.7)], column, undefined, true);
    expect(late.centre[0]).toAgree(0.3, 1e-15);
    expect(late.triangle[0]?.[0] ** 2).toAgree(0.24, 1e-14);
  });

  it('joins chunks of 65,536 rows as if they were one', () => {
    const n = 65_537;
    const x = Float64Array.from({ length: n }, (_, i) => i % 5);
    x[n - 1] = 1e4;
    const y = x.map((v) => 3 - 2 * v);
    const ones = new Float64Array(n).fill(2);
    for (const weights of [undefined, ones]) {
      const { centre, targetCentre, triangle, qty } = centredReduction([x], y, weights, true);
      const mean = x.reduce((sum, v) => sum + v, 0) / n;
      expect(centre).toAgree([mean], 1e-12);
      expect(targetCentre).toAgree(3 - 2 * mean, 1e-12);
      const squares = x.reduce((sum, v) => sum + (v - mean) ** 2, 0) * (weights === undefined ? 1 : 2);
      expect(triangle[0]?.[0] ** 2).toAgree(squares, 1e-11);
      expect(triangle[0]?.[0] * qty[0]).toAgree(-2 * squares, 1e-11);
    }
  });
});

describe('solveCentred', () => {
  const reduced = (columns: Float64Array[], target: Float64Array, intercept = true) =>
    centredReduction(columns, target, undefined, intercept);
  const mass = (rows: number) => ({ rows, total: rows });

  it('solves in the units of the columns, with a factor of the inverse', () => {
    const draw = draws(5);
    const columns = [draw(12), draw(12).map((v) => 1e6 * v), draw(12).map((v) => 1e-6 * v)];
    const target = Float64Array.from({ length: 12 }, (_, i) => 7 + product(columns, [1, 2e-6, -3e6])[i]);
    const reduction = reduced(columns, target);
    const { coefficients, factor, scales } = solveCentred(reduction, ['a', 'b', 'c'], mass(12), true);
    expect(coefficients).toAgree([1, 2e-6, -3e6], 1e-11);
    const gram = (i: number, j: number) => dot(reduction.triangle[i], reduction.triangle[j]);
    expect(scales).toAgree(
      [0, 1, 2].map((j) => Math.sqrt(gram(j, j))),
      1e-13,
    );
    // G G' times the matrix is the identity.
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) {
        let entry = 0;
        for (let k = 0; k < 3; k++) entry += dot(factor[i], factor[k]) * gram(k, j);
        expect(entry * (scales[i] / scales[j])).toAgree(i === j ? 1 : 0, 1e-11, 1e-11);
      }
    }
  });

  it('says what a dependent column is made of, the intercept among it', () => {
    const a = Float64Array.of(1, 2, 3, 5, 8);
    const b = Float64Array.of(2, -1, 0, 4, 1);
    const c = a.map((v, i) => 2.5 * v - b[i] + 4);
    const y = Float64Array.of(1, 2, 3, 4, 6);
    const error = (columns: Float64Array[], intercept = true) => {
      const caught = refusalOf(() => solveCentred(reduced(columns, y, intercept), ['a', 'b', 'c'], mass(5), intercept));
      const deficiency = rankDeficiencyOf(caught);
      if (deficiency === undefined) throw caught;
      return { ...deficiency, terms: deficiency.terms, message: caught.message };
    };
    // All columns have length 1 when pivots are chosen, so any of the three may be the one left over.
    const found = error([a, b, c]);
    expect(found.dependencies).toHaveLength(1);
    const values: Record<string, Float64Array> = { a, b, c, '(intercept)': new Float64Array(5).fill(1) };
    for (const { term, on } of found.dependencies) {
      const made = new Float64Array(5).map((_, i) =>
        on.reduce((sum, part) => sum + part.coefficient * values[part.term]?.[i], 0),
      );
      expect(made).toAgree(values[term] ?? [], 1e-12, 1e-12);
      expect(found.terms).toEqual([term, ...on.map((part) => part.term)]);
    }
    expect([...found.terms].sort()).toEqual(['(intercept)', 'a', 'b', 'c']);
    expect(found).toMatchObject({ rank: 3, columns: 4 });
    const negative = a.map((v) => -0.5 * v);
    expect(error([a, b, negative]).message).toMatch(
      /must have 4 linearly independent columns; got 3: (c = -0\.5 a|a = -2 c)\. Leave out one of/,
    );
    expect(error([a, b, new Float64Array(5)]).dependencies).toEqual([{ term: 'c', on: [] }]);
    expect(error([a, b, new Float64Array(5)], false).message).toContain(
      'must have 3 linearly independent columns; got 2: c is 0 on every row',
    );
    // Without an intercept the 4 must not come from one: c is independent of a and b.
    expect(() => solveCentred(reduced([a, b, c], y, false), ['a', 'b', 'c'], mass(5), false)).not.toThrow();
    // Far from 0 the constant of a dependency is rounding: it is not named.
    const far = a.map((v) => 1e6 + v);
    expect([...error([far, b, far.map((v) => 3 * v)]).terms].sort()).toEqual(['a', 'c']);
    const beside = b.map((v) => 1e6 + v);
    const difference = far.map((v, i) => v - beside[i]);
    expect([...error([far, beside, difference]).terms].sort()).toEqual(['a', 'b', 'c']);
    const two = error([a, a.map((v) => 2 * v), a.map((v) => v - 1)]);
    expect(two.rank).toBe(2);
    expect(two.message).toContain('; ');
    expect(two.terms).toEqual([...new Set(two.terms)]);
  });

  it('prints dependencies as formulas of four digits', () => {
    const deficiency = new RankDeficiency(2, 5, [
      {
        term: 'b',
        on: [
          { term: 'a', coefficient: -1 / 3 },
          { term: 'c', coefficient: -2 },
          { term: '(intercept)', coefficient: 12345.678 },
        ],
      },
      { term: 'd', on: [] },
      { term: 'c', on: [{ term: 'a', coefficient: 0.1 + 0.2 }] },
    ]);
    expect(deficiency.terms).toEqual(['b', 'a', 'c', '(intercept)', 'd']);
    expect(rankDeficient(deficiency)).toMatchObject({
      code: 'regression/rank-deficient',
      value: 2,
      cause: deficiency,
      message:
        'design matrix: must have 5 linearly independent columns; got 2: b = -0.3333 a - 2 c + 12350 (intercept); ' +
        'd is 0 on every row; c = 0.3 a. Leave out one of b, a, c, (intercept), d, or add data where they differ',
    });
  });

  it('takes the tolerance asked for instead of the level of rounding', () => {
    const a = Float64Array.of(1, 2, 3, 5, 8);
    const b = a.map((v, i) => v + (i === 2 ? 0.01 : 0));
    const reduction = reduced([a, b], a);
    const solve = (tolerance?: number) => solveCentred(reduction, ['a', 'b'], mass(5), true, tolerance);
    expect(solve().coefficients).toAgree([1, 0], 1e-9, 1e-9);
    expect(() => solve(0)).not.toThrow();
    expect(() => solve(1e-4)).not.toThrow();
    expect(() => solve(0.01)).toThrow('linearly independent columns');
    for (const tolerance of [-1e-9, 1, Number.NaN]) {
      expect(refusalOf(() => solve(tolerance))).toMatchObject({
        code: 'regression/bad-option',
        message: `rankTolerance: must be from 0 to below 1; got ${tolerance}`,
        what: 'rankTolerance',
        value: tolerance,
      });
    }
  });

  it('finds a dependency among many rows', () => {
    const [a, b] = [draws(21)(400), draws(22)(400)];
    const sum = a.map((v, i) => 0.3 * v + 0.7 * b[i]);
    const reduction = reduced([a, b, sum], a);
    expect(() => solveCentred(reduction, ['a', 'b', 'sum'], mass(400), true)).toThrow('linearly independent columns');
  });

  it('knows that a column far from 0 is noisier than one about 0', () => {
    // A spread of 1e-6 about 1e9 is below its last place of 1.2e-7 times the root of the rows; about 0 it is a column like any other.
    const e = draws(9)(30);
    const near = e.map((v) => 1e-6 * v);
    const other = draws(10)(30);
    const far = other.map((v, i) => 1e9 + v + near[i]);
    const shifted = other.map((v) => 1e9 + v);
    const solve = (columns: Float64Array[]) => solveCentred(reduced(columns, e), ['a', 'b'], mass(30), true);
    expect(() => solve([other, other.map((v, i) => v + near[i])])).not.toThrow();
    expect(() => solve([shifted, far])).toThrow('linearly independent columns');
  });
});

describe('conditionNumbers', () => {
  const at = (columns: Float64Array[], n: number, intercept: boolean, weights?: Float64Array) =>
    conditionNumbers(
      centredReduction(columns, new Float64Array(columns[0]?.length ?? n), weights, intercept),
      n,
      intercept,
    );

  it('are ratios of singular values: two columns by the quadratic formula', () => {
    // [1 x] for x = 1, 2, 3, 6: Gram matrix [4 12; 12 50].
    const root = Math.sqrt((50 - 4) ** 2 + 4 * 144);
    const cosine = 12 / Math.sqrt(200);
    const { raw, scaled } = at([Float64Array.of(1, 2, 3, 6)], 4, true);
    expect(raw).toAgree(Math.sqrt((54 + root) / (54 - root)), 1e-12);
    expect(scaled).toAgree(Math.sqrt((1 + cosine) / (1 - cosine)), 1e-12);
  });

  it('without an intercept leave its column out; a column alone has 1', () => {
    // Columns (3, 4) and (1, 0): Gram matrix [25 3; 3 1].
    const root = Math.sqrt(24 ** 2 + 36);
    const { raw, scaled } = at([Float64Array.of(3, 4), Float64Array.of(1, 0)], 2, false);
    expect(raw).toAgree(Math.sqrt((26 + root) / (26 - root)), 1e-12);
    expect(scaled).toAgree(Math.sqrt(1.6 / 0.4), 1e-12);
    expect(at([Float64Array.of(3, 4)], 2, false)).toEqual({ raw: 1, scaled: 1 });
    expect(at([], 3, true).raw).toAgree(1, 1e-15);
  });

  it('keep their digits beside columns of very different size', () => {
    const { raw, scaled } = at([Float64Array.of(1e18, -1e18, 1e18, -1e18), Float64Array.of(1, 1, -1, -1)], 4, true);
    expect(raw).toAgree(1e18, 1e-12);
    expect(scaled).toAgree(1, 1e-12);
  });
});

describe('rowPass', () => {
  // More rows than two blocks of 256, so that a block is never alone.
  const n = 600;
  const draw = draws(11);
  const columns = [draw(n), draw(n).map((v) => 3 * v + 1)];
  const target = draw(n);
  const reduction = (weights?: Float64Array) => centredReduction(columns, target, weights, true);

  it.each([
    ['without weights', undefined, false],
    ['with precision weights', Float64Array.from({ length: n }, (_, i) => i % 4), false],
    ['with frequency weights', Float64Array.from({ length: n }, (_, i) => i % 4), true],
  ] as const)('residuals, leverages and the HC3 meat are those of their definitions, %s', (_, weights, frequency) => {
    const reduced = reduction(weights);
    const total = weights === undefined ? n : dot(weights, new Array(n).fill(1));
    const { coefficients, factor } = solveCentred(reduced, ['a', 'b'], { rows: n, total }, true);
    const { centre, targetCentre } = reduced;
    const { fitted, residuals, leverage, meat } = rowPass({
      columns,
      target,
      weights,
      coefficients,
      factor,
      centre,
      valueAtCentre: targetCentre,
      centreVariance: 1 / total,
      frequency,
    });
    const want = new Array(9).fill(0);
    for (let i = 0; i < n; i++) {
      const x = columns.map((column, j) => column[i] - centre[j]);
      const value = targetCentre + dot(x, coefficients);
      const v = [0, 1].map((k) => x.reduce((sum, xj, j) => sum + xj * factor[j]?.[k], 0));
      const spread = 1 / total + dot(v, v);
      const weight = weights?.[i] ?? 1;
      const h = weight === 0 ? 0 : spread * (frequency ? 1 : weight);
      expect(fitted[i]).toAgree(value, 1e-12, 1e-13);
      expect(residuals[i]).toAgree(target[i] - value, 1e-11, 1e-13);
      expect(leverage[i]).toAgree(h, 1e-11);
      const s = target[i] - value;
      const mass = ((frequency ? weight : weight * weight) * s * s) / (1 - h) ** 2;
      const cv = [1 / total, ...v];
      for (let a = 0; a < 3; a++) for (let b = 0; b < 3; b++) want[3 * a + b] += mass * cv[a] * cv[b];
    }
    expect(meat ?? []).toAgree(want, 1e-9, 1e-12);
  });

  it('leaves out the meat where a row has leverage 1, and holds the leverage there', () => {
    const x = Float64Array.of(0, 0, 0, 1);
    const reduced = centredReduction([x], Float64Array.of(1, 2, 3, 9), undefined, true);
    const { coefficients, factor } = solveCentred(reduced, ['x'], { rows: 4, total: 4 }, true);
    const pass = rowPass({
      columns: [x],
      target: Float64Array.of(1, 2, 3, 9),
      weights: undefined,
      coefficients,
      factor,
      centre: reduced.centre,
      valueAtCentre: reduced.targetCentre,
      centreVariance: 0.25,
      frequency: false,
    });
    expect('meat' in pass).toBe(false);
    expect(pass.leverage).toAgree([1 / 3, 1 / 3, 1 / 3, 1], 1e-12);
    expect(pass.leverage[3]).toBeLessThanOrEqual(1);
    expect(pass.residuals).toAgree([-1, 0, 1, 0], 1e-12, 1e-12);
  });
});
