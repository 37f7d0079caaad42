import type { ResolvedAxis } from '../axis.js';
import { tooltipOf } from '../axis.js';
import type { JsonObject, Layer, Row } from '../spec.js';
import { pickedOpacity, pickParam, seriesColour, seriesLegend } from './series-look.js';

const DASHES: readonly (readonly number[])[] = [
  [1, 0],
  [7, 3],
  [2, 2],
  [9, 3, 2, 3],
  [12, 3],
  [4, 4],
];

export interface LineLook {
  /** Marks each row, for curves of few measured points. */
  readonly points?: boolean;
  /** Draws steps (a distribution function, counts): `'step-after'`. */
  readonly interpolate?: 'linear' | 'step-after' | 'monotone';
  /** Tells the series apart by dashes as well as by colour. Default true. */
  readonly dashed?: boolean;
}

/** A piece of the line itself: dashes are seen in the legend too. */
export const lineLegend = (names: readonly string[]): JsonObject | null => {
  const legend = seriesLegend(names);
  return legend === null ? null : { ...legend, symbolType: 'stroke', symbolSize: 340, symbolFillColor: 'transparent' };
};

/** Lines of all series, told apart by colour and dash, with the nearest row's values on hover. Rows hold series, x and y. */
export const lineLayers = (
  rows: readonly Row[],
  names: readonly string[],
  x: { readonly axis: ResolvedAxis; readonly channel: JsonObject },
  y: { readonly axis: ResolvedAxis; readonly channel: JsonObject },
  look: LineLook = {},
  extraTooltip: readonly JsonObject[] = [],
): Layer[] => {
  const data = { values: rows };
  const dash: JsonObject =
    names.length < 2 || look.dashed === false
      ? {}
      : {
          strokeDash: {
            field: 'series',
            type: 'nominal',
            scale: { domain: [...names], range: names.map((_, i) => [...(DASHES[i % DASHES.length] ?? [1, 0])]) },
            sort: null,
            title: null,
            legend: lineLegend(names),
          },
        };
  const tooltip = [
    ...(names.length < 2 ? [] : [{ field: 'series', type: 'nominal', title: 'series' }]),
    tooltipOf('x', x.axis),
    tooltipOf('y', y.axis),
    ...extraTooltip,
  ];
  return [
    {
      data,
      params: pickParam(),
      mark: {
        type: 'line',
        aria: false,
        strokeWidth: 2,
        interpolate: look.interpolate ?? 'linear',
        strokeJoin: 'round',
        tooltip: false,
      },
      encoding: {
        x: x.channel,
        y: y.channel,
        color: { ...seriesColour(names), legend: lineLegend(names) },
        ...dash,
        opacity: pickedOpacity(),
      },
    },
    {
      data,
      mark: { type: 'point', filled: true, aria: false, size: look.points ? 42 : 130 },
      encoding: {
        x: x.channel,
        y: y.channel,
        color: { ...seriesColour(names), legend: lineLegend(names) },
        opacity: look.points ? pickedOpacity() : { value: 0 },
        tooltip,
      },
    },
  ];
};
