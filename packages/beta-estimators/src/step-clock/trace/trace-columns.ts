import { Fault } from '@stepclock/faults';
import { type PhaseTable, PREFILL, tokensOfRows } from '@stepclock/trace-io';

/** The part of a trace that is looked at, seconds on the trace's clock: phases in flight at an edge are cut there. */
export type Window = readonly [fromSec: number, toSec: number];

/** Phases of one kind as columns. */
interface PhaseColumns {
  readonly length: number;
  readonly startSec: Float64Array;
  readonly endSec: Float64Array;
  /** N: steps that a decode took part in; of a prefill NaN where the trace does not tell. */
  readonly steps: Float64Array;
  /** 1 where a window's edge cut the phase: how much of its work fell inside is not known. */
  readonly cut: Uint8Array;
  /** Row of the table. */
  readonly row: Uint32Array;
}

export interface Prefills extends PhaseColumns {
  /** P: prompt tokens that the engine computed; of a cut prefill the share that fell inside, by time. */
  readonly tokens: Float64Array;
  /** Prompt tokens found in a cache; absent where the trace tells of none. */
  readonly cached?: Float64Array;
}

export interface Decodes extends PhaseColumns {
  /** Tokens in the KV cache when the decode starts: the prompt's, cached ones included. NaN where no prefill row tells. */
  readonly context: Float64Array;
}

export interface TraceColumns {
  /** What the time line's zero is in the trace, s. */
  readonly originSec: number;
  readonly prefills: Prefills;
  readonly decodes: Decodes;
  /** Times, ascending, at which a window cut phases; the segments that touch them are not whole. */
  readonly edgesSec: readonly number[];
}

export const WHOLE_TRACE: Window = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

const NONE: ReadonlySet<number> = new Set();
const ascending = (a: number, b: number): number => a - b;

/** Seconds of nothing between two parts of the common time line. */
const GAP_SEC = 1;

/** One engine's phases in a part of its time. */
export interface TracePart {
  readonly window: Window;
  /** Rows of the engine that have work to show in the window, in the order of the table. */
  readonly rows: Uint32Array;
}

/**
 * Sorts rows into prefills and decodes on one time line that starts near zero: times since an epoch would lose digits in every difference.
 * Parts are laid one after another with a gap between, so that whatever holds for a trace with idle gaps holds for many engines as well.
 *
 * @param prompts prompt tokens by request, as {@link promptLengths} has them
 * @param uncounted decodes whose counts say nothing: they are cut at their ends
 * @throws Fault `beta-estimators/bad-time` for a phase that this time line cannot hold
 */
export const traceColumns = (
  phases: PhaseTable,
  parts: readonly TracePart[] = wholeParts(phases),
  prompts: Float64Array = promptLengths(phases),
  uncounted: ReadonlySet<number> = NONE,
): TraceColumns => {
  const { kind, startSec, endSec, steps, request, cachedTokens } = phases;
  const tokensOf = tokensOfRows(phases);
  let prefillCount = 0;
  let decodeCount = 0;
  for (const { rows } of parts) for (const i of rows) kind[i] === PREFILL ? prefillCount++ : decodeCount++;
  const cached = cachedTokens === undefined ? undefined : new Float64Array(prefillCount);
  const prefills = {
    ...emptyColumns(prefillCount),
    tokens: new Float64Array(prefillCount),
    ...(cached !== undefined && { cached }),
  };
  const decodes = { ...emptyColumns(decodeCount), context: new Float64Array(decodeCount) };
  const edgesSec: number[] = [];
  let originSec = Number.NaN;
  let used = 0;
  let p = 0;
  let d = 0;
  for (const { window, rows } of parts) {
    const [from, to] = window;
    let first = Number.POSITIVE_INFINITY;
    let last = Number.NEGATIVE_INFINITY;
    for (const i of rows) {
      first = Math.min(first, Math.max(startSec[i], from));
      last = Math.max(last, Math.min(endSec[i], to));
    }
    if (!(last > first)) continue;
    const offset = first - used;
    if (Number.isNaN(originSec)) originSec = offset;
    if (first === from) edgesSec.push(used);
    if (last === to) edgesSec.push(last - offset);
    used += last - first + GAP_SEC;
    for (const i of rows) {
      const start = startSec[i];
      const end = endSec[i];
      const isCut = start < from || end > to || uncounted.has(i);
      if (uncounted.has(i) && end < to) edgesSec.push(end - offset);
      const begin = Math.max(start, from) - offset;
      const finish = Math.min(end, to) - offset;
      checkLength(finish - begin, used, i);
      const isPrefill = kind[i] === PREFILL;
      const columns = isPrefill ? prefills : decodes;
      const at = isPrefill ? p++ : d++;
      columns.startSec[at] = begin;
      columns.endSec[at] = finish;
      columns.cut[at] = isCut ? 1 : 0;
      columns.row[at] = i;
      const given = steps === undefined ? Number.NaN : steps[i];
      if (isPrefill) {
        prefills.steps[at] = given;
        const tokens = tokensOf(i);
        if (cached !== undefined && cachedTokens !== undefined) cached[at] = cachedTokens[i];
        prefills.tokens[at] = isCut ? (tokens * (finish - begin)) / (end - start) : tokens;
      } else {
        const count = given >= 0 ? given : tokensOf(i);
        decodes.steps[at] = count;
        // A decode that began before the window has grown by then: evenly, as far as anybody knows.
        const grown = start < from ? (count * (from - start)) / (end - start) : 0;
        decodes.context[at] = prompts[request[i]] + grown;
      }
    }
  }
  return { originSec: Number.isNaN(originSec) ? 0 : originSec, prefills, decodes, edgesSec: edgesSec.sort(ascending) };
};

/** Beyond these no squares of times, and no sums of squares, lose their digits; no clock counts so far or so finely. */
export const LEAST_SEC = 1e-15;
export const MOST_SEC = 1e15;

const checkLength = (durationSec: number, spanSec: number, row: number): void => {
  if (durationSec >= LEAST_SEC && durationSec <= MOST_SEC && spanSec <= MOST_SEC) return;
  throw new Fault('beta-estimators/bad-time', {
    what: 'phase',
    rule: `must last from ${LEAST_SEC} to ${MOST_SEC} s, and long enough to be told beside all that the trace spans`,
    value: `${durationSec} s in ${spanSec} s`,
    row,
  });
};

/** Whether a row has work to show: tokens, or steps that its row gives. */
export const hasWork = (phases: PhaseTable): ((row: number) => boolean) => {
  const { kind, steps } = phases;
  const tokensOf = tokensOfRows(phases);
  return (i) => {
    // Of a decode a given number of steps wins over the tokens.
    const given = kind[i] === PREFILL || steps === undefined ? Number.NaN : steps[i];
    return (given >= 0 ? given : tokensOf(i)) > 0;
  };
};

/** Every engine of a table, whole or in one window. */
export const wholeParts = (phases: PhaseTable, window: Window = WHOLE_TRACE): readonly TracePart[] => {
  const { length, instance, startSec, endSec } = phases;
  const works = hasWork(phases);
  const engines = instance === undefined ? 1 : instance.reduce((most, i) => Math.max(most, i), 0) + 1;
  const rows = Array.from({ length: engines }, (): number[] => []);
  for (let i = 0; i < length; i++) {
    if (startSec[i] < window[1] && endSec[i] > window[0] && works(i))
      rows[instance === undefined ? 0 : instance[i]].push(i);
  }
  return rows.filter((own) => own.length > 0).map((own) => ({ window, rows: Uint32Array.from(own) }));
};

const emptyColumns = (length: number) => ({
  length,
  startSec: new Float64Array(length),
  endSec: new Float64Array(length),
  steps: new Float64Array(length),
  cut: new Uint8Array(length),
  row: new Uint32Array(length),
});

/** Prompt tokens by request, cached ones included; NaN for requests without a prefill row. */
export const promptLengths = (phases: PhaseTable): Float64Array => {
  const { length, kind, request, requestIds, cachedTokens } = phases;
  const tokensOf = tokensOfRows(phases);
  const prompts = new Float64Array(requestIds.length).fill(Number.NaN);
  for (let i = 0; i < length; i++) {
    if (kind[i] === PREFILL) prompts[request[i]] = tokensOf(i) + (cachedTokens === undefined ? 0 : cachedTokens[i]);
  }
  return prompts;
};

/** Whether every decode of some parts has a prompt of known length, so that its context is known. */
export const tellsContext = (
  { kind, request }: PhaseTable,
  parts: readonly TracePart[],
  prompts: Float64Array,
): boolean => parts.every(({ rows }) => rows.every((i) => kind[i] === PREFILL || !Number.isNaN(prompts[request[i]])));
