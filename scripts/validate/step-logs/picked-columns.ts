import type { StepColumns } from '@stepclock/step-model';

/** What steps took and hold, each column made anew, without their clock. */
export const pickedColumns = (
  { contextTokens, ...log }: StepColumns,
  pick: (column: Float64Array) => Float64Array,
): StepColumns => {
  const optional = (column: Float64Array | undefined) => column && pick(column);
  const durationSec = pick(log.durationSec);
  return {
    length: durationSec.length,
    durationSec,
    prefillTokens: pick(log.prefillTokens),
    decodeTokens: pick(log.decodeTokens),
    contextTokens: optional(contextTokens),
    prefillRequests: optional(log.prefillRequests),
    prefillContext: optional(log.prefillContext),
  };
};
