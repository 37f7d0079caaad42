import type { PrefillJobs } from './prefill-jobs.js';
import type { RebuiltSteps } from './rebuilt-steps.js';
import { type PrefillPolicy, type SharedPrompts, sharePrompts } from './shared-prompts.js';
import type { StepStarts } from './step-starts.js';

/** Budgets and chunks that engines are run with, tokens. */
const BUDGETS = [65_536, 32_768, 16_384, 8192, 4096, 2048, 1024, 512, 256];
const CHUNKS = [2048, 1024, 512, 256, 128, 64];
/** A policy is believed that contradicts at most this part of the prompts. */
const CONTRADICTED = 0.02;
const CONTRADICTED_WHEN_TOLD = 0.1;

/** Policies that engines run with: budgets, the largest first, then chunks of each prompt. */
const POLICIES: readonly Exclude<PrefillPolicy, { readonly kind: 'unknown' }>[] = [
  ...BUDGETS.map((tokens) => ({ kind: 'budget', tokens }) as const),
  ...CHUNKS.map((tokens) => ({ kind: 'chunk', tokens }) as const),
];

/** What is known of the engine's scheduler; the rest is found from the log. */
export interface SchedulerFacts {
  /** Most tokens of a step, decodes included (vLLM: max_num_batched_tokens). */
  readonly tokenBudget?: number;
  /** Most prefill tokens of one request in one step. */
  readonly chunkSize?: number;
}

/** The policy told, or undefined. */
export function policyTold({ tokenBudget, chunkSize }: SchedulerFacts): PrefillPolicy | undefined {
  if (tokenBudget !== undefined) return { kind: 'budget', tokens: tokenBudget };
  return chunkSize === undefined ? undefined : { kind: 'chunk', tokens: chunkSize };
}

/** The prompts under the policy told, or under the one that contradicts fewest of them: the largest budget among equals. */
export function sharedByPolicy(
  jobs: PrefillJobs,
  steps: RebuiltSteps,
  starts: StepStarts,
  facts: SchedulerFacts,
): SharedPrompts {
  const told = policyTold(facts);
  const most = (told === undefined ? CONTRADICTED : CONTRADICTED_WHEN_TOLD) * jobs.length;
  const believed = ({ contradictions }: SharedPrompts): boolean => contradictions <= most;
  let best: SharedPrompts | undefined;
  for (const policy of told === undefined ? POLICIES : [told]) {
    // Chunks a prompt are rare: only where no budget is believed.
    if (best !== undefined && believed(best) && policy.kind === 'chunk') break;
    const shared = sharePrompts(jobs, steps, starts, policy);
    if (best === undefined || shared.contradictions < best.contradictions) best = shared;
    if (best.contradictions === 0) break;
  }
  return best !== undefined && believed(best) ? best : sharePrompts(jobs, steps, starts, { kind: 'unknown' });
}

/** The prompts under every other policy that contradicts few of them. */
export function* sharedOtherwise(
  jobs: PrefillJobs,
  steps: RebuiltSteps,
  starts: StepStarts,
  { policy }: SharedPrompts,
): Generator<SharedPrompts> {
  for (const other of POLICIES) {
    if (other.kind === policy.kind && other.tokens === policy.tokens) continue;
    const shared = sharePrompts(jobs, steps, starts, other);
    if (shared.contradictions <= CONTRADICTED * jobs.length) yield shared;
  }
}
