import { type Axis, positionOf, type ResolvedAxis } from '../../axis.js';
import { type Column, extentOf, requireColumns, requireRows } from '../../column.js';
import { drawn, formatNumber } from '../../number-text.js';
import { trendPoints } from '../../reduce/trend-points.js';
import { type ChartSpec, type ChartText, chart, type JsonObject, type Layer } from '../../spec.js';
import { readableAxis } from './readable-axis.js';
import { scatterLayers } from './scatter-layers.js';
import { gridFor, reductionNote, type ScatterSeries, scatterSeries, withDrawingNote } from './scatter-series.js';

export interface ResidualInput extends ChartText {
  readonly x: Axis;
  readonly residual: Axis;
  readonly series: readonly {
    readonly name: string;
    readonly x: Column;
    readonly residual: Column;
    readonly label?: (row: number) => string;
  }[];
  /** Draws a line through the medians of neighbouring rows, for each series. */
  readonly trend?: boolean;
}

/** The line at zero, that of no error. */
const zeroLine = (y: JsonObject): Layer => ({
  data: { values: [{ y: 0 }] },
  mark: { type: 'rule', style: 'reference', aria: false, tooltip: false },
  encoding: { y },
});

const trendLayers = (series: readonly ScatterSeries[], xAxis: ResolvedAxis, yAxis: ResolvedAxis): Layer[] =>
  series.map(({ placedX, placedY }) => ({
    data: {
      values: trendPoints(placedX, placedY).map(({ x, y }) => ({
        x: drawn(x * xAxis.factor),
        y: drawn(y * yAxis.factor),
      })),
    },
    mark: { type: 'line', style: 'trend', aria: false, tooltip: false },
    encoding: { x: { field: 'x', ...positionOf(xAxis) }, y: { field: 'y', ...positionOf(yAxis) } },
  }));

/**
 * Residuals against anything, with the line at zero. Beyond 1500 rows a series: squares that count, and the 150
 * residuals furthest from zero as points. Where a few rows lie so far out that the others could not be read, they stand at the edge.
 *
 * @throws Fault `charts/...` for empty, unequal or non-finite columns.
 */
export const residualSpec = (input: ResidualInput): ChartSpec => {
  requireRows('series', input.series);
  input.series.forEach(({ x, residual }, s) => {
    requireColumns({ [`series[${s}].x`]: x, [`series[${s}].residual`]: residual });
  });
  const residuals = input.series.map((one) => one.residual);
  const xAxis = readableAxis(
    input.x,
    input.series.map((one) => one.x),
    { mayBeLog: true },
  );
  const yAxis = readableAxis({ ...input.residual, scale: 'linear' }, residuals, { includeZero: true, padding: 0.05 });
  const series = input.series.map(({ name, x, residual, label }) =>
    scatterSeries({ name, x, y: residual, ...(label === undefined ? {} : { label }) }, xAxis, yAxis, {
      grid: gridFor(input.series.length),
      extremity: (row) => Math.abs(residual[row]),
    }),
  );
  const x = { field: 'x', ...positionOf(xAxis) };
  const y = { field: 'y', ...positionOf(yAxis) };
  const [low, high] = extentOf(...residuals).map((value) => formatNumber(value * yAxis.factor));
  return chart(
    withDrawingNote(input, series),
    `${yAxis.title}, ${low} to ${high}, against ${xAxis.title}; the dashed line is zero.${input.trend ? ' The line joins medians of neighbouring rows.' : ''} ${reductionNote(series)}`,
    [
      ...scatterLayers(series, xAxis, yAxis, { x, y }),
      zeroLine(y),
      ...(input.trend ? trendLayers(series, xAxis, yAxis) : []),
    ],
  );
};
