import type { Spec as VegaSpec } from 'vega';
import { compactSvg } from '../render/compact-svg.js';
import { PAGE_PALETTE, themeConfig } from '../render/theme.js';
import { compileSpec, drawSvg } from '../render/vega.js';
import { pageForm } from '../render/vega-lite-form.js';
import type { PlacedChart } from './arrange-figures.js';
import { packSpec } from './packed-rows.js';

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
  signals: (spec.signals ?? []).map((signal) => (signal.name === 'width' ? { name: 'width', value: width } : signal)),
});

/** A chart, ready for the page. */
export const pageFigure = async ({ spec, ...place }: PlacedChart): Promise<PageFigure> => {
  const theme = themeConfig(PAGE_PALETTE, PAGE_FONT);
  // On a small phone a long title of the x axis would reach beyond the plot.
  const config = { ...theme, axisX: { ...(theme.axisX as object), titleLimit: { expr: 'width' } }, padding: 4 };
  const alive = await compileSpec(pageForm(spec), config);
  const still = ofWidth(alive, place.wide ? STILL_WIDTH.wide : STILL_WIDTH.half);
  return {
    ...place,
    title: spec.title.text,
    ...(spec.title.subtitle === undefined ? {} : { subtitle: spec.title.subtitle }),
    svg: compactSvg(await drawSvg(still), place.id),
    vega: packSpec(slim(alive)),
  };
};
