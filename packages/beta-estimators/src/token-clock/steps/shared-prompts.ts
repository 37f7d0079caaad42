import type { PrefillJobs } from './prefill-jobs.js';
import type { RebuiltSteps } from './rebuilt-steps.js';
import { MOST_OVERHEAD_SEC, START, type StepStarts } from './step-starts.js';

/** How an engine cuts prompts into steps. */
export type PrefillPolicy =
  /** First come, first served, at most so many tokens a step, decodes included (vLLM's max_num_batched_tokens). */
  | { readonly kind: 'budget'; readonly tokens: number }
  /** Every prompt apart, at most so many of its tokens a step. */
  | { readonly kind: 'chunk'; readonly tokens: number }
  /** Nobody knows: a prompt's tokens lie anywhere between its arrival, or the end of the prompt before, and its first token. */
  | { readonly kind: 'unknown' };

/** The prompts laid over the steps. */
export interface SharedPrompts {
  readonly policy: PrefillPolicy;
  readonly prefillTokens: Float64Array;
  /** Prompts that end in the step (each counts once). */
  readonly prefillRequests: Float64Array;
  /** Sum over the step's prefill tokens of their position in the prompt, from 1, cached tokens counted. */
  readonly prefillContext: Float64Array;
  /** Steps with prefill that showed no token before this one: middle chunks on an engine without decodes. */
  readonly hiddenSteps: Float64Array;
  /** 1 where nobody can tell how a prompt lies over this step and the next: a row may not end between them. */
  readonly tied: Uint8Array;
  /** Prompts that the policy contradicts. */
  readonly contradictions: number;
}

/** Lays every prompt over the steps up to its first token, as a scheduler of this policy would. */
export function sharePrompts(
  jobs: PrefillJobs,
  steps: RebuiltSteps,
  starts: StepStarts,
  policy: PrefillPolicy,
): SharedPrompts {
  const shares = new Shares(policy, jobs, steps.length);
  if (policy.kind === 'budget') shareBudget(shares, jobs, steps, starts, policy.tokens);
  else if (policy.kind === 'chunk') shareChunks(shares, jobs, steps, starts, policy.tokens);
  else shareAnywhere(shares, jobs, steps, starts);
  return shares;
}

class Shares implements SharedPrompts {
  readonly prefillTokens: Float64Array;
  readonly prefillRequests: Float64Array;
  readonly prefillContext: Float64Array;
  readonly hiddenSteps: Float64Array;
  readonly tied: Uint8Array;
  contradictions = 0;
  /** Tokens of each job still to be computed. */
  readonly left: Float64Array;

  constructor(
    readonly policy: PrefillPolicy,
    private readonly jobs: PrefillJobs,
    steps: number,
  ) {
    this.prefillTokens = new Float64Array(steps);
    this.prefillRequests = new Float64Array(steps);
    this.prefillContext = new Float64Array(steps);
    this.hiddenSteps = new Float64Array(steps);
    this.tied = new Uint8Array(steps);
    this.left = jobs.tokens.slice();
  }

  /** The next tokens of a job are computed in a step. */
  compute(job: number, tokens: number, step: number): void {
    const done = this.jobs.cached[job] + this.jobs.tokens[job] - this.left[job];
    this.prefillTokens[step] += tokens;
    this.prefillContext[step] += tokens * done + (tokens * (tokens + 1)) / 2;
    this.left[job] -= tokens;
  }
}

function shareBudget(shares: Shares, jobs: PrefillJobs, steps: RebuiltSteps, starts: StepStarts, budget: number): void {
  const { decodeSeqs, inFlight, firstChunks, endSec } = steps;
  const { left, tied } = shares;
  let next = 0;
  /** A job that may have got tokens before its last step, or not. */
  let doubted = -1;
  let contradicted = -1;
  for (let k = 0; k < steps.length; k++) {
    // Where decodes wait for prefill, the steps that move them hold none.
    const decodesWait = decodeSeqs[k] === 0 && inFlight[k] > firstChunks[k];
    let room = budget - decodeSeqs[k];
    for (; next < jobs.length && jobs.endStep[next] === k; next++) {
      shares.prefillRequests[k]++;
      room -= left[next];
      if (room < 0 && decodeSeqs[k] > 0) {
        shares.contradictions++;
        if (k > 0) tied[k - 1] = 1;
      }
      shares.compute(next, left[next], k);
    }
    // More than a step holds: on an engine without decodes steps passed that showed nothing.
    if (room < 0 && decodeSeqs[k] === 0) shares.hiddenSteps[k] = Math.ceil(-room / budget);
    if (next >= jobs.length || room <= 0) continue;
    // Who waits next gets what is left of the budget, unless all of it would have fitted: then it was not there yet.
    const early = starts.startSec[k] - jobs.readySec[next];
    if (doubted === next) tied[k] = 1;
    if (endSec[k] <= jobs.readySec[next] || (decodeSeqs[k] > 0 && decodesWait)) continue;
    if (left[next] <= room) {
      // After preemptions a prompt may have waited for room in the cache.
      if (early > MOST_OVERHEAD_SEC && contradicted !== next && steps.resumptions.length === 0) {
        contradicted = next;
        shares.contradictions++;
      }
      continue;
    }
    if (early >= 0) shares.compute(next, room, k);
    if (Math.abs(early) < MOST_OVERHEAD_SEC) {
      tied[k] = 1;
      doubted = next;
    }
  }
}

function shareChunks(shares: Shares, jobs: PrefillJobs, steps: RebuiltSteps, starts: StepStarts, chunk: number): void {
  for (let job = 0; job < jobs.length; job++) {
    const end = jobs.endStep[job];
    shares.prefillRequests[end]++;
    let chunks = Math.ceil(jobs.tokens[job] / chunk);
    let first = end;
    // Backwards to the step of its first chunk, or to one that may hide steps without tokens.
    while (chunks > 1 && steps.decodeSeqs[first] > 0 && starts.kind[first] === START.FOLLOWS && first > 0) {
      first--;
      chunks--;
    }
    const hiding = first;
    // Before the hidden steps it may have had a part in steps with decodes, as soon as it was there.
    while (
      chunks > 1 &&
      starts.kind[first] === START.FOLLOWS &&
      first > 0 &&
      starts.startSec[first - 1] >= jobs.readySec[job]
    ) {
      first--;
      chunks--;
    }
    const hidden = chunks - 1;
    shares.hiddenSteps[hiding] = Math.max(shares.hiddenSteps[hiding], hidden);
    for (let k = first; k <= end; k++) {
      const inStep = chunk * (k === hiding ? hidden + 1 : 1);
      if (shares.left[job] > 0) shares.compute(job, Math.min(inStep, shares.left[job]), k);
    }
    const wait = starts.startSec[first] - jobs.readySec[job];
    const step = steps.endSec[first] - starts.startSec[first];
    if (wait < -MOST_OVERHEAD_SEC || wait > MOST_OVERHEAD_SEC + step) shares.contradictions++;
  }
}

function shareAnywhere(shares: Shares, jobs: PrefillJobs, steps: RebuiltSteps, starts: StepStarts): void {
  for (let job = 0; job < jobs.length; job++) {
    const end = jobs.endStep[job];
    shares.prefillRequests[end]++;
    shares.compute(job, jobs.tokens[job], end);
    for (let k = end - 1; k >= 0 && starts.kind[k + 1] === START.FOLLOWS; k--) {
      if (steps.endSec[k] < jobs.readySec[job] || shares.tied[k] === 1) break;
      shares.tied[k] = 1;
      if (shares.prefillRequests[k] > 0) break;
    }
  }
}
