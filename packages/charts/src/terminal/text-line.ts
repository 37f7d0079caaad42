import { chartsFault } from '../charts-fault.js';
import { type Column, extentOf, requireColumns } from '../column.js';
import { formatNumber } from '../number-text.js';
import { timeBins } from '../reduce/time-bins.js';

export interface TextLineInput {
  readonly title: string;
  readonly x: Column;
  readonly y: Column;
  /** How much each row counts in the mean of its column of dots. Default 1. */
  readonly weight?: Column;
  readonly xUnit?: string;
  readonly yUnit?: string;
  /** Letters a line, default 72. */
  readonly width?: number;
  /** Lines of the plot, default 10. */
  readonly height?: number;
}

/** Bits of a Braille letter's dots, by column and line from the top. */
const DOTS: readonly (readonly number[])[] = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
];

/** Rows of Braille letters with the dots of `levels` (0 at the bottom; NaN where nothing is known) set and joined upright. */
const braille = (levels: Float64Array, columns: number, lines: number): string[] => {
  const cells = new Uint8Array(columns * lines);
  const dots = lines * 4;
  const set = (x: number, level: number): void => {
    const fromTop = dots - 1 - level;
    const cell = (x >> 1) + columns * (fromTop >> 2);
    cells[cell] = cells[cell] | (DOTS[x & 1]?.[fromTop & 3] ?? 0);
  };
  let before = Number.NaN;
  levels.forEach((level, x) => {
    if (!Number.isNaN(level)) {
      const from = Number.isNaN(before) ? level : before + Math.sign(level - before);
      for (let at = Math.min(from, level); at <= Math.max(from, level); at++) set(x, at);
    }
    before = level;
  });
  return Array.from({ length: lines }, (_, line) =>
    Array.from(cells.subarray(line * columns, (line + 1) * columns), (bits) =>
      bits === 0 ? ' ' : String.fromCharCode(0x2800 + bits),
    ).join(''),
  );
};

/**
 * A line for the terminal, in Braille dots: the weighted mean of each of as many stretches of x as there are dots. Lines have no
 * trailing blanks; the text ends without a line break.
 *
 * @throws Fault `charts/...` for empty, unequal or non-finite columns, a width below 30 or a height below 2.
 */
export const textLine = (input: TextLineInput): string => {
  const { x, y, weight, width = 72, height = 10, xUnit = '', yUnit = '' } = input;
  if (!(width >= 30)) throw chartsFault('charts/bad-option', 'width', 'must be at least 30', width);
  if (!(height >= 2)) throw chartsFault('charts/bad-option', 'height', 'must be at least 2', height);
  requireColumns({ x, y, ...(weight === undefined ? {} : { weight }) });
  const [first, last] = extentOf(x);
  const labelRoom = 12;
  const columns = width - labelRoom - 2;
  const bins = timeBins(x, y, weight, columns * 2);
  const means = bins.map((bin) => bin.mean);
  const low = Math.min(0, ...means);
  const high = Math.max(...means, low === 0 ? Number.MIN_VALUE : 0);
  const top = height * 4 - 1;
  const levels = new Float64Array(columns * 2).fill(Number.NaN);
  const stretch = (last - first) / (columns * 2) || 1;
  for (const bin of bins) {
    const at = Math.min(columns * 2 - 1, Math.round((bin.start - first) / stretch));
    levels[at] = Math.round(((bin.mean - low) / (high - low || 1)) * top);
  }
  const rows = braille(joined(levels), columns, height);
  const label = (line: number): string =>
    line === 0 ? formatNumber(high, 3) : line === height - 1 ? formatNumber(low, 3) : '';
  const ends = `${formatNumber(first, 4)}${xUnit === '' ? '' : ` ${xUnit}`}`;
  const end = `${formatNumber(last, 4)}${xUnit === '' ? '' : ` ${xUnit}`}`;
  return [
    `${input.title}${yUnit === '' ? '' : ` (${yUnit})`}`,
    ...rows.map((row, line) => `${label(line).padStart(labelRoom)} ┤${row}`.trimEnd()),
    `${' '.repeat(labelRoom)} └${'─'.repeat(columns)}`,
    `${' '.repeat(labelRoom + 2)}${ends}${end.padStart(Math.max(end.length + 1, columns - ends.length))}`,
  ].join('\n');
};

/** Fills short gaps (fewer rows than dots) by a straight line between their neighbours. */
const joined = (levels: Float64Array): Float64Array => {
  const out = Float64Array.from(levels);
  let known = -1;
  for (let i = 0; i < out.length; i++) {
    const here = out[i];
    if (Number.isNaN(here)) continue;
    if (known >= 0 && i - known > 1) {
      const from = out[known];
      for (let gap = known + 1; gap < i; gap++)
        out[gap] = Math.round(from + ((here - from) * (gap - known)) / (i - known));
    }
    known = i;
  }
  return out;
};
