import { type Axis, positionOf, tooltipOf } from '../../axis.js';
import { type Column, requireColumns, requireRows } from '../../column.js';
import { drawn, formatNumber } from '../../number-text.js';
import { type ChartSpec, type ChartText, chart, type Layer } from '../../spec.js';
import { lineLayers, lineLegend } from '../line-layers.js';
import { pickedOpacity, seriesColour } from '../series-look.js';
import { readableAxis } from './readable-axis.js';
import { scatterLayers } from './scatter-layers.js';
import { gridFor, reductionNote, scatterSeries, withDrawingNote } from './scatter-series.js';

/** A fitted line with the interval around it. */
export interface Band {
  readonly name: string;
  /** Rising. */
  readonly x: Column;
  readonly fit: Column;
  readonly lower: Column;
  readonly upper: Column;
}

export interface BandInput extends ChartText {
  readonly x: Axis;
  readonly y: Axis;
  readonly bands: readonly Band[];
  /** Observed rows, drawn in the colour of the band with the same name. */
  readonly observed?: readonly { readonly name: string; readonly x: Column; readonly y: Column }[];
  /** What the band is: '95 % prediction interval'. */
  readonly meaning: string;
}

/**
 * Fitted lines with prediction (or confidence) bands, over the observed points.
 *
 * @throws Fault `charts/...` for empty, unequal or non-finite columns.
 */
export const bandSpec = (input: BandInput): ChartSpec => {
  const { bands, observed = [] } = input;
  requireRows('bands', bands);
  bands.forEach(({ x, fit, lower, upper }, b) => {
    requireColumns({
      [`bands[${b}].x`]: x,
      [`bands[${b}].fit`]: fit,
      [`bands[${b}].lower`]: lower,
      [`bands[${b}].upper`]: upper,
    });
  });
  observed.forEach(({ x, y }, o) => {
    requireColumns({ [`observed[${o}].x`]: x, [`observed[${o}].y`]: y });
  });
  const xAxis = readableAxis(input.x, [...bands.map((band) => band.x), ...observed.map((one) => one.x)]);
  const yAxis = readableAxis(input.y, [
    ...bands.flatMap((band) => [band.lower, band.upper]),
    ...observed.map((one) => one.y),
  ]);
  const x = { field: 'x', ...positionOf(xAxis) };
  const y = { field: 'y', ...positionOf(yAxis) };
  const names = [...new Set([...bands.map((band) => band.name), ...observed.map((one) => one.name)])];
  const rows = bands.flatMap((band) =>
    Array.from(band.x, (at, i) => ({
      series: band.name,
      x: drawn(at * xAxis.factor),
      y: drawn(band.fit[i] * yAxis.factor),
      low: drawn(band.lower[i] * yAxis.factor),
      high: drawn(band.upper[i] * yAxis.factor),
    })),
  );
  const points = observed.map((one) => scatterSeries(one, xAxis, yAxis, { grid: gridFor(observed.length) }));
  const unpicked = (layer: Layer): Layer => {
    const { params: _params, ...rest } = layer;
    return rest as Layer;
  };
  const layers: Layer[] = [
    {
      data: { values: rows },
      mark: {
        type: 'area',
        aria: false,
        fillOpacity: bands.length === 1 ? 0.2 : 0.32 / bands.length,
        strokeWidth: 0,
        tooltip: false,
      },
      encoding: {
        x,
        y: { ...y, field: 'low' },
        y2: { field: 'high' },
        color: { ...seriesColour(names), legend: lineLegend(names) },
        opacity: pickedOpacity(),
      },
    },
    ...(points.length === 0
      ? []
      : scatterLayers(points, xAxis, yAxis, { x, y }, { names, shapes: false, legend: lineLegend(names) }).map(
          unpicked,
        )),
    ...lineLayers(rows, names, { axis: xAxis, channel: x }, { axis: yAxis, channel: y }, { dashed: false }, [
      tooltipOf('low', { ...yAxis, title: `lower end, ${yAxis.unit}` }),
      tooltipOf('high', { ...yAxis, title: `upper end, ${yAxis.unit}` }),
    ]),
  ];
  return chart(
    withDrawingNote(input, points),
    `${yAxis.title} against ${xAxis.title}, ${formatNumber(yAxis.domain[0])} to ${formatNumber(yAxis.domain[1])}; shaded: ${input.meaning}.${points.length === 0 ? '' : ` ${reductionNote(points)}`}`,
    layers,
  );
};
