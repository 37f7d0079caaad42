import type { Router } from '@stepclock/engine-sim';
import type { EngineSettings } from '@stepclock/trace-io';
import { given } from '../../options/given.js';
import type { Session } from '../../session/session.js';

/** Limits of an engine as options give them. */
interface LimitArgs {
  readonly maxNumBatchedTokens?: number | undefined;
  readonly maxNumSeqs?: number | undefined;
  readonly kvTokens?: number | undefined;
  readonly chunkSize?: number | undefined;
  readonly asyncScheduling?: boolean | undefined;
  readonly arrivalsAtSteps?: boolean | undefined;
  readonly dataParallel?: number | undefined;
  readonly router?: Router | undefined;
  readonly reserveFullPrompt?: boolean | undefined;
  readonly prefixCaching?: boolean | undefined;
  readonly policy?: 'mixed' | 'prefill-first' | null | undefined;
}

/** A policy as engine-sim takes it; undefined where none is stated. */
export const isPrefillFirst = (policy: LimitArgs['policy']): boolean | undefined =>
  policy == null ? undefined : policy === 'prefill-first';

/** The engine's limits: an option wins over what the log's own settings say. */
export const limitsOf = (args: LimitArgs, settings: EngineSettings) =>
  given({
    maxNumBatchedTokens: args.maxNumBatchedTokens ?? settings.maxNumBatchedTokens,
    maxNumSeqs: args.maxNumSeqs ?? settings.maxNumSeqs,
    kvTokens: args.kvTokens ?? settings.kvTokens,
    chunkSize: args.chunkSize ?? settings.chunkSize,
    asyncScheduling: args.asyncScheduling ?? settings.asyncScheduling,
    arrivalsReadAtSteps: args.arrivalsAtSteps,
    dataParallel: args.dataParallel ?? settings.dataParallelSize,
    router: args.router,
    reserveFullPrompt: args.reserveFullPrompt,
    prefixCaching: args.prefixCaching,
    prefillFirst: isPrefillFirst(args.policy),
  });

/** Says that prompts are served whole for want of a budget. */
export const warnOfNoBudget = (
  { maxNumBatchedTokens, chunkSize }: { readonly maxNumBatchedTokens?: number; readonly chunkSize?: number },
  log: Session['log'],
): void => {
  if (maxNumBatchedTokens !== undefined || chunkSize !== undefined) return;
  log.warn(
    'no token budget is known: whole prompts are served in one step, and TTFT may be far off; give --max-num-batched-tokens [no-token-budget]',
  );
};
