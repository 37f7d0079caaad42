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
  readonly prefills: Prefills;
  readonly decodes: Decodes;
  /** Times, ascending, at which a window cut phases; the segments that touch them are not whole. */
  readonly edgesSec: readonly number[];
}

/** Seconds of nothing between two parts of the common time line. */
const GAP_SEC = 1;

export const WHOLE_TRACE: Window = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

/**
 * Sorts a table's rows into prefills and decodes on one time line that starts near zero: times since an epoch would lose
 * digits in every difference. Engines that run side by side (`instance`), and windows, are laid one after another with a
 * gap between, so that whatever holds for a trace with idle gaps holds for many engines and for samples of a trace as well.
 *
 * @throws Fault `beta-estimators/bad-time` for a phase that this time line cannot hold
 */
export const traceColumns = (phases: PhaseTable, windows: readonly Window[] = [WHOLE_TRACE]): TraceColumns => {
  const engines = phases.instance === undefined ? 1 : phases.instance.reduce((most, i) => Math.max(most, i), 0) + 1;
  const tokensOf = tokensOfRows(phases);
  const parts = windows.map((window) => partOf(phases, tokensOf, window, engines));
  const promptOf = promptLengths(phases, tokensOf, parts);
  const prefillCount = parts.reduce((sum, part) => sum + part.prefills, 0);
  const decodeCount = parts.reduce((sum, part) => sum + part.decodes, 0);
  const { cachedTokens } = phases;
  const cached = cachedTokens === undefined ? undefined : new Float64Array(prefillCount);
  const prefills = {
    ...emptyColumns(prefillCount),
    tokens: new Float64Array(prefillCount),
    ...(cached !== undefined && { cached }),
  };
  const decodes = { ...emptyColumns(decodeCount), context: new Float64Array(decodeCount) };
  const {
    startSec: prefillStart,
    endSec: prefillEnd,
    cut: prefillCut,
    row: prefillRow,
    steps: prefillSteps,
  } = prefills;
  const { startSec: decodeStart, endSec: decodeEnd, cut: decodeCut, row: decodeRow, steps: counts } = decodes;
  const { length, kind, startSec, endSec, steps, instance, request } = phases;
  const edgesSec: number[] = [];
  let used = 0;
  let p = 0;
  let d = 0;
  for (const { window, keep, first, last } of parts) {
    const [from, to] = window;
    const shift = new Float64Array(engines);
    for (let e = 0; e < engines; e++) {
      const begin = first[e];
      const end = last[e];
      if (!(end > begin)) continue;
      shift[e] = begin - used;
      if (begin === from) edgesSec.push(used);
      if (end === to) edgesSec.push(end - shift[e]);
      used += end - begin + GAP_SEC;
    }
    for (let i = 0; i < length; i++) {
      if (keep[i] === 0) continue;
      const offset = shift[instance === undefined ? 0 : instance[i]];
      const start = startSec[i];
      const end = endSec[i];
      const isCut = start < from || end > to;
      const begin = Math.max(start, from) - offset;
      const finish = Math.min(end, to) - offset;
      checkLength(finish - begin, used, i);
      const isPrefill = kind[i] === PREFILL;
      const at = isPrefill ? p++ : d++;
      (isPrefill ? prefillStart : decodeStart)[at] = begin;
      (isPrefill ? prefillEnd : decodeEnd)[at] = finish;
      (isPrefill ? prefillCut : decodeCut)[at] = isCut ? 1 : 0;
      (isPrefill ? prefillRow : decodeRow)[at] = i;
      const given = steps === undefined ? Number.NaN : steps[i];
      if (isPrefill) {
        prefillSteps[at] = given;
        const tokens = tokensOf(i);
        if (cached !== undefined && cachedTokens !== undefined) cached[at] = cachedTokens[i];
        prefills.tokens[at] = isCut ? (tokens * (finish - begin)) / (end - start) : tokens;
      } else {
        const count = given >= 0 ? given : tokensOf(i);
        counts[at] = count;
        // A decode that began before the window has grown by then: evenly, as far as anybody knows.
        const grown = start < from ? (count * (from - start)) / (end - start) : 0;
        decodes.context[at] = promptOf(request[i]) + grown;
      }
    }
  }
  return { prefills, decodes, edgesSec };
};

/** Beyond these no squares of times, and no sums of squares, lose their digits; no clock counts so far or so finely. */
const LEAST_SEC = 1e-15;
const MOST_SEC = 1e15;

const checkLength = (durationSec: number, spanSec: number, row: number): void => {
  if (durationSec >= LEAST_SEC && durationSec <= MOST_SEC && spanSec <= MOST_SEC) return;
  throw new Fault('beta-estimators/bad-time', {
    what: 'phase',
    rule: `must last from ${LEAST_SEC} to ${MOST_SEC} s, and long enough to be told beside all that the trace spans`,
    value: `${durationSec} s in ${spanSec} s`,
    row,
  });
};

interface Part {
  readonly window: Window;
  readonly keep: Uint8Array;
  /** By engine: the span of its phases inside the window. */
  readonly first: Float64Array;
  readonly last: Float64Array;
  /** How many of each kind are kept. */
  readonly prefills: number;
  readonly decodes: number;
}

/** Which rows have a part inside the window, and work to show. */
const partOf = (phases: PhaseTable, tokensOf: (row: number) => number, window: Window, engines: number): Part => {
  const [from, to] = window;
  const { length, kind, startSec, endSec, steps, instance } = phases;
  const keep = new Uint8Array(length);
  const first = new Float64Array(engines).fill(Number.POSITIVE_INFINITY);
  const last = new Float64Array(engines).fill(Number.NEGATIVE_INFINITY);
  let prefills = 0;
  let decodes = 0;
  for (let i = 0; i < length; i++) {
    const start = startSec[i];
    const end = endSec[i];
    if (!(start < to && end > from)) continue;
    const isPrefill = kind[i] === PREFILL;
    // Of a decode a given number of steps wins over the tokens.
    const given = isPrefill || steps === undefined ? Number.NaN : steps[i];
    const work = given >= 0 ? given : tokensOf(i);
    if (!(work > 0)) continue;
    keep[i] = 1;
    if (isPrefill) prefills++;
    else decodes++;
    const engine = instance === undefined ? 0 : instance[i];
    first[engine] = Math.min(first[engine], Math.max(start, from));
    last[engine] = Math.max(last[engine], Math.min(end, to));
  }
  return { window, keep, first, last, prefills, decodes };
};

const emptyColumns = (length: number) => ({
  length,
  startSec: new Float64Array(length),
  endSec: new Float64Array(length),
  steps: new Float64Array(length),
  cut: new Uint8Array(length),
  row: new Uint32Array(length),
});

/**
 * Prompt tokens by request, cached ones included, of the requests that some window sees; NaN for those without a prefill row. Memory that nothing is written to
 * costs nothing, so that a few windows of a long trace stay cheap.
 */
const promptLengths = (
  { length, kind, request, requestIds, cachedTokens }: PhaseTable,
  tokensOf: (row: number) => number,
  parts: readonly Part[],
): ((request: number) => number) => {
  const promptOf = new Float64Array(requestIds.length);
  const known = new Uint8Array(requestIds.length);
  for (const { keep } of parts) {
    for (let i = 0; i < length; i++) if (keep[i] === 1) known[request[i]] = SEEN;
  }
  for (let i = 0; i < length; i++) {
    const r = request[i];
    if (kind[i] !== PREFILL || known[r] === 0) continue;
    known[r] = TOLD;
    promptOf[r] = tokensOf(i) + (cachedTokens === undefined ? 0 : cachedTokens[i]);
  }
  return (r) => (known[r] === TOLD ? promptOf[r] : Number.NaN);
};

const SEEN = 1;
const TOLD = 2;
