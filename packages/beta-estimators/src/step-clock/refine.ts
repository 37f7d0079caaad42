import { type ReducedRows, reduceRows } from '@stepclock/nnls-solver';
import type { ClusterRows } from './clusters.js';
import { predictedSeconds, rowColumns, type StepBetas, type Width } from './row-fit.js';

/** What is left of the rows' seconds, s. */
export const residualSeconds = (rows: ClusterRows, beta: StepBetas): Float64Array =>
  Float64Array.from({ length: rows.length }, (_, i) => rows.seconds[i] - predictedSeconds(rows, beta, i));

/** Coefficients that are not held at zero. */
export const freeCoefficients = (beta: StepBetas, width: Width): number[] =>
  beta.slice(0, width).flatMap((b, j) => (b > 0 ? [j] : []));

/** Least squares without bounds on a reduced system of full rank: back substitution. Undefined where the rank is lacking. */
export const solved = ({ r, qty }: ReducedRows): Float64Array | undefined => {
  const n = qty.length;
  const x = new Float64Array(n);
  for (let i = n - 1; i >= 0; i--) {
    let sum = qty[i];
    for (let j = i + 1; j < n; j++) sum -= r.get(i, j) * x[j];
    x[i] = sum / r.get(i, i);
  }
  return x.every(Number.isFinite) ? x : undefined;
};

/**
 * One step of iterative refinement: the residual is small and is computed row by row, so regressing on it takes off most of the
 * rounding that the factorisation left. On a trace without noise this rounding is all the error there is.
 */
export const refined = (rows: ClusterRows, width: Width, weights: Float64Array, beta: StepBetas): StepBetas => {
  const free = freeCoefficients(beta, width);
  const columns = rowColumns(rows, width);
  const correction = solved(
    reduceRows(
      free.map((j) => columns[j]),
      residualSeconds(rows, beta),
      { weights },
    ),
  );
  // A design without full rank has no correction to offer.
  const small = correction?.every((c, f) => Math.abs(c) <= 1e-6 * beta[free[f]]) ?? false;
  if (correction === undefined || !small) return beta;
  const better = [...beta] as [number, number, number, number];
  for (const [f, j] of free.entries()) better[j] = better[j] + correction[f];
  return better;
};
