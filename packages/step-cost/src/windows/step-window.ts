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
  return ranges.map((range) => crossProducts(rows, weights, residual, reference, range, weighting, held));
};

const crossProducts = (
  { sums, steps, seconds, terms }: RowTable,
  weights: Float64Array,
  residual: Float64Array,
  reference: Float64Array,
  [from, to]: RowRange,
  weighting: Weighting,
  held: Int32Array,
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
    for (let t = 0; t < p; t++) if (sums[t][i] !== 0) held[count++] = t;
    const r = residual[i];
    for (let a = 0; a < count; a++) {
      const t = held[a];
      const x = w * sums[t][i];
      moment[t] += x * r;
      whole[t] += sums[t][i];
      for (let b = 0; b <= a; b++) gram[t * p + held[b]] += x * sums[held[b]][i];
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
  const change = to.map((b, t) => b - from[t]);
  const moved: number[] = [];
  for (let t = 0; t < change.length; t++) if (change[t] !== 0) moved.push(t);
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
  return Float64Array.from(of, (t) => window.moment[t] - imageOf(window, move, t));
};

/** The same window with y as the residual from another fit: algebra, no row is needed. */
export const restated = (window: StepWindow, reference: Float64Array): StepWindow => {
  if (reference === window.reference) return window;
  const move = moveTo(window, reference);
  const moment = window.moment.map((m, i) => m - imageOf(window, move, i));
  return { ...window, reference, moment, squares: squaresAfter(window, move) };
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
  const sum = { ...first, gram: first.gram.slice(), moment: first.moment.slice(), sums: first.sums.slice() };
  for (const other of others) {
    refuseUnlike(first, other);
    const { gram, moment, sums, squares, rows, seconds, steps, longestSec } = restated(other, first.reference);
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
  }
  return sum;
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

/** The sum of all windows but one, for each: added up from both sides, never subtracted. */
export const withoutEach = (windows: readonly StepWindow[]): readonly StepWindow[] => {
  const before: (StepWindow | undefined)[] = [undefined];
  for (let i = 0; i + 1 < windows.length; i++) before.push(joined(before[i], windows[i]));
  const rest: StepWindow[] = [];
  let after: StepWindow | undefined;
  for (let i = windows.length - 1; i >= 0; i--) {
    rest[i] = mergeWindows([before[i], after].filter((part) => part !== undefined));
    after = joined(windows[i], after);
  }
  return rest;
};

const joined = (a: StepWindow | undefined, b: StepWindow | undefined): StepWindow | undefined =>
  a === undefined || b === undefined ? (a ?? b) : mergeWindows([a, b]);
