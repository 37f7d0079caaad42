import type { RebuiltStepLog } from './rebuilt-step-log.js';

/** Steps as a step log has them, each with its period for its duration. */
export interface StepPeriods {
  readonly length: number;
  readonly durationSec: Float64Array;
  readonly prefillTokens: Float64Array;
  readonly decodeTokens: Float64Array;
  readonly contextTokens: Float64Array;
  readonly prefillRequests: Float64Array;
  readonly prefillContext: Float64Array;
}

/** The steps of a rebuilt log that begin at the end of the one before, hide none, and of which neither end is known to be late. */
export function soundPeriods(log: RebuiltStepLog): StepPeriods {
  const sound = Uint32Array.from({ length: log.length }, (_, k) => k).filter(
    (k) =>
      k > 0 &&
      log.startSec[k] === log.endSec[k - 1] &&
      log.endSec[k] > log.startSec[k] &&
      log.lateSec[k] === 0 &&
      log.lateSec[k - 1] === 0 &&
      log.hiddenSteps[k] === 0,
  );
  const taken = (column: Float64Array): Float64Array => Float64Array.from(sound, (k) => column[k]);
  return {
    length: sound.length,
    durationSec: Float64Array.from(sound, (k) => log.endSec[k] - log.startSec[k]),
    prefillTokens: taken(log.prefillTokens),
    decodeTokens: taken(log.decodeSeqs),
    contextTokens: taken(log.contextTokens),
    prefillRequests: taken(log.prefillRequests),
    prefillContext: taken(log.prefillContext),
  };
}
