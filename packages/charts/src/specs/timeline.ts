import { positionOf, resolveAxis } from '../axis.js';
import { extentOf } from '../column.js';
import { drawn, formatNumber } from '../number-text.js';
import { type ChartSpec, chart, type Layer } from '../spec.js';
import { lineLayers } from './line-layers.js';
import { pickedOpacity, seriesColour } from './series-look.js';
import { requireSignals, type SignalsInput, stretchesOf, timeOf } from './signals.js';

/**
 * Signals over time: the mean of each of up to 300 stretches as a line, with the range from the smallest to the largest value
 * shaded, so that no spike is lost.
 *
 * @throws Fault `charts/...` for empty, unequal or non-finite columns.
 */
export const timelineSpec = (input: SignalsInput): ChartSpec => {
  const { signals } = input;
  requireSignals(signals);
  const { axis: x } = timeOf(signals);
  const reach = extentOf(...signals.map((signal) => signal.value));
  const y = resolveAxis(input.y, reach, { includeZero: input.y.scale !== 'log' && reach[0] >= 0, padding: 0.05 });
  const rows = signals.flatMap((signal) =>
    stretchesOf(signal).map((bin) => ({
      series: signal.name,
      x: drawn(((bin.start + bin.end) / 2) * x.factor),
      y: drawn(bin.mean * y.factor),
      low: drawn(bin.low * y.factor),
      high: drawn(bin.high * y.factor),
    })),
  );
  const names = signals.map((signal) => signal.name);
  const xChannel = { field: 'x', ...positionOf(x, 7) };
  const yChannel = { field: 'y', ...positionOf(y) };
  const range: Layer = {
    data: { values: rows },
    mark: { type: 'area', aria: false, fillOpacity: 0.18, strokeWidth: 0, tooltip: false },
    encoding: {
      x: xChannel,
      y: { ...yChannel, field: 'low' },
      y2: { field: 'high' },
      color: seriesColour(names),
      opacity: pickedOpacity(),
    },
  };
  return chart(
    input,
    `${y.title} over ${formatNumber(x.domain[1] - x.domain[0])} ${x.unit}, from ${formatNumber(reach[0] * y.factor)} to ${formatNumber(reach[1] * y.factor)}. Lines are means of equal stretches of time, the shade their smallest and largest value.`,
    [
      ...(rows.some((row) => row.low < row.high) ? [range] : []),
      ...lineLayers(rows, names, { axis: x, channel: xChannel }, { axis: y, channel: yChannel }, { dashed: false }, [
        { field: 'low', type: 'quantitative', title: 'smallest', format: ',.4~r' },
        { field: 'high', type: 'quantitative', title: 'largest', format: ',.4~r' },
      ]),
    ],
    { width: 640, height: 240 },
  );
};
