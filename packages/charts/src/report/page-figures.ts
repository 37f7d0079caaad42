import type { Spec as VegaSpec } from 'vega';
import { compactSvg } from '../render/compact-svg.js';
import { PAGE_PALETTE, themeConfig } from '../render/theme.js';
import { compileSpec, drawSvg } from '../render/vega.js';
import { pageForm } from '../render/vega-lite-form.js';
import type { ChartSpec } from '../spec.js';
import type { PlacedChart } from './arrange-figures.js';
import { packSpec } from './packed-rows.js';
import { PLACE_WIDTH, withSteadyLayout } from './steady-layout.js';

/** The reader's own interface font; charts in a page match its text. */
export const PAGE_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/** A figure of the page: the still picture, and what Vega needs to bring it to life. */
export interface PageFigure extends Omit<PlacedChart, 'spec'> {
  readonly title: string;
  readonly subtitle?: string;
  readonly svg: string;
  readonly vega: Record<string, unknown>;
}

const STILL_WIDTH = { wide: 980, half: 500 };

/** Vega's spec holds data sets that only the compiler needed, and the address of its schema. */
const slim = ({ $schema: _schema, ...spec }: VegaSpec): VegaSpec => spec;

/** The same chart with its width fixed instead of taken from the page. */
const ofWidth = (spec: VegaSpec, width: number): VegaSpec => ({
  ...spec,
  signals: (spec.signals ?? []).map((signal) =>
    signal.name === 'width' || signal.name === PLACE_WIDTH ? { name: signal.name, value: width } : signal,
  ),
});

/** What the axis on the left takes of the place, px: short numbers, or the names of bars. */
const AXIS_PX = 90;
const nameWidth = (name: string): number => 6.4 * name.length + 30;

const axisWidth = (spec: ChartSpec): number => {
  const sorts = spec.layer.map(({ encoding }) => (encoding as { y?: { sort?: unknown } } | undefined)?.y?.sort);
  const names = sorts.flatMap((sort) => (Array.isArray(sort) ? sort.map(String) : []));
  return Math.ceil(Math.max(AXIS_PX, ...names.map((name) => Math.min(230, nameWidth(name)))));
};

/** Room around a plot, px. */
const PADDING_PX = 4;

/** A chart, ready for the page. */
export const pageFigure = async ({ spec, ...place }: PlacedChart): Promise<PageFigure> => {
  const theme = themeConfig(PAGE_PALETTE, PAGE_FONT);
  // On a small phone a long word in the title of the x axis would reach beyond the plot, and so would half of a number near its end: it is left out.
  const axisX = { ...(theme.axisX as object), titleLimit: { expr: 'width' }, labelBound: PADDING_PX };
  const config = { ...theme, axisX, padding: PADDING_PX };
  const alive = withSteadyLayout(await compileSpec(pageForm(spec), config), axisWidth(spec));
  const still = ofWidth(alive, place.wide ? STILL_WIDTH.wide : STILL_WIDTH.half);
  return {
    ...place,
    title: spec.title.text,
    ...(spec.title.subtitle === undefined ? {} : { subtitle: spec.title.subtitle }),
    svg: compactSvg(await drawSvg(still), place.id),
    vega: packSpec(slim(alive)),
  };
};
