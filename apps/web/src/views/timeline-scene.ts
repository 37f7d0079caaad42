import { linearScale, ticksBetween, tickText } from '../drawing/axes.js';
import type { Drawing, Ink, Surface } from '../drawing/surface.js';
import type { RequestLanes, StepBars, Timeline } from '../messages.js';

/** What of the timeline is seen, seconds since its origin. */
export interface Range {
  readonly fromSec: number;
  readonly toSec: number;
}

/** Upright order of the parts, pixels. */
export const OVERVIEW = 34;
const AXIS = 26;
const OFF = 54;
const LANES = 170;
export const LEFT = 44;
export const RIGHT = 12;

/** Requests that are drawn one by one; of more, only how many are in flight. */
const MOST_REQUESTS = 3000;
const WIDEST_LANE = 11;

/** First index at which an ascending column is at least a value. */
export const lowerBound = (column: Float64Array, value: number): number => {
  let [low, high] = [0, column.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (column[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** The bars that are seen: of the finest level that has no more than two of them a pixel. */
const seenBars = (
  { bars, levels }: Timeline,
  { fromSec, toSec }: Range,
  pixels: number,
): { readonly level: StepBars; readonly from: number; readonly to: number; readonly depth: number } => {
  let seen = { level: bars, from: 0, to: bars.length, depth: 0 };
  for (const [depth, level] of [bars, ...levels].entries()) {
    const from = Math.max(0, lowerBound(level.startSec, fromSec) - 1);
    const to = lowerBound(level.startSec, toSec);
    seen = { level, from, to, depth };
    if (to - from <= 2 * pixels) break;
  }
  return seen;
};

const stackOf = ({ decodeSeqs, prefillSeqs, waiting }: StepBars, i: number): number =>
  decodeSeqs[i] + prefillSeqs[i] + waiting[i];

/** The largest batch with those that wait, of the whole log: the upright scale stays while one pans. */
export const highest = ({ bars }: Timeline): number => {
  let most = 1;
  for (let i = 0; i < bars.length; i++) most = Math.max(most, stackOf(bars, i));
  return most;
};

const drawStack = (
  surface: Surface,
  { level, from, to }: ReturnType<typeof seenBars>,
  x: (sec: number) => number,
  [top, height]: readonly [number, number],
  most: number,
  ink: Ink,
): void => {
  const { startSec, endSec, decodeSeqs, prefillSeqs, waiting } = level;
  const bottom = top + height;
  const perSeq = height / most;
  // Colour by colour: a canvas changes its colour slowly.
  for (const part of [0, 1, 2] as const) {
    const fill = [ink.decode, ink.prefill, ink.waiting][part];
    for (let i = from; i < to; i++) {
      const left = x(startSec[i]);
      const width = x(endSec[i]) - left;
      const gap = width > 5 ? 1 : 0;
      const below = part === 0 ? 0 : part === 1 ? decodeSeqs[i] : decodeSeqs[i] + prefillSeqs[i];
      const size = (part === 0 ? decodeSeqs[i] : part === 1 ? prefillSeqs[i] : waiting[i]) * perSeq;
      if (size > 0.2) surface.rect(left, bottom - below * perSeq - size, Math.max(0.7, width - gap), size, fill);
    }
  }
};

const drawOff = (
  surface: Surface,
  { level, from, to }: ReturnType<typeof seenBars>,
  x: (sec: number) => number,
  [top, height]: readonly [number, number],
  ink: Ink,
): void => {
  const { startSec, endSec, measuredSec, predictedSec } = level;
  const middle = top + height / 2;
  const far = 0.5;
  for (let i = from; i < to; i++) {
    const left = x(startSec[i]);
    const width = x(endSec[i]) - left;
    const off = Math.max(-far, Math.min(far, measuredSec[i] / predictedSec[i] - 1));
    const size = (Math.abs(off) / far) * (height / 2);
    surface.rect(
      left,
      off > 0 ? middle - size : middle,
      Math.max(0.7, width - (width > 5 ? 1 : 0)),
      size,
      off > 0 ? ink.slow : ink.fast,
    );
  }
};

const drawLanes = (
  surface: Surface,
  requests: RequestLanes,
  { fromSec, toSec }: Range,
  x: (sec: number) => number,
  [top, height]: readonly [number, number],
  [left, right]: readonly [number, number],
  seen: ReturnType<typeof seenBars>,
  ink: Ink,
): void => {
  const { arrivalSec, scheduledSec, firstTokenSec, lastTokenSec, lane, longestSec } = withLongest(requests);
  const from = lowerBound(arrivalSec, fromSec - longestSec);
  const to = lowerBound(arrivalSec, toSec);
  if (to - from > MOST_REQUESTS) {
    const { level } = seen;
    const perLane = height / Math.max(1, requests.lanes);
    for (let i = seen.from; i < seen.to; i++) {
      const [at, end] = [x(level.startSec[i]), x(level.endSec[i])];
      surface.rect(at, top, Math.max(0.7, end - at), stackOf(level, i) * perLane, ink.decode, 0.45);
    }
    surface.text((left + right) / 2, top + height - 8, 'zoom in to see each request', {
      fill: ink.soft,
      align: 'center',
    });
    return;
  }
  let lanes = 1;
  for (let k = from; k < to; k++) if (lastTokenSec[k] >= fromSec) lanes = Math.max(lanes, lane[k] + 1);
  const pitch = Math.min(WIDEST_LANE, height / lanes);
  const thick = Math.max(0.8, pitch - (pitch > 3 ? 1.5 : 0));
  const cut = (sec: number): number => Math.max(left, Math.min(right, x(sec)));
  for (let k = from; k < to; k++) {
    if (lastTokenSec[k] < fromSec) continue;
    const y = top + lane[k] * pitch;
    const [a, f, l] = [cut(arrivalSec[k]), cut(firstTokenSec[k]), cut(lastTokenSec[k])];
    // Where the log does not tell when its prefill began, a request waits for its first token.
    const s = Number.isNaN(scheduledSec[k]) ? f : cut(scheduledSec[k]);
    if (s > a) surface.rect(a, y, s - a, thick, ink.waiting);
    if (f > s) surface.rect(s, y, f - s, thick, ink.prefill);
    surface.rect(f, y, Math.max(0.7, l - f), thick, ink.decode, 0.75);
  }
};

const longest = new WeakMap<RequestLanes, number>();

/** With the longest stay of a request: before it, nothing reaches into what is seen. */
const withLongest = (requests: RequestLanes): RequestLanes & { readonly longestSec: number } => {
  let longestSec = longest.get(requests);
  if (longestSec === undefined) {
    longestSec = 0;
    for (let k = 0; k < requests.length; k++)
      longestSec = Math.max(longestSec, requests.lastTokenSec[k] - requests.arrivalSec[k]);
    longest.set(requests, longestSec);
  }
  return { ...requests, longestSec };
};

/** Where the parts lie for a height. */
export const partsOf = (timeline: Timeline, height: number) => {
  const lanes = timeline.requests === null ? 0 : LANES;
  const stackTop = OVERVIEW + AXIS;
  const stack = height - stackTop - OFF - lanes - 14;
  return {
    stack: [stackTop, stack] as const,
    off: [stackTop + stack + 16, OFF - 16] as const,
    lanes: [stackTop + stack + OFF + 14, Math.max(0, lanes - 8)] as const,
  };
};

/** The whole log in the upper strip: what a range is marked on. */
export const overviewDrawing =
  (timeline: Timeline, most: number): Drawing =>
  (surface, { width }, ink) => {
    const { bars } = timeline;
    const right = width - RIGHT;
    const wholeSec = bars.endSec[bars.length - 1];
    const whole = linearScale([0, wholeSec], [LEFT, right], 6);
    const all = seenBars(timeline, { fromSec: 0, toSec: wholeSec }, right - LEFT);
    drawStack(surface, all, whole.of, [4, OVERVIEW - 8], most, ink);
  };

/** Steps, residuals and requests in a range, below the range marked in the upper strip. */
export const rangeDrawing =
  (timeline: Timeline, range: Range, most: number, picked: number | null): Drawing =>
  (surface, { width, height }, ink) => {
    const { bars, requests } = timeline;
    const right = width - RIGHT;
    const pixels = right - LEFT;
    const wholeSec = bars.endSec[bars.length - 1];
    const parts = partsOf(timeline, height);
    const whole = linearScale([0, wholeSec], [LEFT, right], 6);
    const [a, b] = [whole.of(Math.max(0, range.fromSec)), whole.of(Math.min(wholeSec, range.toSec))];
    surface.rect(LEFT, 2, a - LEFT, OVERVIEW - 4, ink.surface, 0.55);
    surface.rect(b, 2, right - b, OVERVIEW - 4, ink.surface, 0.55);
    const frame = [a, 2, Math.max(a + 2, b), 2, Math.max(a + 2, b), OVERVIEW - 2, a, OVERVIEW - 2, a, 2];
    surface.line(frame, { stroke: ink.text, width: 1.2 });

    const spanSec = range.toSec - range.fromSec;
    const x = linearScale([range.fromSec, range.toSec], [LEFT, right], Math.max(2, Math.floor(pixels / 100)));
    const { name, perSec } =
      spanSec < 0.02
        ? { name: 'us', perSec: 1e6 }
        : spanSec < 4
          ? { name: 'ms', perSec: 1e3 }
          : { name: 's', perSec: 1 };
    for (const tick of ticksBetween(range.fromSec, range.toSec, Math.max(2, Math.floor(pixels / 110)))) {
      const at = Math.round(x.of(tick)) + 0.5;
      surface.line([at, OVERVIEW + AXIS - 6, at, height - 4], { stroke: ink.line });
      surface.text(at, OVERVIEW + AXIS - 10, `${tickText(tick * perSec)} ${name}`, { fill: ink.soft, align: 'center' });
    }
    const seen = seenBars(timeline, range, pixels);
    const [stackTop, stackHeight] = parts.stack;
    for (const tick of ticksBetween(0, most, 3)) {
      surface.text(LEFT - 6, stackTop + stackHeight * (1 - tick / most) + 4, tickText(tick), {
        fill: ink.soft,
        align: 'end',
      });
    }
    surface.text(LEFT - 6, parts.off[0] + parts.off[1] / 2 + 4, '±50 %', { fill: ink.soft, align: 'end', size: 10 });
    surface.inside(LEFT, OVERVIEW, pixels, height - OVERVIEW, () => {
      drawStack(surface, seen, x.of, parts.stack, most, ink);
      surface.line([LEFT, stackTop + stackHeight + 0.5, right, stackTop + stackHeight + 0.5], { stroke: ink.soft });
      drawOff(surface, seen, x.of, parts.off, ink);
      const middle = parts.off[0] + parts.off[1] / 2;
      surface.line([LEFT, middle, right, middle], { stroke: ink.soft, width: 0.6 });
      if (requests !== null) drawLanes(surface, requests, range, x.of, parts.lanes, [LEFT, right], seen, ink);
      if (picked !== null) {
        const [from, to] = [x.of(bars.startSec[picked]), x.of(bars.endSec[picked])];
        const end = Math.max(from + 2, to);
        const foot = parts.off[0] + parts.off[1];
        surface.line([from, stackTop, end, stackTop, end, foot, from, foot, from, stackTop], {
          stroke: ink.text,
          width: 1.5,
        });
      }
    });
  };

/** Both, for a file. */
export const timelineDrawing =
  (...[timeline, range, most, picked]: Parameters<typeof rangeDrawing>): Drawing =>
  (surface, size, ink) => {
    overviewDrawing(timeline, most)(surface, size, ink);
    rangeDrawing(timeline, range, most, picked)(surface, size, ink);
  };
