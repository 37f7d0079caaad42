import { choleskyFactor, solveLowerInPlace, solveUpperInPlace } from '@stepclock/numerics';

/**
 * Plain least squares by normal equations on columns scaled to length 1, with one step of refinement: what a fit is held against.
 *
 * @param columns of the design
 */
export const leastSquares = (columns: readonly Float64Array[], y: Float64Array): readonly number[] => {
  const p = columns.length;
  const length = columns.map((x) => Math.hypot(...chunks(x)) || 1);
  const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, v, i) => sum + v * b[i], 0);
  const gram = new Float64Array(p * p);
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < p; j++) gram[i * p + j] = dot(columns[i], columns[j]) / (length[i] * length[j]);
  }
  const factor = choleskyFactor(gram, p);
  if (factor === undefined) throw new Error('columns depend on each other');
  const solve = (target: Float64Array): number[] => {
    const right = Float64Array.from(columns, (x, j) => dot(x, target) / length[j]);
    return [...solveUpperInPlace(factor, p, solveLowerInPlace(factor, p, right))].map((b, j) => b / length[j]);
  };
  const first = solve(y);
  const more = solve(y.map((v, i) => v - columns.reduce((sum, x, j) => sum + first[j] * x[i], 0)));
  return first.map((b, j) => b + more[j]);
};

/** Lengths of parts, whose length is the whole's: a call takes so many arguments. */
const chunks = (x: Float64Array): number[] => {
  const parts: number[] = [];
  for (let at = 0; at < x.length; at += 1000) parts.push(Math.hypot(...x.subarray(at, at + 1000)));
  return parts;
};
