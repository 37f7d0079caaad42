import { type Axis, positionOf, resolveAxis } from '../axis.js';
import { type Column, extentOf, requireColumns, requireRows } from '../column.js';
import { formatNumber } from '../number-text.js';
import { type ChartSpec, type ChartText, chart } from '../spec.js';
import { gridFor, reducedSeries, reductionNote, scatterLayers } from './scatter-layers.js';

export interface ResidualInput extends ChartText {
  readonly x: Axis;
  readonly residual: Axis;
  readonly series: readonly {
    readonly name: string;
    readonly x: Column;
    readonly residual: Column;
    readonly label?: (row: number) => string;
  }[];
  readonly maxPoints?: number;
}

/**
 * Residuals against anything, with the line at zero. Beyond `maxPoints` rows a series (default 1500): cells with counts, and the
 * 150 residuals furthest from zero as points.
 *
 * @throws ChartsError for empty, unequal or non-finite columns.
 */
export const residualSpec = (input: ResidualInput): ChartSpec => {
  requireRows('series', input.series);
  input.series.forEach(({ x, residual }, s) => {
    requireColumns({ [`series[${s}].x`]: x, [`series[${s}].residual`]: residual });
  });
  const xAxis = resolveAxis(input.x, extentOf(...input.series.map((one) => one.x)), { mayBeLog: true });
  const yAxis = resolveAxis(
    { ...input.residual, scale: 'linear' },
    extentOf(...input.series.map((one) => one.residual)),
    {
      includeZero: true,
      padding: 0.05,
    },
  );
  const series = input.series.map(({ name, x, residual, label }) =>
    reducedSeries(
      { name, x, y: residual, ...(label === undefined ? {} : { label }) },
      {
        xLog: xAxis.log,
        grid: gridFor(input.series.length),
        ...(input.maxPoints === undefined ? {} : { maxPoints: input.maxPoints }),
        extremity: (row) => Math.abs(residual[row] as number),
      },
    ),
  );
  const x = { field: 'x', ...positionOf(xAxis) };
  const y = { field: 'y', ...positionOf(yAxis) };
  const [low, high] = yAxis.domain;
  return chart(
    input,
    `${yAxis.title}, ${formatNumber(low)} to ${formatNumber(high)}, against ${xAxis.title}; the dashed line is zero. ${reductionNote(series)}`,
    [
      ...scatterLayers(series, xAxis, yAxis, { x, y }),
      {
        data: { values: [{ y: 0 }] },
        mark: { type: 'rule', style: 'reference', aria: false, tooltip: false },
        encoding: { y },
      },
    ],
  );
};
