import type { JsonObject } from '../spec.js';

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
