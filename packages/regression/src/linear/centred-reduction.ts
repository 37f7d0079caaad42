import { mergeReduced, type ReducedRows, reduceRows } from '@stepclock/nnls-solver';
import { meanOf } from '@stepclock/numerics';

/** Rows that are centred at a time: a chunk of ten columns is 5 MB, so a million rows need no second copy. */
const CHUNK_ROWS = 65_536;

/** A tall weighted system as a small triangle about its centre. */
export interface CentredReduction {
  /** Weighted mean of each column; 0 without an intercept. */
  readonly centre: Float64Array;
  readonly targetCentre: number;
  /** Columns of the triangle of `sqrt(W) (X - centre)`, p x p. */
  readonly triangle: readonly Float64Array[];
  /** `Q' sqrt(W) (y - targetCentre)`, p values. */
  readonly qty: Float64Array;
}

/**
 * One value over all rows that count, or undefined. A constant is its own centre: a rounded mean would turn it into noise.
 */
const constantOf = (column: Float64Array, weights: Float64Array | undefined): number | undefined => {
  let first: number | undefined;
  for (let i = 0; i < column.length; i++) {
    if (weights !== undefined && !(weights[i] > 0)) continue;
    if (first === undefined) first = column[i];
    else if (column[i] !== first) return undefined;
  }
  return first;
};

const shifted = (column: Float64Array, from: number, to: number, by: number): Float64Array => {
  const part = column.subarray(from, to);
  if (by === 0) return part;
  const out = new Float64Array(part.length);
  for (let i = 0; i < out.length; i++) out[i] = part[i] - by;
  return out;
};

/**
 * Centres by the weighted means, then reduces in chunks. With an intercept its column of ones comes along as the first: what the rounded
 * means leave over lands in its row, and corrects them.
 */
export const centredReduction = (
  columns: readonly Float64Array[],
  target: Float64Array,
  weights: Float64Array | undefined,
  intercept: boolean,
): CentredReduction => {
  const centreOf = (column: Float64Array): number =>
    intercept ? (constantOf(column, weights) ?? meanOf(column, weights)) : 0;
  const centre = Float64Array.from(columns, centreOf);
  const targetCentre = centreOf(target);
  const lead = intercept ? 1 : 0;

  const parts: ReducedRows[] = [];
  for (let from = 0; from < target.length; from += CHUNK_ROWS) {
    const to = Math.min(from + CHUNK_ROWS, target.length);
    const part = columns.map((column, j) => shifted(column, from, to, centre[j]));
    if (intercept) part.unshift(new Float64Array(to - from).fill(1));
    const options = weights === undefined ? {} : { weights: weights.subarray(from, to) };
    parts.push(reduceRows(part, shifted(target, from, to, targetCentre), options));
  }
  const [only] = parts;
  const { r, qty } = parts.length === 1 && only !== undefined ? only : mergeReduced(parts);

  const rest = (j: number): number => (intercept ? r.get(0, j + 1) / r.get(0, 0) : 0);
  return {
    centre: centre.map((value, j) => value + rest(j)),
    targetCentre: targetCentre + (intercept ? qty[0] / r.get(0, 0) : 0),
    triangle: columns.map((_, j) => Float64Array.from(columns, (__, i) => r.get(i + lead, j + lead))),
    qty: qty.slice(lead),
  };
};
