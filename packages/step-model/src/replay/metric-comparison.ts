import { meanOf, quantileSorted, sortedCopy } from '@stepclock/numerics';

/** One figure of a distribution, measured and replayed; `error` is (replayed - measured) / measured. Null: not defined. */
export interface ComparedFigure {
  readonly measured: number | null;
  readonly replayed: number | null;
  readonly error: number | null;
}

/** A metric over all requests for which both sides have it (one side, where a log has no latencies). Seconds. */
export interface ComparedMetric {
  readonly mean: ComparedFigure;
  readonly p50: ComparedFigure;
  readonly p90: ComparedFigure;
  readonly p95: ComparedFigure;
  readonly p99: ComparedFigure;
}

const summarise = (values: Float64Array) => {
  const sorted = sortedCopy(values);
  const quantile = (p: number): number | null => (sorted.length === 0 ? null : quantileSorted(sorted, p));
  return {
    mean: sorted.length === 0 ? null : meanOf(values),
    p50: quantile(0.5),
    p90: quantile(0.9),
    p95: quantile(0.95),
    p99: quantile(0.99),
  };
};

const compared = (measured: number | null, replayed: number | null): ComparedFigure => ({
  measured,
  replayed,
  error: measured === null || replayed === null || measured === 0 ? null : (replayed - measured) / measured,
});

/**
 * Mean and percentiles (linear interpolation between order statistics, as numpy's default) of both sides. A request counts
 * where both sides have a number; where the log measured nothing at all, the replayed side stands alone.
 *
 * @param counts which requests count; default: all
 */
export const compareMetric = (
  measured: Float64Array,
  replayed: Float64Array,
  counts: (request: number) => boolean = () => true,
): { readonly figures: ComparedMetric; readonly count: number } => {
  const nothingMeasured = measured.every(Number.isNaN);
  const pairs = Uint32Array.from(replayed.keys()).filter(
    (i) => counts(i) && !Number.isNaN(replayed[i]) && (nothingMeasured || !Number.isNaN(measured[i])),
  );
  const chosen = (side: Float64Array) => Float64Array.from(pairs, (i) => side[i]);
  const theirs = summarise(nothingMeasured ? new Float64Array(0) : chosen(measured));
  const ours = summarise(chosen(replayed));
  const figure = (name: keyof typeof ours) => compared(theirs[name], ours[name]);
  const figures = {
    mean: figure('mean'),
    p50: figure('p50'),
    p90: figure('p90'),
    p95: figure('p95'),
    p99: figure('p99'),
  };
  return { figures, count: pairs.length };
};
