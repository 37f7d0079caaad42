import { quantileSorted, sortedCopy } from '@stepclock/numerics';
import { type Axis, positionOf, resolveAxis } from '../axis.js';
import { type Column, extentOf, requireColumns, requireRows } from '../column.js';
import { drawn, formatNumber } from '../number-text.js';
import { distributionPoints } from '../reduce/distribution-points.js';
import { type ChartSpec, type ChartText, chart } from '../spec.js';
import { lineLayers } from './line-layers.js';
import { lowered } from './scatter/observed-predicted.js';

export interface EcdfInput extends ChartText {
  /** What is distributed; log by itself for positive values over two decades. */
  readonly quantity: Axis;
  /** Measured and replayed, say. */
  readonly series: readonly { readonly name: string; readonly values: Column }[];
}

/**
 * Empirical distribution functions on top of each other: the share of values at most x. Long columns are read at 320 ranks, with
 * the 40 smallest and largest values one by one, so that the tails are exact.
 *
 * @throws Fault `charts/...` for empty or non-finite columns.
 */
export const ecdfSpec = (input: EcdfInput): ChartSpec => {
  requireRows('series', input.series);
  input.series.forEach(({ values }, s) => {
    requireColumns({ [`series[${s}].values`]: values });
  });
  const x = resolveAxis(input.quantity, extentOf(...input.series.map((one) => one.values)), { mayBeLog: true });
  const y = resolveAxis({ label: 'Share at or below', unit: '%', domain: [0, 100] }, [0, 100]);
  const rows = input.series.flatMap((one) =>
    distributionPoints(one.values).map((point) => ({
      series: one.name,
      x: drawn(point.value * x.factor),
      y: drawn(point.share * 100),
    })),
  );
  const said = input.series.map((one) => {
    const ascending = sortedCopy(one.values);
    const at = (p: number): string => formatNumber(quantileSorted(ascending, p) * x.factor, 3);
    return `${one.name}: median ${at(0.5)}, 99 % at most ${at(0.99)}`;
  });
  return chart(
    input,
    `Distribution of ${lowered(input.quantity.label)}${x.unit === '' ? '' : ` in ${x.unit}`}. ${said.join('; ')}.`,
    lineLayers(
      rows,
      input.series.map((one) => one.name),
      { axis: x, channel: { field: 'x', ...positionOf(x) } },
      { axis: y, channel: { field: 'y', ...positionOf(y) } },
      { interpolate: 'step-after' },
    ),
    { width: 460, height: 300 },
  );
};
