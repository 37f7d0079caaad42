import { readFileSync } from 'node:fs';
import '@stepclock/vitest-matchers';
import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { nnls } from '../src/index.js';

interface GoldenCase {
  readonly kind: string;
  readonly A: number[][];
  readonly b: number[];
  readonly x: number[];
  readonly residual_norm: number;
  readonly full_rank: boolean;
}

const { source, cases }: { source: string; cases: GoldenCase[] } = JSON.parse(
  readFileSync(new URL('../../../fixtures/nnls/nnls.json', import.meta.url), 'utf8'),
);

const norm = (v: readonly number[]): number => Math.hypot(...v);
const unitColumns = (A: number[][]): Matrix => {
  const m = new Matrix(A);
  return new Matrix(m.to2DArray().map((row) => row.map((v, j) => v / (norm(m.getColumn(j)) || 1))));
};

describe(`the 180 problems answered by ${source}`, () => {
  it('is the whole set', () => expect(cases).toHaveLength(180));

  it.each(cases.map((c, i) => [`${i} ${c.kind}`, c] as const))('%s', (_, { A, b, x, residual_norm, full_rank }) => {
    const got = nnls(A, b);
    const residual = b.map((v, i) => A[i].reduce((sum, a, j) => sum - a * got.x[j], v));
    const tolerance = 1e-10 * residual_norm + 1e-13 * norm(b);
    expect(Math.abs(got.residualNorm - residual_norm)).toBeLessThanOrEqual(tolerance);
    expect(Math.abs(norm(residual) - residual_norm)).toBeLessThanOrEqual(tolerance);
    expect(got.converged).toBe(true);

    for (const [j, value] of got.x.entries()) {
      const column = A.map((row) => row[j]);
      const slope = column.reduce((sum, a, i) => sum + a * residual[i], 0) / ((norm(column) || 1) * (norm(b) || 1));
      expect(value).toBeGreaterThanOrEqual(0);
      if (value > 0) expect(Math.abs(slope)).toBeLessThan(1e-13);
      else expect(slope).toBeLessThan(1e-13);
    }
    // Coefficients are comparable where they are determined: their own error bound is the condition number times rounding.
    if (full_rank && new SingularValueDecomposition(unitColumns(A)).condition < 1e6) {
      expect(got.x).toAgree(x, 1e-8, 1e-12 * Math.max(...x));
    }
  });
});
