import type { Ink, Size, Surface } from './surface.js';

/** From values to pixels, and which values are marked. */
export interface Scale {
  readonly of: (value: number) => number;
  readonly back: (pixel: number) => number;
  readonly ticks: readonly number[];
}

/** Steps of 1, 2 or 5 times a power of ten, about `count` of them between two values. */
export const ticksBetween = (from: number, to: number, count: number): readonly number[] => {
  const rough = (to - from) / Math.max(1, count);
  if (!(rough > 0) || !Number.isFinite(rough)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(from / step - 1e-9);
  const ticks: number[] = [];
  for (let k = first; k * step <= to + 1e-9 * step; k++) ticks.push(Number((k * step).toPrecision(12)));
  return ticks;
};

export const linearScale = (
  [from, to]: readonly [number, number],
  [start, end]: readonly [number, number],
  count: number,
): Scale => {
  const span = to > from ? to - from : 1;
  return {
    of: (value) => start + ((value - from) / span) * (end - start),
    back: (pixel) => from + ((pixel - start) / (end - start)) * span,
    ticks: ticksBetween(from, from + span, count),
  };
};

/** The part of a second in which an axis reads best. */
export const unitOf = (sec: number): { readonly name: string; readonly perSec: number } => {
  const size = Math.abs(sec);
  if (size >= 1) return { name: 's', perSec: 1 };
  if (size >= 1e-3) return { name: 'ms', perSec: 1e3 };
  return size >= 1e-6 ? { name: 'us', perSec: 1e6 } : { name: 'ns', perSec: 1e9 };
};

/** A tick as short as its neighbours allow. */
export const tickText = (value: number): string => (value === 0 ? '0' : String(Number(value.toPrecision(6))));

export interface Axes {
  readonly x: Scale;
  readonly y: Scale;
  /** Of what is drawn on: left, top, width, height. */
  readonly box: readonly [number, number, number, number];
}

export interface AxesOptions {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  readonly xTitle: string;
  readonly yTitle: string;
  readonly left?: number;
  readonly top?: number;
  readonly bottom?: number;
  readonly xText?: (value: number) => string;
  readonly yText?: (value: number) => string;
  /** The part of the picture that it may take; default: all. */
  readonly room?: readonly [left: number, top: number, width: number, height: number];
}

/** Draws the axes and the grid of a chart. */
export const drawAxes = (surface: Surface, { width, height }: Size, ink: Ink, options: AxesOptions): Axes => {
  const { left = 54, top = 22, bottom = 38, xText = tickText, yText = tickText } = options;
  const [roomLeft, roomTop, roomWidth, roomHeight] = options.room ?? [0, 0, width, height];
  const box = [roomLeft + left, roomTop + top, roomWidth - left - 14, roomHeight - top - bottom] as const;
  const x = linearScale(options.x, [box[0], box[0] + box[2]], Math.max(2, Math.floor(box[2] / 90)));
  const y = linearScale(options.y, [box[1] + box[3], box[1]], Math.max(3, Math.floor(box[3] / 38)));
  for (const tick of y.ticks) {
    const at = Math.round(y.of(tick)) + 0.5;
    surface.line([box[0], at, box[0] + box[2], at], { stroke: ink.line });
    surface.text(box[0] - 7, at + 3.5, yText(tick), { fill: ink.soft, align: 'end' });
  }
  for (const tick of x.ticks) {
    const at = Math.round(x.of(tick)) + 0.5;
    surface.line([at, box[1] + box[3], at, box[1] + box[3] + 4], { stroke: ink.soft });
    surface.text(at, box[1] + box[3] + 16, xText(tick), { fill: ink.soft, align: 'center' });
  }
  const base = box[1] + box[3] + 0.5;
  surface.line([box[0], base, box[0] + box[2], base], { stroke: ink.soft });
  surface.text(box[0], box[1] - 8, options.yTitle, { fill: ink.soft });
  if (options.xTitle !== '')
    surface.text(box[0] + box[2], box[1] + box[3] + 32, options.xTitle, { fill: ink.soft, align: 'end' });
  return { x, y, box };
};

/** Names of what is drawn, from the right in one line. */
export const drawKey = (
  surface: Surface,
  rightX: number,
  y: number,
  ink: Ink,
  entries: readonly (readonly [name: string, colour: string])[],
): void => {
  let x = rightX;
  for (const [name, colour] of [...entries].reverse()) {
    x -= 6.4 * name.length;
    surface.text(x, y, name, { fill: ink.text });
    surface.rect(x - 14, y - 8, 9, 9, colour);
    x -= 26;
  }
};
