import { METRIC_TITLES } from '@stepclock/step-model';
import { drawAxes, drawKey, unitOf } from '../drawing/axes.js';
import type { Drawing } from '../drawing/surface.js';
import type { MetricView } from '../messages.js';

/** Both distributions of a metric: which share of the requests took at most so long. */
export const metricDrawing =
  ({ metric, measured, replayed }: MetricView): Drawing =>
  (surface, size, ink) => {
    const end = (values: Float64Array): number =>
      values[Math.min(values.length - 1, Math.floor(0.99 * values.length))] ?? 0;
    const to = 1.05 * Math.max(end(measured), end(replayed), 1e-9);
    const unit = unitOf(to);
    const axes = drawAxes(surface, size, ink, {
      x: [0, to * unit.perSec],
      y: [0, 100],
      xTitle: `${METRIC_TITLES[metric].long}, ${unit.name}`,
      yTitle: 'Requests, %',
      left: 40,
    });
    const [left, top, width, height] = axes.box;
    drawKey(surface, left + width, top - 8, ink, [
      ['measured', ink.decode],
      ['replayed', ink.model],
    ]);
    const curve = (values: Float64Array): number[] =>
      Array.from(values).flatMap((sec, k) => [
        axes.x.of(sec * unit.perSec),
        axes.y.of((100 * k) / Math.max(1, values.length - 1)),
      ]);
    surface.inside(left, top, width, height, () => {
      surface.line(curve(measured), { stroke: ink.decode, width: 2.4 });
      surface.line(curve(replayed), { stroke: ink.model, width: 2, dash: [6, 4] });
    });
  };
