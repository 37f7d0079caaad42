import { type ResolvedAxis, tooltipOf } from '../../axis.js';
import { drawn } from '../../number-text.js';
import type { JsonObject, Layer, Row } from '../../spec.js';
import { pickedOpacity, pickParam, seriesColour, seriesLegend } from '../series-look.js';
import type { ScatterSeries } from './scatter-series.js';

const pointRows = (series: ScatterSeries, x: ResolvedAxis, y: ResolvedAxis, withTrue: boolean): Row[] =>
  Array.from(series.reduced.kind === 'points' ? series.reduced.rows : series.reduced.tails, (row) => ({
    series: series.name,
    x: drawn(series.placedX[row] * x.factor),
    y: drawn(series.placedY[row] * y.factor),
    ...(withTrue ? { trueX: drawn(series.x[row] * x.factor), trueY: drawn(series.y[row] * y.factor) } : {}),
    ...(series.label === undefined ? {} : { label: series.label(row) }),
  }));

const cellRows = (series: ScatterSeries, x: ResolvedAxis, y: ResolvedAxis): Row[] =>
  series.reduced.kind === 'points'
    ? []
    : series.reduced.cells.map((cell) => ({
        series: series.name,
        x: drawn(cell.x0 * x.factor),
        x2: drawn(cell.x1 * x.factor),
        y: drawn(cell.y0 * y.factor),
        y2: drawn(cell.y1 * y.factor),
        count: cell.count,
      }));

/** Cells (where rows were too many) and points of all series. */
export const scatterLayers = (
  series: readonly ScatterSeries[],
  x: ResolvedAxis,
  y: ResolvedAxis,
  position: { readonly x: JsonObject; readonly y: JsonObject },
  look: { readonly names?: readonly string[]; readonly shapes?: boolean; readonly legend?: JsonObject | null } = {},
): Layer[] => {
  const names = look.names ?? series.map((one) => one.name);
  const colour = look.legend === undefined ? seriesColour(names) : { ...seriesColour(names), legend: look.legend };
  const cells = series.flatMap((one) => cellRows(one, x, y));
  const beyond = series.some((one) => one.beyond > 0);
  const points = series.flatMap((one) => pointRows(one, x, y, beyond));
  const shown: JsonObject[] = names.length < 2 ? [] : [{ field: 'series', type: 'nominal', title: 'series' }];
  const named: JsonObject[] = series.some((one) => one.label !== undefined)
    ? [{ field: 'label', type: 'nominal', title: 'row' }]
    : [];
  const cellLayer: Layer[] =
    cells.length === 0
      ? []
      : [
          {
            data: { values: cells },
            mark: { type: 'rect', aria: false, strokeWidth: 0 },
            encoding: {
              x: position.x,
              x2: { field: 'x2' },
              y: position.y,
              y2: { field: 'y2' },
              color: colour,
              fillOpacity: {
                field: 'count',
                type: 'quantitative',
                scale: { type: 'log', range: [0.16, 0.95] },
                legend: null,
              },
              opacity: pickedOpacity(),
              tooltip: [...shown, { field: 'count', type: 'quantitative', title: 'rows in this square', format: ',' }],
            },
          },
        ];
  const few = points.length <= 60;
  return [
    ...cellLayer,
    {
      data: { values: points },
      params: pickParam(),
      mark: { type: 'point', filled: true, aria: false, size: few ? 56 : points.length > 800 ? 16 : 26 },
      encoding: {
        x: position.x,
        y: position.y,
        color: colour,
        ...(look.shapes !== false && names.length > 1 && names.length <= 6
          ? {
              shape: {
                field: 'series',
                type: 'nominal',
                scale: {
                  domain: [...names],
                  range: ['circle', 'triangle-up', 'square', 'diamond', 'cross', 'triangle-down'].slice(
                    0,
                    names.length,
                  ),
                },
                sort: null,
                title: null,
                legend: seriesLegend(names),
              },
            }
          : {}),
        opacity: pickedOpacity(few ? 0.9 : 0.6),
        tooltip: [...shown, ...named, tooltipOf(beyond ? 'trueX' : 'x', x), tooltipOf(beyond ? 'trueY' : 'y', y)],
      },
    },
  ];
};
