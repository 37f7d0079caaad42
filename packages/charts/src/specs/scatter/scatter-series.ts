import type { ResolvedAxis } from '../../axis.js';
import type { Column } from '../../column.js';
import { formatNumber } from '../../number-text.js';
import { type ReducedScatter, reduceScatter, type ScatterReduction } from '../../reduce/scatter-cells.js';
import type { ChartText } from '../../spec.js';

/** Rows of one colour, as they are measured. */
interface MeasuredSeries {
  readonly name: string;
  readonly x: Column;
  readonly y: Column;
  /** One text a row for the tooltip (a request, a file and line). */
  readonly label?: (row: number) => string;
}

/** Rows of one colour as they are drawn: what lies beyond an axis stands at its edge. */
export interface ScatterSeries extends MeasuredSeries {
  readonly placedX: Column;
  readonly placedY: Column;
  /** Rows that stand at an edge. */
  readonly beyond: number;
  readonly reduced: ReducedScatter;
}

/** Columns and rows of cells: coarser where several series share the plot. */
export const gridFor = (series: number): readonly [number, number] => (series < 2 ? [64, 44] : [48, 32]);

const placed = (column: Column, { domain: [low, high], factor }: ResolvedAxis): Float64Array => {
  const out = new Float64Array(column.length);
  for (let i = 0; i < out.length; i++) {
    const value = column[i];
    out[i] = value * factor > high ? high / factor : value * factor < low ? low / factor : value;
  }
  return out;
};

/** Places the rows of a series between the ends of its axes, and reduces them to what a picture shows. */
export const scatterSeries = (
  series: MeasuredSeries,
  x: ResolvedAxis,
  y: ResolvedAxis,
  reduction: Omit<ScatterReduction, 'xLog' | 'yLog'>,
): ScatterSeries => {
  const placedX = placed(series.x, x);
  const placedY = placed(series.y, y);
  const isBeyond = (row: number): boolean => placedX[row] !== series.x[row] || placedY[row] !== series.y[row];
  let beyond = 0;
  for (let row = 0; row < placedX.length; row++) if (isBeyond(row)) beyond++;
  const middle = (y.domain[0] + y.domain[1]) / 2 / y.factor;
  const { extremity = (row: number) => Math.abs(placedY[row] - middle), ...rest } = reduction;
  const reduced = reduceScatter(placedX, placedY, {
    ...rest,
    xLog: x.log,
    yLog: y.log,
    extremity: (row) => (isBeyond(row) ? Number.POSITIVE_INFINITY : extremity(row)),
  });
  return { ...series, placedX, placedY, beyond, reduced };
};

const edgeNote = (beyond: number): string[] => {
  if (beyond === 0) return [];
  return [
    beyond === 1
      ? 'One point lies further out, at the edge.'
      : `${formatNumber(beyond, 9)} points lie further out, at the edge.`,
  ];
};

/** What the drawing does to the rows, in words: squares that count, points at the edge; nothing where it draws them as they are. */
const drawingNote = (series: readonly ScatterSeries[]): string => {
  const many = series.filter(({ reduced }) => reduced.kind === 'cells');
  const tails = many.reduce((sum, { reduced }) => sum + (reduced.kind === 'cells' ? reduced.tails.length : 0), 0);
  const squares = `Squares count rows (darker: more); the ${formatNumber(tails, 9)} most extreme rows are points.`;
  return [
    ...(many.length === 0 ? [] : [squares]),
    ...edgeNote(series.reduce((sum, { beyond }) => sum + beyond, 0)),
  ].join(' ');
};

/** The chart's text, with the note on the drawing in its subtitle. */
export const withDrawingNote = <Text extends ChartText>(text: Text, series: readonly ScatterSeries[]): Text => {
  const subtitle = [text.subtitle, drawingNote(series)].filter((part) => part !== undefined && part !== '').join(' ');
  return subtitle === '' ? text : { ...text, subtitle };
};

/** What was drawn, for those who cannot see it. */
export const reductionNote = (series: readonly ScatterSeries[]): string => {
  const rows = formatNumber(
    series.reduce((sum, one) => sum + one.x.length, 0),
    9,
  );
  const squares = series.some(({ reduced }) => reduced.kind === 'cells');
  return `${rows} ${squares ? 'rows' : 'points'}. ${drawingNote(series)}`.trim();
};
