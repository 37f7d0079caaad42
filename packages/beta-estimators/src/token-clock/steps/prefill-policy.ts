import type { PrefillJobs } from './prefill-jobs.js';
import type { RebuiltSteps } from './rebuilt-steps.js';
import { type PrefillPolicy, type SharedPrompts, sharePrompts } from './shared-prompts.js';
import type { StepStarts } from './step-starts.js';

/** Budgets and chunks that engines are run with, tokens. */
export const BUDGETS = [65_536, 32_768, 16_384, 8192, 4096, 2048, 1024, 512, 256];
const CHUNKS = [2048, 1024, 512, 256, 128, 64];
/** A policy is believed that contradicts at most this part of the prompts. */
const CONTRADICTED = 0.02;
const CONTRADICTED_WHEN_TOLD = 0.1;

/** The prompts under the policy told, or under the one that contradicts fewest of them: the largest budget among equals. */
export function sharedByPolicy(
  jobs: PrefillJobs,
  steps: RebuiltSteps,
  starts: StepStarts,
  told: { readonly tokenBudget?: number; readonly chunkSize?: number },
): SharedPrompts {
  const share = (policy: PrefillPolicy): SharedPrompts => sharePrompts(jobs, steps, starts, policy);
  const candidates: readonly PrefillPolicy[] =
    told.chunkSize !== undefined && told.tokenBudget === undefined
      ? [{ kind: 'chunk', tokens: told.chunkSize }]
      : told.tokenBudget !== undefined
        ? [{ kind: 'budget', tokens: told.tokenBudget }]
        : [
            ...BUDGETS.map((tokens) => ({ kind: 'budget', tokens }) as const),
            ...CHUNKS.map((tokens) => ({ kind: 'chunk', tokens }) as const),
          ];
  const isTold = told.chunkSize !== undefined || told.tokenBudget !== undefined;
  const most = (isTold ? CONTRADICTED_WHEN_TOLD : CONTRADICTED) * jobs.length;
  const believed = ({ contradictions }: SharedPrompts): boolean => contradictions <= most;
  let best: SharedPrompts | undefined;
  for (const policy of candidates) {
    const shared = share(policy);
    if (best === undefined || shared.contradictions < best.contradictions) {
      // Chunks a prompt are rare: only where no budget is believed.
      if (best === undefined || policy.kind === best.policy.kind || !believed(best)) best = shared;
    }
    if (best.contradictions === 0) break;
  }
  if (best !== undefined && believed(best)) return best;
  return share({ kind: 'unknown' });
}
