import { type Axis, positionOf, resolveAxis } from '../axis.js';
import { type Column, extentOf, requireColumns, requireRows } from '../column.js';
import { drawn, formatNumber } from '../number-text.js';
import { type TimeBin, timeBins } from '../reduce/time-bins.js';
import { type ChartSpec, type ChartText, chart, type Layer } from '../spec.js';
import { lineLayers } from './line-layers.js';
import { pickedOpacity, seriesColour } from './series-look.js';

/** A signal over time. */
export interface Signal {
  readonly name: string;
  /** Seconds, rising or not. */
  readonly timeSec: Column;
  readonly value: Column;
  /** How much each value counts in the mean. Default 1. */
  readonly weight?: Column;
  /** Seconds that each value holds from its time on; it then counts by the time it holds, whatever the weight. */
  readonly durationSec?: Column;
}

export interface TimelineInput extends ChartText {
  readonly y: Axis;
  readonly signals: readonly Signal[];
  /** Title of the time axis, default 'Time since the start of the trace'. */
  readonly timeLabel?: string;
  /** Stretches of time that are averaged, default 300. */
  readonly bins?: number;
  /** A shaded stretch: the part that was held out. */
  readonly span?: { readonly startSec: number; readonly endSec: number; readonly label: string };
}

/** First and last moment of a signal. */
const spanOf = ({ timeSec, durationSec }: Signal): readonly [number, number] => {
  const [first, last] = extentOf(timeSec);
  let end = last;
  if (durationSec !== undefined) {
    for (let i = 0; i < timeSec.length; i++) end = Math.max(end, timeSec[i] + durationSec[i]);
  }
  return [first, end];
};

const binsOf = (signal: Signal, bins: number): TimeBin[] =>
  timeBins(
    signal.timeSec,
    signal.value,
    signal.weight,
    signal.durationSec === undefined ? Math.min(bins, Math.max(1, signal.timeSec.length)) : bins,
    signal.durationSec,
  );

/** One chart row a bin, at its middle. */
const binRows = (signal: Signal, bins: readonly TimeBin[], factors: { readonly x: number; readonly y: number }) =>
  bins.map((bin) => ({
    series: signal.name,
    x: drawn(((bin.start + bin.end) / 2) * factors.x),
    y: drawn(bin.mean * factors.y),
    low: drawn(bin.low * factors.y),
    high: drawn(bin.high * factors.y),
  }));

/**
 * Signals over time: the mean of each of up to 300 stretches as a line, with the range from the smallest to the largest value
 * shaded, so that no spike is lost.
 *
 * @throws Fault `charts/...` for empty, unequal or non-finite columns.
 */
export const timelineSpec = (input: TimelineInput): ChartSpec => {
  const { signals, bins = 300 } = input;
  requireRows('signals', signals);
  signals.forEach(({ timeSec, value, weight, durationSec }, s) => {
    requireColumns({
      ...(durationSec === undefined ? {} : { [`signals[${s}].durationSec`]: durationSec }),
      [`signals[${s}].timeSec`]: timeSec,
      [`signals[${s}].value`]: value,
      ...(weight === undefined ? {} : { [`signals[${s}].weight`]: weight }),
    });
  });
  const x = resolveAxis(
    { label: input.timeLabel ?? 'Time since the start of the trace', unit: 's' },
    extentOf(...signals.map(spanOf)),
    { padding: 0 },
  );
  const reach = extentOf(...signals.map((signal) => signal.value));
  const y = resolveAxis(input.y, reach, { includeZero: input.y.scale !== 'log' && reach[0] >= 0, padding: 0.05 });
  const rows = signals.flatMap((signal) => binRows(signal, binsOf(signal, bins), { x: x.factor, y: y.factor }));
  const names = signals.map((signal) => signal.name);
  const xChannel = { field: 'x', ...positionOf(x, 7) };
  const yChannel = { field: 'y', ...positionOf(y) };
  const layers: Layer[] = [];
  if (input.span !== undefined) {
    layers.push({
      data: {
        values: [
          {
            x: drawn(input.span.startSec * x.factor),
            x2: drawn(input.span.endSec * x.factor),
            label: input.span.label,
          },
        ],
      },
      mark: { type: 'rect', style: 'span', aria: false },
      encoding: { x: xChannel, x2: { field: 'x2' }, tooltip: { field: 'label', type: 'nominal', title: 'stretch' } },
    });
  }
  if (rows.some((row) => row.low < row.high)) {
    layers.push({
      data: { values: rows },
      mark: { type: 'area', aria: false, fillOpacity: 0.18, strokeWidth: 0, tooltip: false },
      encoding: {
        x: xChannel,
        y: { ...yChannel, field: 'low' },
        y2: { field: 'high' },
        color: seriesColour(names),
        opacity: pickedOpacity(),
      },
    });
  }
  layers.push(
    ...lineLayers(rows, names, { axis: x, channel: xChannel }, { axis: y, channel: yChannel }, { dashed: false }, [
      { field: 'low', type: 'quantitative', title: 'smallest', format: ',.4~r' },
      { field: 'high', type: 'quantitative', title: 'largest', format: ',.4~r' },
    ]),
  );
  return chart(
    input,
    `${y.title} over ${formatNumber(x.domain[1] - x.domain[0])} ${x.unit}, from ${formatNumber(reach[0] * y.factor)} to ${formatNumber(reach[1] * y.factor)}. Lines are means of equal stretches of time, the shade their smallest and largest value.`,
    layers,
    { width: 640, height: 240 },
  );
};

export interface StackedInput extends ChartText {
  readonly y: Axis;
  readonly signals: readonly Signal[];
  readonly timeLabel?: string;
  readonly bins?: number;
}

/**
 * Signals stacked over time (active prefills on active decodes): means of up to 300 equal stretches; a stretch without rows
 * counts as zero.
 *
 * @throws Fault `charts/...` for empty, unequal or non-finite columns.
 */
export const stackedSpec = (input: StackedInput): ChartSpec => {
  const { signals, bins = 300 } = input;
  requireRows('signals', signals);
  signals.forEach(({ timeSec, value, weight, durationSec }, s) => {
    requireColumns({
      [`signals[${s}].timeSec`]: timeSec,
      [`signals[${s}].value`]: value,
      ...(weight === undefined ? {} : { [`signals[${s}].weight`]: weight }),
      ...(durationSec === undefined ? {} : { [`signals[${s}].durationSec`]: durationSec }),
    });
  });
  const extent = extentOf(...signals.map(spanOf));
  const x = resolveAxis({ label: input.timeLabel ?? 'Time since the start of the trace', unit: 's' }, extent, {
    padding: 0,
  });
  const lasting = signals.some((signal) => signal.durationSec !== undefined);
  const places = lasting ? bins : Math.min(bins, Math.max(...signals.map((signal) => signal.timeSec.length)));
  const width = (extent[1] - extent[0]) / places || 1;
  const totals = new Float64Array(places);
  const stacked = signals.map((signal) => {
    const means = new Float64Array(places);
    const filled = timeBins(signal.timeSec, signal.value, signal.weight, places, signal.durationSec);
    const own = spanOf(signal);
    for (const bin of filled) {
      const middle = Math.min(own[1], (bin.start + bin.end) / 2);
      const at = Math.min(places - 1, Math.max(0, Math.floor((middle - extent[0]) / width)));
      means[at] = bin.mean;
    }
    means.forEach((mean, i) => {
      totals[i] = totals[i] + mean;
    });
    return { name: signal.name, means };
  });
  const y = resolveAxis(input.y, [0, extentOf(totals)[1]], { includeZero: true, padding: 0.05 });
  const names = signals.map((signal) => signal.name);
  const base = new Float64Array(places);
  const rows = stacked.flatMap(({ name, means }) =>
    Array.from(means, (mean, i) => {
      const from = base[i];
      base[i] = from + mean;
      return {
        series: name,
        x: drawn((extent[0] + (i + 0.5) * width) * x.factor),
        y: drawn(from * y.factor),
        y2: drawn((from + mean) * y.factor),
        own: drawn(mean * y.factor),
      };
    }),
  );
  const xChannel = { field: 'x', ...positionOf(x, 7) };
  const yChannel = { field: 'y', ...positionOf(y), stack: null };
  return chart(
    input,
    `${y.title}, ${names.join(' on ')}, over ${formatNumber((extent[1] - extent[0]) * x.factor)} ${x.unit}; highest mean of a stretch ${formatNumber(extentOf(totals)[1] * y.factor)}.`,
    [
      {
        data: { values: rows },
        mark: { type: 'area', aria: false, strokeWidth: 0, interpolate: 'step', tooltip: false },
        encoding: {
          x: xChannel,
          y: yChannel,
          y2: { field: 'y2' },
          color: seriesColour(names),
          opacity: pickedOpacity(0.85),
        },
        params: [{ name: 'pick', select: { type: 'point', fields: ['series'] }, bind: 'legend' }],
      },
      {
        data: { values: rows },
        mark: { type: 'bar', aria: false, width: { expr: `width / ${places}` }, opacity: 0 },
        encoding: {
          x: xChannel,
          y: yChannel,
          y2: { field: 'y2' },
          color: seriesColour(names),
          tooltip: [
            { field: 'series', type: 'nominal', title: 'series' },
            tooltipX(x.title),
            { field: 'own', type: 'quantitative', title: y.title, format: ',.4~r' },
          ],
        },
      },
    ],
    { width: 640, height: 240 },
  );
};

const tooltipX = (title: string) => ({ field: 'x', type: 'quantitative', title, format: ',.4~r' });
