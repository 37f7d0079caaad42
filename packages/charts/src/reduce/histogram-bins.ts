import { quantileSorted, sortedCopy } from '@stepclock/numerics';
import type { Column } from '../column.js';

/** One bar of a histogram. The outermost bars hold everything beyond them when `tail` says so. */
interface HistogramBin {
  readonly start: number;
  readonly end: number;
  readonly count: number;
  readonly tail: 'none' | 'below' | 'above';
}

export interface HistogramBins {
  readonly bins: readonly HistogramBin[];
  /** Smallest and largest value, wherever the bars end. */
  readonly range: readonly [number, number];
  /** Whether outer bars gather a tail. */
  readonly gathered: boolean;
}

const niceWidth = (raw: number): number => {
  const power = 10 ** Math.floor(Math.log10(raw));
  const lead = raw / power;
  return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 2.5 ? 2.5 : lead <= 5 ? 5 : 10);
};

/**
 * Equal bins of a round width, about `target` of them (Freedman and Diaconis where that asks for fewer). When the values reach
 * much further than their middle (beyond three times the range of the middle 95 %), the outermost bins gather what lies beyond it.
 */
export const histogramBins = (values: Column, target = 40): HistogramBins => {
  const ascending = sortedCopy(values);
  const low = ascending[0];
  const high = ascending[ascending.length - 1];
  // Values that differ by less than a double can cut into bins are one value.
  if (!(high - low > 1e-12 * Math.max(Math.abs(low), Math.abs(high), 1e-280))) {
    const half = Math.abs(low) * 0.05 || 0.5;
    const bin = { start: low - half, end: low + half, count: ascending.length, tail: 'none' } as const;
    return { bins: [bin], range: [low, high], gathered: false };
  }
  const lowTail = quantileSorted(ascending, 0.025);
  const highTail = quantileSorted(ascending, 0.975);
  const far = highTail > lowTail && high - low > 3 * (highTail - lowTail);
  const [from, to] = far
    ? [lowTail - (highTail - lowTail) * 0.25, highTail + (highTail - lowTail) * 0.25]
    : [low, high];
  const start = Math.max(from, low);
  const stop = Math.min(to, high);
  const spread = quantileSorted(ascending, 0.75) - quantileSorted(ascending, 0.25);
  const freedman = (2 * spread) / Math.cbrt(ascending.length);
  const width = niceWidth(Math.max((stop - start) / target, Math.min(freedman, (stop - start) / 16)));
  const first = Math.floor(start / width + 1e-9);
  const cells = Math.max(1, Math.ceil(stop / width - 1e-9) - first);
  const counts = new Float64Array(cells);
  for (const value of ascending) {
    const at = Math.min(cells - 1, Math.max(0, Math.floor(value / width - first)));
    counts[at] = counts[at] + 1;
  }
  const edge = (i: number): number => Number(((first + i) * width).toPrecision(12));
  const bins = Array.from(
    counts,
    (count, i): HistogramBin => ({
      start: edge(i),
      end: edge(i + 1),
      count,
      tail: i === 0 && low < edge(0) ? 'below' : i === cells - 1 && high > edge(cells) ? 'above' : 'none',
    }),
  );
  return { bins, range: [low, high], gathered: bins.some((bin) => bin.tail !== 'none') };
};
