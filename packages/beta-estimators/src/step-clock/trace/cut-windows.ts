import { DECODE, type PhaseTable } from '@stepclock/trace-io';
import { stepsOfRows } from './odd-rows.js';
import { hasWork, type TracePart, type Window } from './trace-columns.js';

/** Some time of one engine, or all of some small ones: what has one clock, started by itself. */
export type TraceWindow = readonly TracePart[];

/** A window has about so many steps, ... */
const STEPS = 4000;
/** ... and so many decodes at least, by number and by mean of active ones, so that those which its edges cut are few. */
const LEAST_DECODES = 700;
const TIMES_ACTIVE = 12;
/** Bins of time a window, among which the one with the least in flight is looked for, this share of a window around the even cut. */
const BINS = 64;
const REACH = 0.3;

/** What {@link cutWindows} may be told besides. */
interface Known {
  /** Rows that take no part. */
  readonly left?: ReadonlySet<number>;
  /** Moments at which no phase's count holds: the clock starts anew there, inside a window. */
  readonly cutsSec?: readonly number[];
}

/**
 * Cuts a trace into windows: every engine by itself, where little is in flight. A phase over an edge belongs to both sides. Engines too small
 * for a window of their own share one.
 */
export const cutWindows = (
  phases: PhaseTable,
  within: Window,
  { left = new Set(), cutsSec = [] }: Known = {},
): readonly TraceWindow[] => {
  const windows = windowsOfEngines(phases, within, left);
  if (cutsSec.length === 0) return windows;
  return windows.map((parts) =>
    parts.flatMap(({ rows, window: [from, to] }) => {
      const inside = cutsSec.filter((sec) => sec > from && sec < to).sort((a, b) => a - b);
      return rowsBetween(phases, rows, [from, ...inside, to]);
    }),
  );
};

const windowsOfEngines = (phases: PhaseTable, within: Window, left: ReadonlySet<number>): readonly TraceWindow[] => {
  const windows: TraceWindow[] = [];
  let shared: TracePart[] = [];
  let decodes = 0;
  for (const load of engineLoads(phases, within, left)) {
    if (load.rows.length === 0) continue;
    const parts = cutEngine(phases, load, within);
    if (parts.length > 1 || load.decodes >= LEAST_DECODES) windows.push(...parts.map((part) => [part]));
    else {
      shared.push(...parts);
      decodes += load.decodes;
      if (decodes < LEAST_DECODES) continue;
      windows.push(shared);
      shared = [];
      decodes = 0;
    }
  }
  const last = windows.at(-1);
  if (shared.length > 0 && last !== undefined && last.length > 1) windows[windows.length - 1] = [...last, ...shared];
  else if (shared.length > 0) windows.push(shared);
  return windows;
};

/** What an engine's rows in a part of time add up to. */
interface EngineLoad {
  readonly rows: Uint32Array;
  readonly decodes: number;
  /** Of all decodes: seconds, and steps. */
  readonly decodeSec: number;
  readonly steps: number;
  readonly firstSec: number;
  readonly lastSec: number;
}

const engineLoads = (phases: PhaseTable, [from, to]: Window, left: ReadonlySet<number>): readonly EngineLoad[] => {
  const { length, kind, startSec, endSec, instance } = phases;
  const works = hasWork(phases);
  const stepsOf = stepsOfRows(phases);
  const engines = instance === undefined ? 1 : instance.reduce((most, i) => Math.max(most, i), 0) + 1;
  const loads = Array.from({ length: engines }, () => ({
    kept: 0,
    decodes: 0,
    decodeSec: 0,
    steps: 0,
    firstSec: Number.POSITIVE_INFINITY,
    lastSec: Number.NEGATIVE_INFINITY,
  }));
  const rows = new Uint32Array(length);
  const engineOf = new Uint32Array(instance === undefined ? 0 : length);
  let kept = 0;
  for (let i = 0; i < length; i++) {
    const start = startSec[i];
    const end = endSec[i];
    if (!(start < to && end > from) || !works(i) || left.has(i)) continue;
    const engine = instance === undefined ? 0 : instance[i];
    const load = loads[engine];
    if (instance !== undefined) engineOf[kept] = engine;
    rows[kept++] = i;
    load.kept++;
    load.firstSec = Math.min(load.firstSec, Math.max(start, from));
    load.lastSec = Math.max(load.lastSec, Math.min(end, to));
    if (kind[i] !== DECODE) continue;
    load.decodes++;
    load.decodeSec += end - start;
    load.steps += stepsOf(i);
  }
  if (instance === undefined) return [{ ...loads[0], rows: rows.subarray(0, kept) }];
  const own = loads.map((load) => new Uint32Array(load.kept));
  const next = new Uint32Array(engines);
  for (let k = 0; k < kept; k++) own[engineOf[k]][next[engineOf[k]]++] = rows[k];
  return loads.map((load, e) => ({ ...load, rows: own[e] }));
};

const cutEngine = (phases: PhaseTable, load: EngineLoad, within: Window): readonly TracePart[] => {
  const { rows, decodes, decodeSec, steps, firstSec, lastSec } = load;
  const spanSec = lastSec - firstSec;
  const leastDecodes = Math.max(LEAST_DECODES, (TIMES_ACTIVE * decodeSec) / spanSec);
  const lengthSec = Math.max((STEPS * decodeSec) / Math.max(steps, 1), (spanSec * leastDecodes) / Math.max(decodes, 1));
  const count = Math.floor(spanSec / lengthSec);
  if (!(count > 1)) return [{ window: within, rows }];
  const cuts = quietMoments(phases, load, count);
  return rowsBetween(phases, rows, [within[0], ...cuts, within[1]]);
};

/** The moments at which windows are cut: where the least is in flight, near even ones. */
const quietMoments = (
  phases: PhaseTable,
  { rows, firstSec, lastSec }: EngineLoad,
  count: number,
): readonly number[] => {
  const bins = BINS * count;
  const perSec = bins / (lastSec - firstSec);
  const change = new Int32Array(bins + 1);
  const binOf = (sec: number): number => Math.min(bins - 1, Math.max(0, Math.floor((sec - firstSec) * perSec)));
  for (const i of rows) {
    change[binOf(phases.startSec[i])]++;
    change[binOf(phases.endSec[i]) + 1]--;
  }
  const active = new Int32Array(bins);
  for (let b = 0, sum = 0; b < bins; b++) active[b] = sum += change[b];
  return Array.from({ length: count - 1 }, (_, w) => {
    const middle = BINS * (w + 1);
    let best = middle;
    for (let b = middle - Math.floor(REACH * BINS); b <= middle + REACH * BINS; b++) {
      const nearer = Math.abs(b - middle) < Math.abs(best - middle);
      if (active[b] < active[best] || (active[b] === active[best] && nearer)) best = b;
    }
    return firstSec + (best + 0.5) / perSec;
  });
};

/** The rows of each window, a row over an edge in all that it touches. */
const rowsBetween = (
  { startSec, endSec }: PhaseTable,
  rows: Uint32Array,
  edges: readonly number[],
): readonly TracePart[] => {
  const windows = edges.length - 1;
  const windowOf = (sec: number, after: boolean): number => {
    let low = 0;
    let high = windows - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (after ? edges[middle] < sec : edges[middle] <= sec) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const counts = new Uint32Array(windows);
  const first = new Uint32Array(rows.length);
  const last = new Uint32Array(rows.length);
  for (let k = 0; k < rows.length; k++) {
    first[k] = windowOf(startSec[rows[k]], false);
    last[k] = windowOf(endSec[rows[k]], true);
    for (let w = first[k]; w <= last[k]; w++) counts[w]++;
  }
  const parts = Array.from(
    counts,
    (count, w): TracePart => ({
      window: [edges[w], edges[w + 1]],
      rows: new Uint32Array(count),
    }),
  );
  const next = new Uint32Array(windows);
  for (let k = 0; k < rows.length; k++) for (let w = first[k]; w <= last[k]; w++) parts[w].rows[next[w]++] = rows[k];
  return parts.filter((part) => part.rows.length > 0);
};
