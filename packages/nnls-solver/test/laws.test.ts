import '@stepclock/vitest-matchers';
import { seededRandom, shuffled } from '@stepclock/numerics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nnls, nnlsColumns } from '../src/index.js';

interface Problem {
  readonly rows: number[][];
  readonly target: number[];
}

const norm = (v: ArrayLike<number>): number => Math.hypot(...Array.from(v));
const residualOf = ({ rows, target }: Problem, x: ArrayLike<number>): number[] =>
  target.map((v, i) => rows[i].reduce((sum, a, j) => sum - a * x[j], v));

const shape = fc.record({ m: fc.integer({ min: 1, max: 25 }), n: fc.integer({ min: 1, max: 7 }), seed: fc.integer() });

/** Any shape and rank: some columns are zero, copies or sums of others; scales differ by up to fourteen orders. */
const anyProblem = shape.map(({ m, n, seed }): Problem => {
  const random = seededRandom(seed, 'problem');
  const rows = Array.from({ length: m }, () => Array.from({ length: n }, () => 2 * random() - 1 + 0.3));
  for (let j = 1; j < n; j++) {
    const kind = random();
    const scale = 10 ** (14 * random() - 7);
    for (const row of rows) {
      const before = row[j - 1];
      if (kind < 0.1) row[j] = 0;
      else if (kind < 0.2) row[j] = before;
      else if (kind < 0.25) row[j] = -before;
      else if (kind < 0.35) row[j] = before + row[0];
      row[j] = row[j] * scale;
    }
  }
  return { rows, target: Array.from({ length: m }, () => 2 * random() - 0.7) };
});

/** A unique, well-conditioned answer: twice as many rows as columns, and a diagonal to lean on. */
const niceProblem = shape.map(({ n, seed }): Problem => {
  const random = seededRandom(seed, 'nice');
  const rows = Array.from({ length: 2 * n + 3 }, (_, i) =>
    Array.from({ length: n }, (__, j) => 2 * random() - 1 + (i === j ? 3 : 0)),
  );
  return { rows, target: rows.map(() => 4 * random() - 1) };
});

describe('laws of nnls', () => {
  it('x >= 0, KKT holds, and the residual is never above that of x = 0', () => {
    fc.assert(
      fc.property(anyProblem, (problem) => {
        const { x, residualNorm, dual, converged, kktViolation } = nnls(problem.rows, problem.target);
        const residual = residualOf(problem, x);
        const size = norm(problem.target);
        const columns = Array.from(x, (_, j) => problem.rows.map((row) => row[j]));
        // The largest terms of b - A x: rounding in them is what bounds any check.
        const reach = columns.reduce((sum, column, j) => sum + norm(column) * x[j], size);
        expect(converged).toBe(true);
        expect(kktViolation).toBeLessThan(1e-12);
        expect(residualNorm).toAgree(norm(residual), 1e-12, 1e-13 * reach);
        expect(residualNorm).toBeLessThanOrEqual(size * (1 + 1e-13));
        for (const [j, value] of x.entries()) {
          const column = columns[j];
          const slope = column.reduce((sum, a, i) => sum + a * residual[i], 0);
          const tolerance = 1e-12 * norm(column) * reach;
          expect(value).toBeGreaterThanOrEqual(0);
          expect(dual[j]).toAgree(slope, 0, tolerance);
          if (value > 0) expect(Math.abs(slope)).toBeLessThanOrEqual(tolerance);
          else expect(slope).toBeLessThanOrEqual(tolerance);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('scaling a column by c divides its coefficient by c', () => {
    fc.assert(
      fc.property(niceProblem, fc.integer({ min: -12, max: 12 }), (problem, exponent) => {
        const c = 10 ** exponent;
        const plain = nnls(problem.rows, problem.target);
        const scaled = nnls(
          problem.rows.map((row) => row.map((a, j) => (j === 0 ? a * c : a))),
          problem.target,
        );
        expect(scaled.x.map((v, j) => (j === 0 ? v * c : v))).toAgree(plain.x, 1e-11, 1e-13);
        expect(scaled.residualNorm).toAgree(plain.residualNorm, 1e-12);
      }),
    );
  });

  it('permuting rows changes nothing, permuting columns permutes the answer', () => {
    fc.assert(
      fc.property(niceProblem, fc.integer(), ({ rows, target }, seed) => {
        const plain = nnls(rows, target);
        const rowOrder = [...shuffled(rows.length, seededRandom(seed, 'rows'))];
        const columnOrder = [...shuffled(plain.x.length, seededRandom(seed, 'columns'))];
        const moved = nnls(
          rowOrder.map((i) => columnOrder.map((j) => rows[i][j])),
          rowOrder.map((i) => target[i]),
        );
        expect(moved.x).toAgree(
          columnOrder.map((j) => plain.x[j]),
          1e-11,
          1e-13,
        );
        expect(moved.residualNorm).toAgree(plain.residualNorm, 1e-12);
      }),
    );
  });

  it('data without noise give their coefficients back', () => {
    fc.assert(
      fc.property(niceProblem, fc.integer(), ({ rows }, seed) => {
        const random = seededRandom(seed, 'truth');
        const truth = rows[0].map(() => (random() < 0.3 ? 0 : random()));
        const target = rows.map((row) => row.reduce((sum, a, j) => sum + a * truth[j], 0));
        expect(nnls(rows, target).x).toAgree(truth, 1e-11, 1e-13);
      }),
    );
  });

  it('a weight k of a row is the row k times', () => {
    fc.assert(
      fc.property(niceProblem, fc.integer(), ({ rows, target }, seed) => {
        const random = seededRandom(seed, 'weights');
        const counts = rows.map(() => Math.floor(4 * random()));
        const repeated = rows.flatMap((row, i) => Array.from({ length: counts[i] }, () => row));
        const longTarget = target.flatMap((v, i) => Array.from({ length: counts[i] }, () => v));
        const columns = rows[0].map((_, j) => Float64Array.from(rows, (row) => row[j]));
        const weighted = nnlsColumns(columns, Float64Array.from(target), { weights: Float64Array.from(counts) });
        expect(weighted.residualNorm).toAgree(nnls(repeated, longTarget).residualNorm, 1e-10, 1e-13);
      }),
    );
  });
});
