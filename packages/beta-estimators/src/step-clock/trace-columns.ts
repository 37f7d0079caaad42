import { type PhaseTable, PREFILL } from '@stepclock/trace-io';
import { EstimatorError } from '../estimator-error.js';

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
 * @throws EstimatorError `beta-estimators/bad-time` for a phase that this time line cannot hold
 */
export const traceColumns = (phases: PhaseTable, windows: readonly Window[] = [WHOLE_TRACE]): TraceColumns => {
  const engines = phases.instance === undefined ? 1 : phases.instance.reduce((most, i) => Math.max(most, i), 0) + 1;
  const promptOf = promptLengths(phases);
  const counts = [0, 0];
  const parts = windows.map((window) => partOf(phases, window, engines, counts));

  const prefills = { ...emptyColumns(counts[0] as number), tokens: new Float64Array(counts[0] as number) };
  const decodes = { ...emptyColumns(counts[1] as number), context: new Float64Array(counts[1] as number) };
  const edgesSec: number[] = [];
  let used = 0;
  let p = 0;
  let d = 0;
  for (const { window, keep, first, last } of parts) {
    const [from, to] = window;
    const shift = new Float64Array(engines);
    for (let e = 0; e < engines; e++) {
      const begin = first[e] as number;
      const end = last[e] as number;
      if (!(end > begin)) continue;
      shift[e] = begin - used;
      if (begin === from) edgesSec.push(used);
      if (end === to) edgesSec.push(end - (shift[e] as number));
      used += end - begin + GAP_SEC;
    }
    for (let i = 0; i < phases.length; i++) {
      if (keep[i] === 0) continue;
      const offset = shift[phases.instance?.[i] ?? 0] as number;
      const start = phases.startSec[i] as number;
      const end = phases.endSec[i] as number;
      const isPrefill = phases.kind[i] === PREFILL;
      const columns = isPrefill ? prefills : decodes;
      const at = isPrefill ? p++ : d++;
      const inside = (Math.min(end, to) - Math.max(start, from)) / (end - start);
      columns.startSec[at] = Math.max(start, from) - offset;
      columns.endSec[at] = Math.min(end, to) - offset;
      checkLength((columns.endSec[at] as number) - (columns.startSec[at] as number), used, i);
      columns.cut[at] = start < from || end > to ? 1 : 0;
      columns.row[at] = i;
      columns.steps[at] = isPrefill ? (phases.steps?.[i] ?? Number.NaN) : decodeSteps(phases, i);
      if (isPrefill) {
        prefills.tokens[at] = (phases.prefillTokens[i] as number) * (columns.cut[at] === 1 ? inside : 1);
      } else {
        // A decode that began before the window has grown by then: evenly, as far as anybody knows.
        const grown = start < from ? (decodeSteps(phases, i) * (from - start)) / (end - start) : 0;
        decodes.context[at] = (promptOf[phases.request[i] as number] as number) + grown;
      }
    }
  }
  return { prefills, decodes, edgesSec };
};

/** Beyond these no squares of times, and no sums of squares, lose their digits; no clock counts so far or so finely. */
const SHORTEST_SEC = 1e-15;
const LONGEST_SEC = 1e15;

const checkLength = (durationSec: number, spanSec: number, row: number): void => {
  if (durationSec >= SHORTEST_SEC && durationSec <= LONGEST_SEC && spanSec <= LONGEST_SEC) return;
  throw new EstimatorError(
    'beta-estimators/bad-time',
    `phase: must last from ${SHORTEST_SEC} to ${LONGEST_SEC} s, and long enough to be told beside all that the trace spans; got ${durationSec} s in ${spanSec} s (row ${row})`,
  );
};

interface Part {
  readonly window: Window;
  readonly keep: Uint8Array;
  /** By engine: the span of its phases inside the window. */
  readonly first: Float64Array;
  readonly last: Float64Array;
}

/** Which rows have a part inside the window, and work to show; adds them to the counts by kind. */
const partOf = (phases: PhaseTable, window: Window, engines: number, counts: number[]): Part => {
  const [from, to] = window;
  const keep = new Uint8Array(phases.length);
  const first = new Float64Array(engines).fill(Number.POSITIVE_INFINITY);
  const last = new Float64Array(engines).fill(Number.NEGATIVE_INFINITY);
  for (let i = 0; i < phases.length; i++) {
    const start = phases.startSec[i] as number;
    const end = phases.endSec[i] as number;
    if (!(start < to && end > from)) continue;
    const isPrefill = phases.kind[i] === PREFILL;
    if (!((isPrefill ? (phases.prefillTokens[i] as number) : decodeSteps(phases, i)) > 0)) continue;
    keep[i] = 1;
    const kind = isPrefill ? 0 : 1;
    counts[kind] = (counts[kind] as number) + 1;
    const engine = phases.instance?.[i] ?? 0;
    first[engine] = Math.min(first[engine] as number, Math.max(start, from));
    last[engine] = Math.max(last[engine] as number, Math.min(end, to));
  }
  return { window, keep, first, last };
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
const promptLengths = (phases: PhaseTable): Float64Array => {
  const promptOf = new Float64Array(phases.requestIds.length).fill(Number.NaN);
  for (let i = 0; i < phases.length; i++) {
    if (phases.kind[i] !== PREFILL) continue;
    promptOf[phases.request[i] as number] = (phases.prefillTokens[i] as number) + (phases.cachedTokens?.[i] ?? 0);
  }
  return promptOf;
};

/** Steps of a decode: a given number wins over the tokens. */
const decodeSteps = (phases: PhaseTable, i: number): number => {
  const given = phases.steps?.[i];
  return given !== undefined && given >= 0 ? given : (phases.decodeTokens[i] as number);
};
