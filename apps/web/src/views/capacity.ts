import { drawAxes, drawKey } from '../drawing/axes.js';
import type { Drawing } from '../drawing/surface.js';
import type { CurvePoint, WhatIfAnswer, WhatIfSettings } from '../messages.js';

/** Latencies over the rate, with both limits and the rate that is looked at. */
export const capacityDrawing =
  (answer: WhatIfAnswer, settings: WhatIfSettings): Drawing =>
  (surface, size, ink) => {
    const { curve, holdsPerSec, saturationPerSec } = answer;
    const to = 1.05 * Math.max(saturationPerSec, settings.ratePerSec);
    const half = Math.round(size.height / 2);
    const panel = (
      top: number,
      title: string,
      limitMs: number,
      of: (point: CurvePoint) => number | null,
      isLast: boolean,
    ): void => {
      const values = curve.map((point) => 1e3 * (of(point) ?? 0));
      const high = Math.max(1.6 * limitMs, Math.min(4 * limitMs, 1.1 * Math.max(...values)));
      const axes = drawAxes(surface, size, ink, {
        x: [0, to],
        y: [0, high],
        xTitle: isLast ? 'Requests a second' : '',
        yTitle: title,
        room: [0, top, size.width, isLast ? size.height - half : half],
        bottom: isLast ? 38 : 24,
      });
      const [left, y, width, height] = axes.box;
      if (!isLast)
        drawKey(surface, left + width, y - 8, ink, [
          ['p95', ink.decode],
          ['limit', ink.slow],
          ['kept up to here', ink.fast],
        ]);
      surface.inside(left, y, width, height, () => {
        if (holdsPerSec !== null) surface.rect(left, y, axes.x.of(holdsPerSec) - left, height, ink.fast, 0.1);
        const limit = axes.y.of(limitMs);
        surface.line([left, limit, left + width, limit], { stroke: ink.slow, width: 1.5, dash: [5, 4] });
        const line = curve.flatMap((point, k) => [axes.x.of(point.ratePerSec), axes.y.of(values[k])]);
        surface.line(line, { stroke: ink.decode, width: 2.2 });
        for (let i = 0; i < line.length; i += 2) surface.dot(line[i], line[i + 1], 2.6, ink.decode);
        const at = axes.x.of(settings.ratePerSec);
        surface.line([at, y, at, y + height], { stroke: ink.text, width: 1 });
        surface.dot(at, axes.y.of(1e3 * (of(answer.atRate) ?? 0)), 4, ink.text);
      });
    };
    panel(0, 'TTFT, ms', settings.ttftMs, ({ ttftSec }) => ttftSec, false);
    panel(half, 'TPOT, ms', settings.tpotMs, ({ tpotSec }) => tpotSec, true);
  };
