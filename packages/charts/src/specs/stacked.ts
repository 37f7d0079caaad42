import { positionOf, resolveAxis, tooltipOf } from '../axis.js';
import { extentOf } from '../column.js';
import { drawn, formatNumber } from '../number-text.js';
import { type ChartSpec, chart } from '../spec.js';
import { pickedOpacity, pickParam, seriesColour } from './series-look.js';
import { requireSignals, type SignalsInput, STRETCHES, stretchesOf, timeOf } from './signals.js';

/**
 * Signals stacked over time (active prefills on active decodes): means of up to 300 equal stretches; a stretch without rows
 * counts as zero.
 *
 * @throws Fault `charts/...` for empty, unequal or non-finite columns.
 */
export const stackedSpec = (input: SignalsInput): ChartSpec => {
  const { signals } = input;
  requireSignals(signals);
  const { axis: x, span } = timeOf(signals);
  const width = (span[1] - span[0]) / STRETCHES || 1;
  const base = new Float64Array(STRETCHES);
  const stacked = signals.flatMap((signal) => {
    const means = new Float64Array(STRETCHES);
    for (const { start, end, mean } of stretchesOf(signal)) {
      const at = Math.floor(((start + end) / 2 - span[0]) / width);
      means[Math.min(STRETCHES - 1, Math.max(0, at))] = mean;
    }
    return Array.from(means, (mean, i) => {
      const from = base[i];
      base[i] = from + mean;
      return { series: signal.name, i, from, mean };
    });
  });
  const highest = extentOf(base)[1];
  const y = resolveAxis(input.y, [0, highest], { includeZero: true, padding: 0.05 });
  const rows = stacked.map(({ series, i, from, mean }) => ({
    series,
    x: drawn((span[0] + (i + 0.5) * width) * x.factor),
    y: drawn(from * y.factor),
    y2: drawn((from + mean) * y.factor),
    own: drawn(mean * y.factor),
  }));
  const names = signals.map((signal) => signal.name);
  const place = {
    x: { field: 'x', ...positionOf(x, 7) },
    y: { field: 'y', ...positionOf(y), stack: null },
    y2: { field: 'y2' },
    color: seriesColour(names),
  };
  return chart(
    input,
    `${y.title}, ${names.join(' on ')}, over ${formatNumber((span[1] - span[0]) * x.factor)} ${x.unit}; highest mean of a stretch ${formatNumber(highest * y.factor)}.`,
    [
      {
        data: { values: rows },
        mark: { type: 'area', aria: false, strokeWidth: 0, interpolate: 'step', tooltip: false },
        encoding: { ...place, opacity: pickedOpacity(0.85) },
        params: pickParam(),
      },
      {
        data: { values: rows },
        mark: { type: 'bar', aria: false, width: { expr: `width / ${STRETCHES}` }, opacity: 0 },
        encoding: {
          ...place,
          tooltip: [{ field: 'series', type: 'nominal', title: 'series' }, tooltipOf('x', x), tooltipOf('own', y)],
        },
      },
    ],
    { width: 640, height: 240 },
  );
};
