import { drawAxes, unitOf } from '../drawing/axes.js';
import type { Drawing } from '../drawing/surface.js';
import type { WindowsView } from '../messages.js';

/** Coefficients by window, and how much longer each window took than the model says. */
export const windowsDrawing =
  ({ middleSec, residual, byTerm }: WindowsView): Drawing =>
  (surface, size, ink) => {
    const panels = byTerm.length + 1;
    const isNarrow = size.width < 640;
    const perRow = isNarrow ? 1 : 2;
    const rows = Math.ceil(panels / perRow);
    const [width, height] = [size.width / perRow, size.height / rows];
    const to = middleSec[middleSec.length - 1] + (middleSec[0] || 1);
    const panel = (p: number, title: string, values: ArrayLike<number>, reference: number, colour: string): void => {
      const [column, row] = [p % perRow, Math.floor(p / perRow)];
      const shown = Array.from(values).filter((value) => !Number.isNaN(value));
      const sorted = [...shown, reference].sort((a, b) => a - b);
      const [low, high] = [sorted[Math.floor(0.03 * sorted.length)], sorted[Math.ceil(0.97 * sorted.length) - 1]];
      const pad = Math.max(0.15 * (high - low), 0.05 * Math.abs(reference), 1e-12);
      const axes = drawAxes(surface, size, ink, {
        x: [0, to],
        y: [low - pad, high + pad],
        xTitle: row === rows - 1 || p + perRow >= panels ? 'Time since the first step, s' : '',
        yTitle: title,
        // What stands alone in its row has all of it.
        room: [column * width, row * height, p === panels - 1 && column === 0 ? size.width : width, height],
        bottom: 36,
      });
      const [left, top, w, h] = axes.box;
      surface.inside(left, top, w, h, () => {
        const at = axes.y.of(reference);
        surface.line([left, at, left + w, at], { stroke: ink.model, width: 1.5, dash: [5, 4] });
        const line: number[] = [];
        for (let i = 0; i < values.length; i++) {
          if (!Number.isNaN(values[i])) line.push(axes.x.of(middleSec[i]), axes.y.of(values[i]));
        }
        surface.line(line, { stroke: colour, width: 1.6 });
        for (let i = 0; i < line.length; i += 2) surface.dot(line[i], line[i + 1], 2.4, colour);
      });
    };
    for (const [p, { phrase, unit, value, own }] of byTerm.entries()) {
      const part = unitOf(value);
      const title = `${phrase}, ${unit.replace(/^s/, part.name)}`;
      panel(
        p,
        title,
        own.map((sec) => sec * part.perSec),
        value * part.perSec,
        ink.decode,
      );
    }
    panel(
      byTerm.length,
      'Measured over model, less one, %',
      residual.map((share) => 100 * share),
      0,
      ink.prefill,
    );
  };

export const windowsWords = ({ residual, byTerm }: WindowsView): string => {
  const [low, high] = [Math.min(...residual), Math.max(...residual)].map((share) => (100 * share).toFixed(1));
  return `${residual.length} windows of the log. Beside the model, they take between ${low} % and ${high} % more time. Each window's own coefficients are drawn for ${byTerm.map(({ phrase }) => phrase).join(', ')}.`;
};
