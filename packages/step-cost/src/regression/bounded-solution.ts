import { choleskyFactor, solveLowerInPlace, solveUpperInPlace } from '@stepclock/numerics';

/** A column is new to those inside if at least this share of its squared length is (columns of length 1). */
const LEAST_PIVOT = 1e-11;
/** A dual value is positive above this (columns and target of length 1). */
const LEAST_DUAL = 1e-12;

/**
 * `min b'Gb - 2 b'm` over the coefficients, those of sign 'non-negative' held at or above zero: Lawson and Hanson's active set on the
 * normal equations (Bro and de Jong 1997, doi:10.1002/(SICI)1099-128X(199709/10)11:5<393::AID-CEM483>3.0.CO;2-L), with free coefficients
 * inside from the start. A column that depends on those inside stays out, at zero.
 *
 * @param gram p x p, row by row, its diagonal scaled to 1 or 0
 * @param moment p values
 * @param free by coefficient: 1 where it may be negative
 * @param length of the target, in the same units as `moment`
 * @returns the coefficients and which of them are inside
 */
export const boundedSolution = (
  gram: Float64Array,
  moment: Float64Array,
  free: Uint8Array,
  targetLength: number,
): { readonly x: Float64Array; readonly inside: readonly number[] } => {
  const p = moment.length;
  const refused = new Set<number>();
  let inside = independent(
    Array.from({ length: p }, (_, j) => j).filter((j) => free[j] === 1 && gram[j * p + j] > 0),
    gram,
    p,
  );
  let x = spread(inside, solvedOn(inside, gram, moment), p);
  let best = objective(gram, moment, x);
  for (let turn = 0; turn < 3 * p + 10; turn++) {
    const entering = steepest(gram, moment, x, inside, refused, LEAST_DUAL * targetLength);
    if (entering === undefined) break;
    const next = entered([...inside, entering], gram, moment, x, free);
    const value = next === undefined ? best : objective(gram, moment, next.x);
    // No fall is rounding; taking such a turn is what lets the textbook form loop for ever.
    if (next === undefined || !(value < best)) {
      refused.add(entering);
      continue;
    }
    ({ x, inside } = next);
    best = value;
    refused.clear();
  }
  return { x, inside };
};

/** Those of some columns that do not depend on the ones before them. */
const independent = (columns: readonly number[], gram: Float64Array, p: number): number[] => {
  if (factorOn(columns, gram, p) !== undefined) return [...columns];
  const kept: number[] = [];
  for (const j of columns) if (factorOn([...kept, j], gram, p) !== undefined) kept.push(j);
  return kept;
};

/** Walks from x towards the unconstrained solution on the candidates; whatever reaches zero first leaves. */
const entered = (
  candidates: readonly number[],
  gram: Float64Array,
  moment: Float64Array,
  x: Float64Array,
  free: Uint8Array,
): { readonly x: Float64Array; readonly inside: number[] } | undefined => {
  const at = x.slice();
  let inside = [...candidates];
  let z = solvedOn(inside, gram, moment);
  if (z === undefined || !(z[z.length - 1] > 0)) return undefined;
  for (;;) {
    let reach = 1;
    let first = -1;
    for (const [k, j] of inside.entries()) {
      if (free[j] === 1 || z[k] > 0) continue;
      const share = at[j] / (at[j] - z[k]);
      if (first < 0 || share < reach) {
        reach = share;
        first = j;
      }
    }
    if (first < 0) return { x: spread(inside, z, x.length), inside };
    for (const [k, j] of inside.entries()) at[j] += reach * (z[k] - at[j]);
    at[first] = 0;
    inside = inside.filter((j) => j !== first);
    const solution = solvedOn(inside, gram, moment);
    if (solution === undefined) return undefined;
    z = solution;
  }
};

const objective = (gram: Float64Array, moment: Float64Array, x: Float64Array): number => {
  const p = x.length;
  let value = 0;
  for (let i = 0; i < p; i++) {
    if (x[i] === 0) continue;
    let image = 0;
    for (let j = 0; j < p; j++) image += gram[i * p + j] * x[j];
    value += x[i] * (image - 2 * moment[i]);
  }
  return value;
};

const spread = (inside: readonly number[], z: Float64Array | undefined, p: number): Float64Array => {
  const x = new Float64Array(p);
  for (const [k, j] of inside.entries()) x[j] = z?.[k] ?? 0;
  return x;
};

/** The entries of a matrix at some rows and columns. */
const minor = (gram: Float64Array, p: number, at: readonly number[]): Float64Array => {
  const n = at.length;
  const part = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) part[i * n + j] = gram[at[i] * p + at[j]];
  return part;
};

/** Cholesky factor of a scaled minor; undefined where a column depends on those before it. */
export const factorOn = (inside: readonly number[], gram: Float64Array, p: number): Float64Array | undefined => {
  const n = inside.length;
  const factor = choleskyFactor(minor(gram, p, inside), n);
  if (factor === undefined) return undefined;
  for (let k = 0; k < n; k++) {
    const j = inside[k];
    if (!(factor[k * n + k] ** 2 > LEAST_PIVOT * gram[j * p + j])) return undefined;
  }
  return factor;
};

/** The unconstrained solution on some coefficients; undefined where they depend on each other. */
export const solvedOn = (
  inside: readonly number[],
  gram: Float64Array,
  moment: Float64Array,
): Float64Array | undefined => {
  const n = inside.length;
  const factor = factorOn(inside, gram, moment.length);
  if (factor === undefined) return undefined;
  const b = Float64Array.from(inside, (j) => moment[j]);
  return solveUpperInPlace(factor, n, solveLowerInPlace(factor, n, b));
};

const steepest = (
  gram: Float64Array,
  moment: Float64Array,
  x: Float64Array,
  inside: readonly number[],
  refused: ReadonlySet<number>,
  least: number,
): number | undefined => {
  const p = x.length;
  let best: number | undefined;
  let most = least;
  for (let j = 0; j < p; j++) {
    if (inside.includes(j) || refused.has(j) || !(gram[j * p + j] > 0)) continue;
    let dual = moment[j];
    for (let k = 0; k < p; k++) dual -= gram[j * p + k] * x[k];
    if (dual > most) {
      most = dual;
      best = j;
    }
  }
  return best;
};
