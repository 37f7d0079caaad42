import { type Axis, positionOf } from '../../axis.js';
import { type Column, requireColumns, requireRows } from '../../column.js';
import { drawn, formatNumber } from '../../number-text.js';
import { type ChartSpec, type ChartText, chart } from '../../spec.js';
import { readableAxis } from './readable-axis.js';
import { scatterLayers } from './scatter-layers.js';
import { gridFor, reductionNote, scatterSeries, withDrawingNote } from './scatter-series.js';

export interface ObservedPredictedSeries {
  readonly name: string;
  readonly observed: Column;
  readonly predicted: Column;
  /** Names a row in its tooltip. */
  readonly label?: (row: number) => string;
}

export interface ObservedPredictedInput extends ChartText {
  /** What is observed and predicted, one scale for both axes; log by itself for positive values over two decades. */
  readonly quantity: Axis;
  /** Colour by series: stages, phase types, fitted and held-out rows. */
  readonly series: readonly ObservedPredictedSeries[];
}

/**
 * Predicted (up) against observed (across) with the diagonal of a perfect prediction. The most extreme rows, which stay visible
 * however many there are, are those with the largest relative miss on a log scale, the largest miss on a linear one.
 *
 * @throws Fault `charts/...` for empty, unequal or non-finite columns.
 */
export const observedPredictedSpec = (input: ObservedPredictedInput): ChartSpec => {
  requireRows('series', input.series);
  input.series.forEach(({ observed, predicted }, s) => {
    requireColumns({ [`series[${s}].observed`]: observed, [`series[${s}].predicted`]: predicted });
  });
  const columns = input.series.flatMap((one) => [one.observed, one.predicted]);
  const axis = readableAxis(input.quantity, columns, { mayBeLog: true });
  const across = {
    ...axis,
    title: axis.title.replace(axis.label, () => `Observed ${lowered(axis.label)}`),
  };
  const up = { ...axis, title: axis.title.replace(axis.label, () => `Predicted ${lowered(axis.label)}`) };
  const series = input.series.map(({ name, observed, predicted, label }) =>
    scatterSeries({ name, x: observed, y: predicted, ...(label === undefined ? {} : { label }) }, across, up, {
      grid: gridFor(input.series.length),
      extremity: (row) => {
        const seen = observed[row];
        const said = predicted[row];
        return Math.abs(axis.log ? Math.log(said / seen) : said - seen);
      },
    }),
  );
  const x = { field: 'x', ...positionOf(across) };
  const y = { field: 'y', ...positionOf(up) };
  const [low, high] = axis.domain;
  const ends = [low, high].map((value) => ({ x: drawn(value), y: drawn(value) }));
  const range = `${formatNumber(low)} to ${formatNumber(high)}${axis.unit === '' ? '' : ` ${axis.unit}`}`;
  return chart(
    withDrawingNote(input, series),
    `Predicted against observed ${lowered(input.quantity.label)}, ${range}${axis.log ? ', log scales' : ''}; the dashed diagonal is a perfect prediction. ${reductionNote(series)}`,
    [
      {
        data: { values: ends },
        mark: { type: 'line', style: 'reference', aria: false, clip: true, tooltip: false },
        encoding: { x, y },
      },
      ...scatterLayers(series, across, up, { x, y }),
    ],
    { width: 440, height: 400 },
  );
};

/** 'Duration' inside a sentence; names such as TTFT keep their capitals. */
export const lowered = (label: string): string =>
  /^[A-Z][a-z]/.test(label) ? label[0]?.toLowerCase() + label.slice(1) : label;
