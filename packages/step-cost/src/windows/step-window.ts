import { Fault } from '@stepclock/faults';
import type { RowRange } from '../rows/row-blocks.js';
import { type RowTable, residualSeconds } from '../rows/row-table.js';
import type { Term } from '../terms/term.js';

/** How the rows of a window are weighted: by 1 / fitted seconds of a fit that then stands, or all alike. */
export type Weighting = 'inverse-seconds' | 'none';

/**
 * Some time of one engine as weighted cross products of its rows: all that is asked of the rows is asked of these sums. y is kept as the
 * residual r from a stated fit, so that what is left of it keeps its digits. p terms: `gram` has p x p entries, row by row.
 */
export interface StepWindow {
  readonly terms: readonly Term[];
  readonly weighting: Weighting;
  /** The stated fit, one coefficient a term, s: `r = y - X reference`. */
  readonly reference: Float64Array;
  /** X'WX. */
  readonly gram: Float64Array;
  /** X'Wr. */
  readonly moment: Float64Array;
  /** r'Wr. */
  readonly squares: number;
  /** X'1: what the rows hold of each term, whatever their weights. */
  readonly sums: Float64Array;
  /** Rows of positive weight. */
  readonly rows: number;
  readonly seconds: number;
  readonly steps: number;
  /** Of the longest row. */
  readonly longestSec: number;
}

/**
 * The cross products of a range of rows.
 *
 * @param weights W by row; rows of weight 0 take no part
 * @param reference the stated fit; zeros where there is none yet
 */
export const windowOf = (
  rows: RowTable,
  weights: Float64Array,
  reference: Float64Array,
  range: RowRange = [0, rows.length],
  weighting: Weighting = 'inverse-seconds',
): StepWindow => windowsOf(rows, weights, reference, [range], weighting)[0];

/** One window a range of rows. */
export const windowsOf = (
  rows: RowTable,
  weights: Float64Array,
  reference: Float64Array,
  ranges: readonly RowRange[],
  weighting: Weighting = 'inverse-seconds',
): readonly StepWindow[] => {
  const residual = residualSeconds(rows, reference);
  const held = new Int32Array(rows.terms.length);
  const values = new Float64Array(rows.terms.length);
  return ranges.map((range) => crossProducts(rows, weights, residual, reference, range, weighting, held, values));
};

const crossProducts = (
  { sums, steps, seconds, terms }: RowTable,
  weights: Float64Array,
  residual: Float64Array,
  reference: Float64Array,
  [from, to]: RowRange,
  weighting: Weighting,
  held: Int32Array,
  values: Float64Array,
): StepWindow => {
  const p = terms.length;
  const gram = new Float64Array(p * p);
  const moment = new Float64Array(p);
  const whole = new Float64Array(p);
  const total = { squares: 0, rows: 0, seconds: 0, steps: 0, longestSec: 0 };
  for (let i = from; i < to; i++) {
    const w = weights[i];
    if (!(w > 0)) continue;
    // A row holds few of the many terms.
    let count = 0;
    for (let t = 0; t < p; t++) {
      const value = sums[t][i];
      if (value === 0) continue;
      held[count] = t;
      values[count++] = value;
    }
    const r = residual[i];
    for (let a = 0; a < count; a++) {
      const t = held[a];
      const x = w * values[a];
      moment[t] += x * r;
      whole[t] += values[a];
      for (let b = 0; b <= a; b++) gram[t * p + held[b]] += x * values[b];
    }
    total.squares += w * r * r;
    total.rows++;
    total.seconds += seconds[i];
    total.steps += steps[i];
    total.longestSec = Math.max(total.longestSec, seconds[i]);
  }
  mirror(gram, p);
  return { terms, weighting, reference, gram, moment, sums: whole, ...total };
};

const mirror = (gram: Float64Array, p: number): void => {
  for (let i = 0; i < p; i++) for (let j = 0; j < i; j++) gram[j * p + i] = gram[i * p + j];
};

/** Where two fits differ: by how much each term does, and which do at all. */
interface Move {
  readonly change: Float64Array;
  readonly moved: readonly number[];
}

const moveTo = ({ reference: from }: StepWindow, to: Float64Array): Move => {
  const change = new Float64Array(to.length);
  const moved: number[] = [];
  for (let t = 0; t < change.length; t++) {
    change[t] = to[t] - from[t];
    if (change[t] !== 0) moved.push(t);
  }
  return { change, moved };
};

/** Entry i of `X'WX change`. */
const imageOf = ({ gram, terms }: StepWindow, { change, moved }: Move, i: number): number => {
  const row = i * terms.length;
  let image = 0;
  for (let k = 0; k < moved.length; k++) image += gram[row + moved[k]] * change[moved[k]];
  return image;
};

const squaresAfter = (window: StepWindow, move: Move): number => {
  let squares = window.squares;
  for (const i of move.moved) squares += move.change[i] * (imageOf(window, move, i) - 2 * window.moment[i]);
  return Math.max(0, squares);
};

/** `sum w r^2` of the rows under other coefficients, s^2 x weight. */
export const squaresUnder = (window: StepWindow, coefficients: Float64Array): number =>
  squaresAfter(window, moveTo(window, coefficients));

/** `X'Wr` under other coefficients, of some terms by index, in their order. */
export const momentUnder = (window: StepWindow, coefficients: Float64Array, of: readonly number[]): Float64Array => {
  const move = moveTo(window, coefficients);
  const moment = new Float64Array(of.length);
  for (let k = 0; k < of.length; k++) moment[k] = window.moment[of[k]] - imageOf(window, move, of[k]);
  return moment;
};

/** The same window with y as the residual from another fit: algebra, no row is needed. */
export const restated = (window: StepWindow, reference: Float64Array): StepWindow => {
  if (reference === window.reference) return window;
  const move = moveTo(window, reference);
  const moment = window.moment.map((m, i) => m - imageOf(window, move, i));
  return { ...window, reference, moment, squares: squaresAfter(window, move) };
};

/** A sum in the making: its arrays are its own. */
type Sum = { -readonly [field in keyof StepWindow]: StepWindow[field] };

const sumOf = (first: StepWindow): Sum => ({
  ...first,
  gram: first.gram.slice(),
  moment: first.moment.slice(),
  sums: first.sums.slice(),
});

/** Adds a window to a sum, in place. */
const add = (sum: Sum, other: StepWindow): Sum => {
  refuseUnlike(sum, other);
  const { gram, moment, sums, squares, rows, seconds, steps, longestSec } = restated(other, sum.reference);
  for (let i = 0; i < gram.length; i++) sum.gram[i] += gram[i];
  for (let i = 0; i < moment.length; i++) {
    sum.moment[i] += moment[i];
    sum.sums[i] += sums[i];
  }
  sum.squares += squares;
  sum.rows += rows;
  sum.seconds += seconds;
  sum.steps += steps;
  sum.longestSec = Math.max(sum.longestSec, longestSec);
  return sum;
};

/**
 * The sum of windows of one engine.
 *
 * @throws Fault `step-cost/no-windows`, `step-cost/unlike-windows` where terms or weights differ
 */
export const mergeWindows = (windows: readonly StepWindow[]): StepWindow => {
  const [first, ...others] = windows;
  if (first === undefined)
    throw new Fault('step-cost/no-windows', { what: 'windows', rule: 'must be at least one', value: 0 });
  return others.reduce(add, sumOf(first));
};

/** The window of `times` as many rows of which these are a fair sample. */
export const standingFor = (window: StepWindow, times: number): StepWindow => {
  if (times === 1) return window;
  const { gram, moment, sums, squares, rows, seconds, steps } = window;
  const all = (column: Float64Array): Float64Array => column.map((x) => times * x);
  return {
    ...window,
    gram: all(gram),
    moment: all(moment),
    sums: all(sums),
    squares: times * squares,
    rows: Math.round(times * rows),
    seconds: times * seconds,
    steps: times * steps,
  };
};

const namesOf = ({ terms }: StepWindow): string => terms.map(({ name }) => name).join(', ');

const refuseUnlike = (a: StepWindow, b: StepWindow): void => {
  if (a.weighting !== b.weighting) {
    const rule = `must be weighted alike (${a.weighting})`;
    throw new Fault('step-cost/unlike-windows', { what: 'windows', rule, value: b.weighting });
  }
  if (a.terms !== b.terms && namesOf(a) !== namesOf(b)) {
    const rule = `must be of the same terms (${namesOf(a)})`;
    throw new Fault('step-cost/unlike-windows', { what: 'windows', rule, value: namesOf(b) });
  }
};

/** The sum of all windows but one, for each: added up from both sides, never subtracted. Of one window: nothing is left. */
export const withoutEach = (windows: readonly StepWindow[]): readonly StepWindow[] => {
  const last = windows.length - 1;
  if (last < 1) return windows.map(() => mergeWindows([]));
  // The windows before each; what comes after is added from behind.
  const rest = [sumOf(windows[0])];
  for (let i = 2; i <= last; i++) rest.push(add(sumOf(rest[i - 2]), windows[i - 1]));
  const after = sumOf(windows[last]);
  for (let i = last - 1; i > 0; i--) {
    add(rest[i - 1], after);
    add(after, windows[i]);
  }
  return [after, ...rest];
};
