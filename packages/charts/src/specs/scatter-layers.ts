import { type ResolvedAxis, tooltipOf } from '../axis.js';
import type { Column } from '../column.js';
import { drawn } from '../number-text.js';
import { type ReducedScatter, reduceScatter, type ScatterReduction } from '../reduce/scatter-cells.js';
import type { JsonObject, Layer, Row } from '../spec.js';

/** Rows of one colour. */
export interface ScatterSeries {
  readonly name: string;
  readonly x: Column;
  readonly y: Column;
  readonly reduced: ReducedScatter;
  /** The true y where `y` holds the place at the edge of the plot. */
  readonly actual?: Column;
  /** One text a row for the tooltip (a request, a file and line). */
  readonly label?: (row: number) => string;
}

export const reducedSeries = (series: Omit<ScatterSeries, 'reduced'>, reduction: ScatterReduction): ScatterSeries => ({
  ...series,
  reduced: reduceScatter(series.x, series.y, reduction),
});

/** Columns and rows of cells: coarser where several series share the plot. */
export const gridFor = (series: number): readonly [number, number] => (series < 2 ? [64, 44] : [48, 32]);

/** The name of the selection that a click on the legend sets. */
const PICK = 'pick';

/** Full strength for what is picked in the legend, faint for the rest. */
export const pickedOpacity = (strong = 1): JsonObject => ({
  condition: { param: PICK, value: strong, empty: true },
  value: 0.08,
});

/** The selection itself; belongs to exactly one layer of a chart. */
export const pickParam = (field = 'series'): JsonObject[] => [
  { name: PICK, select: { type: 'point', fields: [field] }, bind: 'legend' },
];

/** Colour by series, in the given order; without a legend for a single series. */
export const seriesColour = (names: readonly string[], field = 'series'): JsonObject => ({
  field,
  type: 'nominal',
  scale: { domain: [...names] },
  sort: null,
  title: null,
  legend: seriesLegend(names),
});

/** As many entries a line as the plot has room for. */
export const seriesLegend = (names: readonly string[]): JsonObject | null =>
  names.length < 2 ? null : { symbolOpacity: 1, columns: { expr: `max(1, floor(width / ${columnPx(names)}))` } };

/** Room for one legend entry, px. */
const columnPx = (names: readonly string[]): number =>
  42 + Math.ceil(7.4 * Math.max(...names.map((name) => name.length)));

const pointRows = (series: ScatterSeries, rows: Uint32Array, x: ResolvedAxis, y: ResolvedAxis): Row[] =>
  Array.from(rows, (row) => ({
    series: series.name,
    x: drawn(series.x[row] * x.factor),
    y: drawn(series.y[row] * y.factor),
    ...(series.actual === undefined ? {} : { actual: drawn(series.actual[row] * y.factor) }),
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
  const points = series.flatMap((one) =>
    pointRows(one, one.reduced.kind === 'points' ? one.reduced.rows : one.reduced.tails, x, y),
  );
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
              tooltip: [...shown, { field: 'count', type: 'quantitative', title: 'rows in this cell', format: ',' }],
            },
          },
        ];
  const clamped = series.some((one) => one.actual !== undefined);
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
        tooltip: [...shown, ...named, tooltipOf('x', x), tooltipOf(clamped ? 'actual' : 'y', y)],
      },
    },
  ];
};

/** What was drawn, in words: the stated rule of the reduction. */
export const reductionNote = (series: readonly ScatterSeries[]): string => {
  const rows = series.reduce((sum, one) => sum + one.x.length, 0);
  const many = series.filter((one) => one.reduced.kind === 'cells');
  if (many.length === 0) return `${rows.toLocaleString('en-US')} points.`;
  const tails = many.reduce((sum, one) => sum + (one.reduced.kind === 'cells' ? one.reduced.tails.length : 0), 0);
  return `${rows.toLocaleString('en-US')} rows, counted in cells (darker: more); the ${tails.toLocaleString('en-US')} most extreme are drawn as points.`;
};
