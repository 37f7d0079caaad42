import type { Spec as VegaSpec } from 'vega';
import { compactSvg } from '../render/compact-svg.js';
import { PAGE_PALETTE, themeConfig } from '../render/theme.js';
import { compileSpec, drawSvg } from '../render/vega.js';
import { pageForm } from '../render/vega-lite-form.js';
import { type ChartSpec, isPanels } from '../spec.js';
import { packSpec } from './packed-rows.js';
import type { ReportFigure } from './report-data.js';

/** The reader's own interface font; charts in a page match its text. */
export const PAGE_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/** A figure of the page: the still picture, and what Vega needs to bring it to life. */
export interface PageFigure {
  readonly id: string;
  readonly title: string;
  readonly subtitle?: string;
  readonly caption?: string;
  readonly description: string;
  readonly wide: boolean;
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

const pageFigure = async (
  spec: ChartSpec,
  id: string,
  wide: boolean,
  caption: string | undefined,
): Promise<PageFigure> => {
  const theme = themeConfig(PAGE_PALETTE, PAGE_FONT);
  // On a small phone a long title of the x axis would reach beyond the plot.
  const config = { ...theme, axisX: { ...(theme.axisX as object), titleLimit: { expr: 'width' } }, padding: 4 };
  const alive = await compileSpec(pageForm(spec), config);
  const still = ofWidth(alive, wide ? STILL_WIDTH.wide : STILL_WIDTH.half);
  return {
    id,
    title: spec.title.text,
    ...(spec.title.subtitle === undefined ? {} : { subtitle: spec.title.subtitle }),
    ...(caption === undefined ? {} : { caption }),
    description: spec.description,
    wide,
    svg: compactSvg(await drawSvg(still), id),
    vega: packSpec(slim(alive)),
  };
};

/** A figure, or each of its panels, ready for the page; `number` counts on through the report. */
export const pageFigures = async (figure: ReportFigure, number: number): Promise<PageFigure[]> => {
  const wide = figure.wide ?? false;
  if (!isPanels(figure.spec)) return [await pageFigure(figure.spec, `figure-${number}`, wide, figure.caption)];
  const panels: PageFigure[] = [];
  for (const [i, panel] of figure.spec.concat.entries()) {
    const last = i === figure.spec.concat.length - 1;
    panels.push(await pageFigure(panel, `figure-${number}-${i + 1}`, wide, last ? figure.caption : undefined));
  }
  return panels;
};
