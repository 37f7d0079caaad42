import { drawAxes, drawKey, tickText, unitOf } from '../drawing/axes.js';
import type { Drawing } from '../drawing/surface.js';
import type { BatchView } from '../messages.js';

/** Time of a step over its batch as a density, means and the model; below, how far the model is off. */
export const batchDrawing =
  (view: BatchView): Drawing =>
  (surface, size, ink) => {
    const { batch, steps, meanSec, lowSec, highSec, predictedSec, cells, columns, rows, toBatch, fromSec, toSec } =
      view;
    const unit = unitOf(toSec);
    const upper = Math.round(size.height * 0.68);
    const axes = drawAxes(surface, size, ink, {
      x: [-0.5, toBatch],
      y: [fromSec * unit.perSec, toSec * unit.perSec],
      xTitle: '',
      yTitle: `Time of a step, ${unit.name}`,
      room: [0, 0, size.width, upper],
      bottom: 22,
      xText: tickText,
    });
    const [left, top, width, height] = axes.box;
    drawKey(surface, left + width, top - 8, ink, [
      ['steps', ink.decode],
      ['model', ink.model],
    ]);
    const most = cells.reduce((a, b) => Math.max(a, b), 1);
    const [cellWidth, cellHeight] = [width / columns, height / rows];
    surface.inside(left, top, width, height, () => {
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const count = cells[row * columns + column];
          if (count === 0) continue;
          const opacity = 0.1 + 0.55 * (Math.log1p(count) / Math.log1p(most));
          const y = top + height - (row + 1) * cellHeight;
          surface.rect(left + column * cellWidth, y, cellWidth + 0.3, cellHeight + 0.3, ink.decode, opacity);
        }
      }
      for (let k = 0; k < batch.length; k++) {
        const x = axes.x.of(batch[k]);
        const y = (sec: number): number => axes.y.of(sec * unit.perSec);
        if (steps[k] >= 10) surface.line([x, y(lowSec[k]), x, y(highSec[k])], { stroke: ink.text, width: 1 });
        surface.dot(x, y(meanSec[k]), steps[k] >= 30 ? 2.6 : 1.6, ink.text);
      }
      const line: number[] = [];
      for (let k = 0; k < batch.length; k++) line.push(axes.x.of(batch[k]), axes.y.of(predictedSec[k] * unit.perSec));
      surface.line(line, { stroke: ink.model, width: 2.4 });
    });
    const off = Array.from(batch, (_, k) => 100 * (meanSec[k] / predictedSec[k] - 1));
    const far = Math.min(60, Math.max(2, ...off.filter((_, k) => steps[k] >= 30).map(Math.abs)) * 1.2);
    const below = drawAxes(surface, size, ink, {
      x: [-0.5, toBatch],
      y: [-far, far],
      xTitle: 'Decoding sequences in the step',
      yTitle: 'Mean measured over model, less one, %',
      room: [0, upper, size.width, size.height - upper],
    });
    surface.inside(below.box[0], below.box[1], below.box[2], below.box[3], () => {
      const zero = below.y.of(0);
      const bar = Math.max(1.5, Math.min(14, (below.box[2] / (toBatch + 1)) * 0.7));
      for (const [k, percent] of off.entries()) {
        const y = below.y.of(percent);
        const colour = percent > 0 ? ink.slow : ink.fast;
        surface.rect(
          below.x.of(batch[k]) - bar / 2,
          Math.min(y, zero),
          bar,
          Math.abs(y - zero),
          colour,
          steps[k] >= 30 ? 1 : 0.4,
        );
      }
      surface.line([below.box[0], zero, below.box[0] + below.box[2], zero], { stroke: ink.soft });
    });
  };

/** The same in words, for those who do not see it. */
export const batchWords = ({ batch, steps, meanSec, predictedSec }: BatchView): string => {
  const off = Array.from(batch, (_, k) => ({ share: Math.abs(meanSec[k] / predictedSec[k] - 1), steps: steps[k] }));
  const total = off.reduce((sum, one) => sum + one.steps, 0);
  const mean = off.reduce((sum, one) => sum + one.steps * one.share, 0) / total;
  return `Steps without prefill at ${batch.length} batch sizes, from ${batch[0]} to ${batch[batch.length - 1]} sequences. Their mean times are ${(100 * mean).toFixed(1)} % off the model, on average over the steps.`;
};
