import type { TokenSequences } from '../sequences/token-sequences.js';
import type { RebuiltSteps } from './rebuilt-steps.js';

/** Prompts to be computed, and those computed anew after a preemption, in the order of the steps that end them. */
export interface PrefillJobs {
  readonly length: number;
  /** The step that ends it: its first token's. */
  readonly endStep: Int32Array;
  /** When the client sent it (after a preemption: when it lost its place). */
  readonly readySec: Float64Array;
  /** Tokens to compute, and tokens in the cache before. */
  readonly tokens: Float64Array;
  readonly cached: Float64Array;
}

export function prefillJobs({ table }: TokenSequences, steps: RebuiltSteps): PrefillJobs {
  const { firstStep, resumptions, endSec } = steps;
  const prompts = Array.from({ length: table.requestCount }, (_, r) => r).filter((r) => firstStep[r] >= 0);
  const jobs = [
    ...prompts.map((r) => {
      const cached = Math.min(table.cachedTokens?.[r] ?? 0, table.promptTokens[r] - 1);
      return { step: firstStep[r], ready: table.sentSec[r], tokens: table.promptTokens[r] - cached, cached, row: r };
    }),
    ...resumptions.map(({ request, leftStep, step, tokens }) => ({
      step,
      ready: endSec[leftStep],
      tokens,
      cached: 0,
      row: request,
    })),
  ];
  jobs.sort((a, b) => a.step - b.step || a.ready - b.ready || a.row - b.row);
  return {
    length: jobs.length,
    endStep: Int32Array.from(jobs, (job) => job.step),
    readySec: Float64Array.from(jobs, (job) => job.ready),
    tokens: Float64Array.from(jobs, (job) => job.tokens),
    cached: Float64Array.from(jobs, (job) => job.cached),
  };
}
