import type { PhaseColumns } from '../tables/phase-columns.js';
import { DECODE, type PhaseTable, PREFILL } from '../tables/phase-table.js';
import type { RequestRow } from '../tables/request-columns.js';
import type { RequestTable } from '../tables/request-table.js';
import type { TokenTable } from '../tables/token-table.js';

/** A request that was cut off before its end: what is known of it, seconds. */
export interface CutRequest {
  readonly id: string;
  readonly line: number;
  /** Why it was left out. */
  readonly reason: string;
  /** When it was sent, and scheduled; one of them is known. */
  readonly arrivalSec: number;
  readonly scheduledSec: number;
  /** NaN where nothing tells. */
  readonly firstTokenSec: number;
  /** When it stopped; NaN where the log ended before it. */
  readonly endSec: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly instance: string | undefined;
  /** Whether the times of its chunks are known. */
  readonly hasChunks: boolean;
}

/** A request of which the last time is that of its end, at which no token came. */
export const ended = ({ lastTokenSec, ...row }: RequestRow): RequestRow & { readonly endSec: number } => ({
  ...row,
  endSec: lastTokenSec ?? Number.NaN,
});

/** Neighbours in time, on either side, whose waits and prefills stand in for what is not told. */
const NEIGHBOURS = 8;

/**
 * Adds the phases of requests that were cut off: a prefill up to the first token, a decode up to the end. Where no first token is told, it is expected
 * when those of the served requests next in time came; both phases are cut then. A decode's tokens are as many as the served ones' pace gives: whoever
 * asks a phase that was cut off for its count gets an expectation.
 */
export const addCutPhases = (phases: PhaseColumns, requests: RequestTable, cut: readonly CutRequest[]): void => {
  const { instance, instanceIds: names } = requests;
  const engines = new Map(Array.from({ length: names?.length ?? 0 }, (_, i) => [names?.at(i), i]));
  const served = new Map<number | undefined, Served>();
  const engineOf = (request: CutRequest): number | undefined =>
    request.instance === undefined ? undefined : engines.get(request.instance);
  const othersOf = (engine: number | undefined): Served => {
    const others = served.get(engine) ?? servedOf(requests, (i) => instance?.[i] === engine);
    served.set(engine, others);
    return others;
  };
  // Where one is open for longer than any other took, it ended at a time that nothing tells, and so may all that look open.
  const endsUntold = new Set<number | undefined>();
  for (const request of cut) {
    const { lastSec, longestSec } = othersOf(engineOf(request));
    const openSec = lastSec - or(request.arrivalSec, request.scheduledSec);
    if (Number.isNaN(request.endSec) && openSec > longestSec) endsUntold.add(engineOf(request));
  }
  for (const [c, request] of cut.entries()) {
    const engine = engineOf(request);
    // An engine that served nothing else tells nothing.
    if (names !== undefined && engine === undefined) continue;
    const others = othersOf(engine);
    const near = others.nearTo(or(request.arrivalSec, request.scheduledSec));
    const startSec = or(request.scheduledSec, request.arrivalSec + near.waitSec);
    const endSec = or(request.endSec, others.lastSec);
    if (Number.isNaN(request.endSec) && endsUntold.has(engine)) continue;
    const isTold = request.firstTokenSec > startSec;
    const firstSec = isTold ? request.firstTokenSec : startSec + near.prefillSec;
    const add = (kind: number, from: number, to: number, tokens: number, isCut: boolean): void => {
      if (!(to > from && tokens > 0)) return;
      phases.add(kind, from, to, tokens, requests.length + c);
      if (isCut) phases.setCut();
      if (kind === PREFILL && request.cachedTokens > 0) phases.setCachedTokens(request.cachedTokens);
      if (engine !== undefined) phases.setInstance(engine);
    };
    add(PREFILL, startSec, Math.min(firstSec, endSec), request.promptTokens - request.cachedTokens, !isTold);
    add(DECODE, firstSec, endSec, Math.max(1, Math.round((endSec - firstSec) / others.paceSec)), true);
  }
};

/** Those of the requests that were cut off which have phases in a table, behind the `requests` that were not. */
export const pressing = (phases: PhaseTable, cut: readonly CutRequest[], requests: number): readonly CutRequest[] => {
  const there = new Set<number>();
  if (cut.length > 0) for (const request of phases.request) if (request >= requests) there.add(request - requests);
  return cut.filter((_, c) => there.has(c));
};

/** The decodes of requests that were cut off and showed no chunk; undefined where there are none. */
export const unseenDecodes = (
  { kind, startSec, endSec, request, cut: isCut }: PhaseTable,
  cut: readonly CutRequest[],
  requests: number,
): TokenTable['unseen'] => {
  const rows = Array.from(isCut?.keys() ?? []).filter(
    (row) => isCut?.[row] === 1 && kind[row] === DECODE && cut[request[row] - requests]?.hasChunks === false,
  );
  if (rows.length === 0) return undefined;
  return {
    fromSec: Float64Array.from(rows, (row) => startSec[row]),
    toSec: Float64Array.from(rows, (row) => endSec[row]),
    promptTokens: Float64Array.from(rows, (row) => cut[request[row] - requests]?.promptTokens ?? 0),
  };
};

/** What the served requests of one engine tell of another. */
interface Served {
  /** Of their last token. */
  readonly lastSec: number;
  /** Of the longest, from when it came to its last token, s. */
  readonly longestSec: number;
  /** Median seconds of a token. */
  readonly paceSec: number;
  /** How long those next to a moment waited, and how long their prefills took: medians, s. */
  readonly nearTo: (sec: number) => { readonly waitSec: number; readonly prefillSec: number };
}

const servedOf = (requests: RequestTable, isOwn: (request: number) => boolean): Served => {
  const { length, arrivalSec, scheduledSec, firstTokenSec, lastTokenSec, outputTokens } = requests;
  const at = (column: Float64Array | undefined, i: number): number => column?.[i] ?? Number.NaN;
  const startOf = (i: number): number => or(at(scheduledSec, i), at(arrivalSec, i));
  const comeOf = (i: number): number => or(at(arrivalSec, i), startOf(i));
  const own = Array.from({ length }, (_, i) => i).filter(isOwn);
  own.sort((a, b) => comeOf(a) - comeOf(b));
  const comeSec = Float64Array.from(own, comeOf);
  return {
    lastSec: own.reduce((last, i) => Math.max(last, or(at(lastTokenSec, i), comeOf(i))), -Infinity),
    longestSec: own.reduce((most, i) => Math.max(most, or(at(lastTokenSec, i) - comeOf(i), 0)), 0),
    paceSec: medianOf(own.map((i) => (at(lastTokenSec, i) - at(firstTokenSec, i)) / (outputTokens[i] - 1))),
    nearTo: (sec) => {
      const near = neighboursOf(sec, comeSec).map((place) => own[place]);
      return {
        waitSec: medianOf(near.map((i) => startOf(i) - comeOf(i))),
        prefillSec: medianOf(near.map((i) => at(firstTokenSec, i) - startOf(i))),
      };
    },
  };
};

const or = (value: number, otherwise: number): number => (Number.isNaN(value) ? otherwise : value);

const medianOf = (values: readonly number[]): number => {
  const finite = Float64Array.from(values.filter(Number.isFinite)).sort();
  return finite[finite.length >> 1] ?? Number.NaN;
};

/** Places of the values next to `sec` in an ascending column. */
const neighboursOf = (sec: number, ascending: Float64Array): readonly number[] => {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] < sec) low = middle + 1;
    else high = middle;
  }
  const from = Math.max(0, low - NEIGHBOURS);
  const to = Math.min(ascending.length, low + NEIGHBOURS);
  return Array.from({ length: to - from }, (_, k) => from + k);
};
