import { DECODE, type NameColumn, type PhaseTable, PREFILL, type RequestTable } from '@stepclock/trace-io';
import type { Workload } from './workload.js';

/** Times of every request, in the rows' order of the workload. */
export interface ServedTimes {
  readonly scheduledSec: Float64Array;
  readonly firstTokenSec: Float64Array;
  readonly lastTokenSec: Float64Array;
}

const numberedNames = (prefix: string, length: number): NameColumn => ({
  length,
  at: (index) => `${prefix}${index}`,
});

const rounded = (column: Float64Array, toSec: number | undefined): Float64Array =>
  toSec === undefined ? column : column.map((sec) => Math.round(sec / toSec) * toSec);

/** A request table with every time known. */
export type ServedRequests = RequestTable & ServedTimes;

/** The requests as an engine's log shows them: of a preempted one, too, only when it was scheduled for the first time. */
export const requestsOf = (
  workload: Workload,
  times: ServedTimes,
  view: { readonly queueInPrefill: boolean; readonly roundToSec: number | undefined },
): ServedRequests => {
  const arrivalSec = rounded(workload.arrivalSec, view.roundToSec);
  const { instance } = workload;
  return {
    length: workload.length,
    requestIds: numberedNames('r', workload.length),
    arrivalSec,
    scheduledSec: view.queueInPrefill ? arrivalSec : rounded(times.scheduledSec, view.roundToSec),
    firstTokenSec: rounded(times.firstTokenSec, view.roundToSec),
    lastTokenSec: rounded(times.lastTokenSec, view.roundToSec),
    promptTokens: workload.promptTokens,
    outputTokens: workload.outputTokens,
    ...(workload.cachedTokens && { cachedTokens: workload.cachedTokens }),
    ...(instance && {
      instance,
      instanceIds: numberedNames(
        'engine-',
        instance.reduce((most, i) => Math.max(most, i + 1), 1),
      ),
    }),
  };
};

/**
 * Two phases a request, in the requests' order: the prefill from scheduled to first token with the prompt tokens that were
 * not cached, the decode from first to last token with one step less than output tokens. An output of one token has no decode.
 */
export const phasesOf = (requests: ServedRequests): PhaseTable => {
  const n = requests.length;
  const decodes = requests.outputTokens.reduce((count, tokens) => count + (tokens > 1 ? 1 : 0), 0);
  const length = n + decodes;
  const kind = new Uint8Array(length);
  const startSec = new Float64Array(length);
  const endSec = new Float64Array(length);
  const prefillTokens = new Float64Array(length);
  const decodeTokens = new Float64Array(length);
  const request = new Uint32Array(length);
  const cachedTokens = requests.cachedTokens && new Float64Array(length);
  const instance = requests.instance && new Uint32Array(length);
  let row = 0;
  for (let i = 0; i < n; i++) {
    const cached = requests.cachedTokens?.[i] ?? 0;
    const output = requests.outputTokens[i] as number;
    for (const code of output > 1 ? [PREFILL, DECODE] : [PREFILL]) {
      const from = code === PREFILL ? requests.scheduledSec : requests.firstTokenSec;
      const to = code === PREFILL ? requests.firstTokenSec : requests.lastTokenSec;
      kind[row] = code;
      startSec[row] = from[i] as number;
      endSec[row] = to[i] as number;
      prefillTokens[row] = code === PREFILL ? (requests.promptTokens[i] as number) - cached : 0;
      decodeTokens[row] = code === DECODE ? output - 1 : 0;
      if (cachedTokens) cachedTokens[row] = cached;
      if (instance) instance[row] = requests.instance?.[i] ?? 0;
      request[row] = i;
      row++;
    }
  }
  return {
    length,
    kind,
    startSec,
    endSec,
    prefillTokens,
    decodeTokens,
    request,
    requestIds: requests.requestIds,
    ...(cachedTokens && { cachedTokens }),
    ...(instance && { instance }),
    ...(requests.instanceIds && { instanceIds: requests.instanceIds }),
  };
};
