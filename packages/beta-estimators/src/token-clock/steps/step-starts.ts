import type { TokenSequences } from '../sequences/token-sequences.js';
import type { RebuiltSteps } from './rebuilt-steps.js';

/** How a step's beginning is known. */
export const START = {
  /** It begins where the step before ends. */
  FOLLOWS: 0,
  /** The engine was idle: it begins when the next request was sent, and what lies between client and engine later. */
  IDLE: 1,
  /** A request was sent so shortly before the end of the step before that nobody can tell whether the engine had it already. */
  UNKNOWN: 2,
} as const;

export interface StepStarts {
  readonly kind: Uint8Array;
  readonly startSec: Float64Array;
  /** Requests that the client sent during the step: what it does for them delays the step's chunks. */
  readonly sent: Uint16Array;
}

/** What at most lies between a client's clock and its engine, seconds: 3 to 30 ms measured on vLLM, SGLang and six clients. */
export const MOST_OVERHEAD_SEC = 0.05;

/** Where each step begins. A step with decodes follows the one before; one without may come after an idle stretch. */
export function stepStarts({ table }: TokenSequences, steps: RebuiltSteps): StepStarts {
  const { length, endSec, inFlight, firstChunks, engineStart, firstStep } = steps;
  const kind = new Uint8Array(length);
  const startSec = new Float64Array(length);
  // The earliest that a request whose first token comes in step k or later was sent.
  const nextSentSec = new Float64Array(length + 1).fill(Number.POSITIVE_INFINITY);
  for (let r = 0; r < table.requestCount; r++) {
    const k = firstStep[r];
    if (k >= 0 && table.sentSec[r] < nextSentSec[k]) nextSentSec[k] = table.sentSec[r];
  }
  for (let k = length - 2; k >= 0; k--) {
    if (engineStart[k + 1] === 0) nextSentSec[k] = Math.min(nextSentSec[k], nextSentSec[k + 1]);
  }
  for (let k = 0; k < length; k++) {
    const before = engineStart[k] === 1 ? Number.NEGATIVE_INFINITY : endSec[k - 1];
    const next = nextSentSec[k];
    // Somebody is in flight besides those whose first token this is, or waits: the engine went on at once.
    if (inFlight[k] > firstChunks[k] || next < before - MOST_OVERHEAD_SEC) {
      kind[k] = engineStart[k] === 1 ? START.UNKNOWN : START.FOLLOWS;
      startSec[k] = engineStart[k] === 1 ? endSec[k] : before;
    } else {
      kind[k] = next < before || table.starts === 'unknown' ? START.UNKNOWN : START.IDLE;
      startSec[k] = Math.max(next, before);
    }
  }
  const sent = new Uint16Array(length);
  const sentSec = Float64Array.from(table.sentSec).sort();
  for (let k = 0, i = 0; k < length; k++) {
    for (; i < sentSec.length && sentSec[i] <= endSec[k]; i++) sent[k]++;
  }
  return { kind, startSec, sent };
}
