import { choleskyFactor } from '@stepclock/numerics';
import { minor } from '../windows/narrowed.js';
import { GrowingFactor, LEAST_PIVOT } from './growing-factor.js';

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
 * @returns the coefficients, and the factor of the columns inside
 */
export const boundedSolution = (
  gram: Float64Array,
  moment: Float64Array,
  free: Uint8Array,
  targetLength: number,
): { readonly x: Float64Array; readonly factor: GrowingFactor } => {
  const p = moment.length;
  const refused = new Set<number>();
  let factor = new GrowingFactor(gram, p);
  for (let j = 0; j < p; j++) if (free[j] === 1 && gram[j * p + j] > 0) factor.append(j);
  let x = spread(factor.columns, factor.solve(moment), p);
  let best = objective(gram, moment, x);
  for (let turn = 0; turn < 3 * p + 10; turn++) {
    const entering = steepest(gram, moment, x, factor.columns, refused, LEAST_DUAL * targetLength);
    if (entering === undefined) break;
    const next = entered(factor, entering, gram, moment, x, free);
    const value = next === undefined ? best : objective(gram, moment, next.x);
    // No fall is rounding; taking such a turn is what lets the textbook form loop for ever.
    if (next === undefined || !(value < best)) {
      if (next?.factor === factor) factor.drop();
      refused.add(entering);
      continue;
    }
    ({ x, factor } = next);
    best = value;
    refused.clear();
  }
  return { x, factor };
};

interface Entered {
  readonly x: Float64Array;
  readonly factor: GrowingFactor;
}

/** Walks from x towards the unconstrained solution with one column more; whatever reaches zero first leaves. Undefined where the column cannot enter. */
const entered = (
  factor: GrowingFactor,
  entering: number,
  gram: Float64Array,
  moment: Float64Array,
  x: Float64Array,
  free: Uint8Array,
): Entered | undefined => {
  if (!factor.append(entering)) return undefined;
  let z = factor.solve(moment);
  let inside = [...factor.columns];
  if (z[z.length - 1] > 0 && z.every((value, k) => free[inside[k]] === 1 || value > 0))
    return { x: spread(inside, z, x.length), factor };
  factor.drop();
  if (!(z[z.length - 1] > 0)) return undefined;
  const at = x.slice();
  let other = factor;
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
    if (first < 0) return { x: spread(inside, z, x.length), factor: other };
    for (const [k, j] of inside.entries()) at[j] += reach * (z[k] - at[j]);
    at[first] = 0;
    inside = inside.filter((j) => j !== first);
    other = new GrowingFactor(gram, x.length);
    if (!inside.every((j) => other.append(j))) return undefined;
    z = other.solve(moment);
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

const spread = (inside: readonly number[], z: Float64Array, p: number): Float64Array => {
  const x = new Float64Array(p);
  for (let k = 0; k < inside.length; k++) x[inside[k]] = z[k];
  return x;
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
