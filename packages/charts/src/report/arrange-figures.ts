import { type ChartSpec, isPanels, type Spec } from '../spec.js';
import type { ReportFigure } from './report-data.js';

/** One chart in its place on the page. */
export interface PlacedChart {
  readonly spec: ChartSpec;
  readonly id: string;
  readonly wide: boolean;
  readonly caption?: string;
  /** Heading of the panels that begin here. */
  readonly heading?: Spec['title'];
}

/** Panels stand on their own, under the heading that they share. */
const unpacked = ({ spec, caption, wide = false }: ReportFigure, number: number): PlacedChart[] => {
  const closing: Pick<PlacedChart, 'caption'> = caption === undefined ? {} : { caption };
  if (!isPanels(spec)) return [{ spec, id: `figure-${number}`, wide, ...closing }];
  return spec.concat.map((panel, i): PlacedChart => {
    const place = { spec: panel, id: `figure-${number}-${i + 1}`, wide };
    const last = i === spec.concat.length - 1 ? closing : {};
    return i === 0 ? { ...place, heading: spec.title, ...last } : { ...place, ...last };
  });
};

/** Lines of two charts, or of one that is wide or would stand alone beside an empty place. */
const lines = (charts: readonly PlacedChart[]): PlacedChart[][] => {
  const placed: PlacedChart[][] = [];
  for (const chart of charts) {
    const last = placed.at(-1);
    const [left] = last ?? [];
    if (last?.length === 1 && left?.wide === false && !chart.wide && chart.heading === undefined) last.push(chart);
    else placed.push([chart]);
  }
  return placed;
};

/** Bars that lie down are as high as they are many. */
const growsWithBars = ({ layer }: ChartSpec): boolean =>
  layer.some(({ mark, encoding }) => {
    const y = encoding === undefined ? undefined : (encoding as { y?: { type?: unknown } }).y;
    return mark.type === 'bar' && y?.type === 'nominal';
  });

/** Neighbours are equally high. */
const levelled = (line: readonly PlacedChart[]): PlacedChart[] => {
  const [only] = line;
  if (line.length === 1 && only !== undefined) return [{ ...only, wide: true }];
  if (line.some(({ spec }) => growsWithBars(spec))) return [...line];
  const height = Math.max(...line.map(({ spec }) => spec.height));
  return line.map((chart) => ({ ...chart, spec: { ...chart.spec, height } }));
};

/** The charts of a block in their places; `first` is the number of the first figure in the report. */
export const arrangedFigures = (figures: readonly ReportFigure[], first: number): PlacedChart[] =>
  lines(figures.flatMap((figure, i) => unpacked(figure, first + i))).flatMap(levelled);
