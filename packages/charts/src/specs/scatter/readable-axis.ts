import { selectQuantile } from '@stepclock/numerics';
import { type Axis, type AxisRules, type ResolvedAxis, resolveAxis } from '../../axis.js';
import { type Column, extentOf } from '../../column.js';

/** Few rows: 2 % of them, or two where there are twenty. */
const fewOf = (rows: number): number => Math.max(Math.floor(rows / 50), Math.min(2, Math.floor(rows / 10)));
/** An axis that a few rows make more than so many times as long as the others need squeezes the others. */
const SQUEEZED = 3;
/** Room beyond the last of the others, as a share of their range: what lies at the edge stands apart from them. */
const ROOM = 0.15;

const joined = (columns: readonly Column[], of: (value: number) => number): Float64Array => {
  const all = new Float64Array(columns.reduce((sum, column) => sum + column.length, 0));
  let at = 0;
  for (const column of columns) for (let i = 0; i < column.length; i++) all[at++] = of(column[i]);
  return all;
};

/** The range of all values; where a few far out would squeeze the others, that of the others, with room at that end. */
const readableRange = (values: Float64Array): readonly [number, number] => {
  const share = fewOf(values.length) / Math.max(1, values.length - 1);
  const low = selectQuantile(values, share);
  const high = selectQuantile(values, 1 - share);
  const reach = high > low ? (SQUEEZED - 1) * (high - low) : Number.POSITIVE_INFINITY;
  const [least, most] = extentOf(values);
  const [first, last] = extentOf(values.filter((value) => value >= low - reach && value <= high + reach));
  const room = ROOM * (last - first);
  return [least < first ? first - room : least, most > last ? last + room : most];
};

/**
 * An axis on which the many rows can be read: where a few lie so far out that the others would share a third of it or less, it ends before
 * them, and they stand at its edge. On a log scale (by itself where the readable values span two decades) by their logarithms.
 */
export const readableAxis = (axis: Axis, columns: readonly Column[], rules: AxisRules = {}): ResolvedAxis => {
  const extent = extentOf(...columns);
  if (axis.domain !== undefined) return resolveAxis(axis, extent, rules);
  if (axis.scale === 'log' || (axis.scale !== 'linear' && rules.mayBeLog === true && extent[0] > 0)) {
    // resolveAxis says what is wrong with a log scale of values that are not positive.
    if (!(extent[0] > 0)) return resolveAxis(axis, extent, rules);
    const ends = readableRange(joined(columns, Math.log));
    // exp(log(x)) is not x to the last bit.
    const [low, high] = ends.map((end, i) => (end === Math.log(extent[i]) ? extent[i] : Math.exp(end)));
    const log = resolveAxis(axis, [low, high], rules);
    if (log.log) return log;
  }
  return resolveAxis({ ...axis, scale: 'linear' }, readableRange(joined(columns, Number)), rules);
};
