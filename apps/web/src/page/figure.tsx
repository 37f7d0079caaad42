import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { canvasSurface } from '../drawing/canvas-surface.js';
import type { Drawing, Size } from '../drawing/surface.js';
import { svgText } from '../drawing/svg-text.js';
import { inkOf, PAPER } from './ink.js';
import { paintNoMore, paintSoon } from './paint-queue.js';
import { save } from './saved.js';

/** A picture that is on the page now. */
export interface Shown {
  readonly name: string;
  readonly title: string;
  readonly words: string;
  readonly draw: Drawing;
}

/** All pictures on the page, for the report. */
export const shownFigures = new Map<string, Shown>();

/** Size of a picture in a file. */
const PAPER_WIDTH = 960;

/** Draws on a canvas at the screen's own resolution. */
export const paint = (canvas: HTMLCanvasElement, draw: Drawing): void => {
  const { width, height } = canvas.getBoundingClientRect();
  const scale = Math.min(3, globalThis.devicePixelRatio || 1);
  const [across, down] = [Math.round(width * scale), Math.round(height * scale)];
  if (across === 0 || down === 0) return;
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across;
    canvas.height = down;
  }
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  draw(canvasSurface(context), { width, height }, inkOf(canvas));
};

const pngOf = (draw: Drawing, { width, height }: Size, done: (blob: Blob) => void): void => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [2 * width, 2 * height];
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.scale(2, 2);
  context.fillStyle = PAPER.surface;
  context.fillRect(0, 0, width, height);
  draw(canvasSurface(context), { width, height }, PAPER);
  canvas.toBlob((blob) => blob !== null && done(blob));
};

/** Buttons that save a picture. */
export const SaveButtons = ({ shown, height }: { readonly shown: () => Shown; readonly height: number }) => (
  <div class="saves">
    <button
      type="button"
      class="small"
      aria-label={`Save ${shown().title} as SVG`}
      onClick={() => {
        const { draw, name } = shown();
        save(`${name}.svg`, [svgText(draw, { width: PAPER_WIDTH, height }, PAPER)], 'image/svg+xml');
      }}
    >
      SVG
    </button>
    <button
      type="button"
      class="small"
      aria-label={`Save ${shown().title} as PNG`}
      onClick={() => {
        const { draw, name } = shown();
        pngOf(draw, { width: PAPER_WIDTH, height }, (blob) => save(`${name}.png`, [blob], 'image/png'));
      }}
    >
      PNG
    </button>
  </div>
);

/** Draws a picture once it is there, and again as its size or the look of the page changes. */
export const useRedraw = (place: RefObject<HTMLCanvasElement>, redraw: () => void): void => {
  const latest = useRef(redraw);
  latest.current = redraw;
  useEffect(() => {
    const canvas = place.current;
    if (canvas === null) return undefined;
    const again = (): void => paintSoon(canvas, () => latest.current());
    // It tells of the first size as well.
    const observer = new ResizeObserver(again);
    observer.observe(canvas);
    const theme = new MutationObserver(again);
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    return () => {
      paintNoMore(canvas);
      observer.disconnect();
      theme.disconnect();
    };
  }, []);
};

interface FigureProps extends Shown {
  readonly height: number;
  readonly children?: ComponentChildren;
}

/** A picture with its words, drawn anew for another `draw`; what it shows stands beside it as text for those who do not see it. */
export const Figure = ({ name, title, words, draw, height, children }: FigureProps) => {
  const canvas = useRef<HTMLCanvasElement>(null);
  const redraw = (): void => {
    if (canvas.current !== null) paint(canvas.current, draw);
  };
  useRedraw(canvas, redraw);
  useEffect(() => {
    if (canvas.current !== null) paintSoon(canvas.current, redraw);
  }, [draw, height]);
  useEffect(() => {
    shownFigures.set(name, { name, title, words, draw });
    return () => void shownFigures.delete(name);
  }, [name, title, words, draw]);
  return (
    <figure>
      <div class="head">
        <h3>{title}</h3>
        <SaveButtons shown={() => ({ name, title, words, draw })} height={height} />
      </div>
      <canvas ref={canvas} class="picture" style={{ height: `${height}px` }} role="img" aria-label={words} />
      {children}
    </figure>
  );
};
