import { chartsFault } from '../charts-fault.js';
import { type Column, requireColumns } from '../column.js';
import { formatNumber } from '../number-text.js';
import { histogramBins } from '../reduce/histogram-bins.js';

export interface TextHistogramInput {
  readonly title: string;
  readonly values: Column;
  /** Unit of the values, after the ends of each bar. */
  readonly unit?: string;
  /** Letters a line, default 72. */
  readonly width?: number;
  /** About so many bars, default 12. */
  readonly bars?: number;
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of full and part blocks; something, however small, is never drawn as nothing. */
const blocks = (share: number, width: number): string => {
  const eighths = share === 0 ? 0 : Math.max(1, Math.round(share * width * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
};

/**
 * A histogram for the terminal: one line a bar, its range, its count. Lines have no trailing blanks and end without a line break.
 *
 * @throws Fault `charts/...` for empty or non-finite values, or a width below 40.
 * @example
 * textHistogram({ title: 'Residuals', values: [-1, 0, 0, 1], unit: '%', bars: 3 })
 */
export const textHistogram = (input: TextHistogramInput): string => {
  const { values, unit = '', width = 72, bars = 12 } = input;
  if (!(width >= 40)) throw chartsFault('charts/bad-option', 'width', 'must be at least 40', width);
  if (!(bars >= 1)) throw chartsFault('charts/bad-option', 'bars', 'must be at least 1', bars);
  requireColumns({ values });
  const { bins, range } = histogramBins(values, bars);
  const suffix = unit === '' ? '' : ` ${unit}`;
  const labels = bins.map((bin) =>
    bin.tail === 'below'
      ? `below ${formatNumber(bin.end)}`
      : bin.tail === 'above'
        ? `above ${formatNumber(bin.start)}`
        : `${formatNumber(bin.start)} to ${formatNumber(bin.end)}`,
  );
  const counts = bins.map((bin) => formatNumber(bin.count, 9));
  const labelWidth = Math.max(...labels.map((label) => label.length));
  const countWidth = Math.max(...counts.map((count) => count.length));
  const highest = Math.max(...bins.map((bin) => bin.count));
  const room = Math.max(8, width - labelWidth - countWidth - 4);
  const lines = bins.map((bin, i) =>
    `${(labels[i] ?? '').padStart(labelWidth)}  ${(counts[i] ?? '').padStart(countWidth)}  ${blocks(bin.count / highest, room)}`.trimEnd(),
  );
  return [
    `${input.title}${suffix === '' ? '' : ` (${unit})`}`,
    ...lines,
    `${formatNumber(values.length, 9)} values from ${formatNumber(range[0])} to ${formatNumber(range[1])}${suffix}`,
  ].join('\n');
};
