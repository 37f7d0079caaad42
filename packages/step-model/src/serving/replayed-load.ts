import type { Workload } from '@stepclock/engine-sim';
import type { RequestTable } from '@stepclock/trace-io';
import { stepModelFault } from '../step-model-fault.js';
import type { ClientOverhead } from './client-overhead.js';

/** What stands between a log's requests and the tokens that its engine computes. */
export interface LoadCorrections {
  /** Between client and engine; none for an engine's own log. */
  readonly overhead?: ClientOverhead;
  /** Tokens that the engine computes of every prompt beyond those that the log counts; negative: found in a cache. Default 0. */
  readonly promptOffsetTokens?: number;
}

/** Seconds between a client's start of a request and its arrival at the engine. */
export const overheadSecondsOf = (overhead: ClientOverhead | undefined, promptTokens: number): number =>
  overhead === undefined ? 0 : overhead.seconds + overhead.secondsPerPromptToken * promptTokens;

/**
 * The requests of a log as an engine gets them, on a clock that starts with the first of them.
 *
 * @throws Fault `step-model/no-requests`, `step-model/no-arrivals`
 */
export const workloadOf = (requests: RequestTable, corrections: LoadCorrections = {}): Workload => {
  const { length, arrivalSec, promptTokens, outputTokens, cachedTokens, decodeSteps, instance } = requests;
  if (length === 0) {
    throw stepModelFault('step-model/no-requests', { what: 'requests', rule: 'must have a row', value: length });
  }
  if (arrivalSec === undefined) {
    throw stepModelFault('step-model/no-arrivals', {
      what: 'requests',
      rule: 'must tell when each request arrived, or there is nothing to replay',
      value: 'no arrival times',
    });
  }
  // Near zero, so that times since an epoch do not lose the digits of a step.
  const origin = arrivalSec.reduce((least, sec) => Math.min(least, sec), Infinity);
  const workload = {
    length,
    arrivalSec: arrivalSec.map((sec) => sec - origin),
    promptTokens,
    outputTokens,
    ...(cachedTokens && { cachedTokens: cachedTokens.map((tokens) => (Number.isNaN(tokens) ? 0 : tokens)) }),
    ...(instance && { instance }),
  };
  return correctedWorkload(decodeSteps === undefined ? workload : inSteps(workload, decodeSteps), corrections);
};

/**
 * A load whose decodes take so many steps, several tokens each under speculative decoding. What a step adds beyond one token stands in the cache from
 * the beginning, by half: in the mean of its steps a decode then reads the context that it has.
 */
const inSteps = (workload: Workload, decodeSteps: Float64Array): Workload => {
  const { promptTokens, outputTokens, cachedTokens } = workload;
  const isTold = (i: number): boolean => decodeSteps[i] >= 0 && outputTokens[i] > 1;
  const more = outputTokens.map((tokens, i) =>
    isTold(i) ? Math.max(0, Math.round((tokens - 1 - decodeSteps[i]) / 2)) : 0,
  );
  return {
    ...workload,
    promptTokens: promptTokens.map((tokens, i) => tokens + more[i]),
    outputTokens: outputTokens.map((tokens, i) => (isTold(i) ? decodeSteps[i] + 1 : tokens)),
    cachedTokens: more.map((tokens, i) => tokens + (cachedTokens?.[i] ?? 0)),
  };
};

/** A load as it reaches the engine: later by the overhead, its prompts longer or found in a cache by the offset. */
export const correctedWorkload = (asked: Workload, corrections: LoadCorrections): Workload => {
  const { overhead, promptOffsetTokens: offset = 0 } = corrections;
  const { promptTokens, cachedTokens } = asked;
  const arrivalSec =
    overhead === undefined
      ? asked.arrivalSec
      : asked.arrivalSec.map((sec, i) => sec + overheadSecondsOf(overhead, promptTokens[i]));
  if (offset === 0) return { ...asked, arrivalSec };
  if (offset > 0) return { ...asked, arrivalSec, promptTokens: promptTokens.map((tokens) => tokens + offset) };
  // The last token of a prompt is never found in a cache: it puts out the first one of the output.
  const found = promptTokens.map((tokens, i) => Math.min(tokens - 1, (cachedTokens?.[i] ?? 0) - offset));
  return { ...asked, arrivalSec, cachedTokens: found };
};
