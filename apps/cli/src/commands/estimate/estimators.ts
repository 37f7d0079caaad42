import {
  type BaselineEstimate,
  estimateBaseline,
  estimateIterative,
  estimateStepClock,
  type IterativeEstimate,
  type StepClockEstimate,
  type Window,
} from '@stepclock/beta-estimators';
import { type PhaseTable, PREFILL, type TraceFacts } from '@stepclock/trace-io';
import { given } from '../../options/given.js';
import { termNames } from '../../options/term-names.js';
import { usageFault } from '../../session/errors.js';
import type { Algorithm, EstimateArgs } from './options.js';

/** What any of the estimators returns. */
export type Estimate = BaselineEstimate | IterativeEstimate | StepClockEstimate;

const hasPrefill = ({ kind }: PhaseTable): boolean => kind.includes(PREFILL);

/** The published estimators need a chunk size where there are prefills: from the option, else from the engine's settings. */
const chunkSizeOf = (args: EstimateArgs, { settings }: TraceFacts, phases: PhaseTable): number => {
  const chunkSize =
    args.chunkSize ?? settings.chunkSize ?? settings.maxNumBatchedTokens ?? (hasPrefill(phases) ? undefined : 1);
  if (chunkSize === undefined) {
    throw usageFault(
      '--chunk-size',
      `is needed by --algo ${args.algo ?? 'iterative'} when no meta.json beside the trace tells it: prefill tokens per step and request`,
    );
  }
  return chunkSize;
};

/** Runs the chosen estimator with what the command line says. */
export const runEstimator = (
  algo: Algorithm,
  phases: PhaseTable,
  facts: TraceFacts,
  args: EstimateArgs,
  { window, onProgress }: { readonly window?: Window | undefined; readonly onProgress?: (share: number) => void } = {},
): Estimate => {
  const { correctionMode, minDurationSec, initCorrectionMode, maxOuterIters, tol, dampingEta } = args;
  switch (algo) {
    case 'baseline':
      if (correctionMode === 'beta_informed')
        throw usageFault('--correction-mode', 'beta_informed is for --algo iterative');
      return estimateBaseline(phases, {
        chunkSize: chunkSizeOf(args, facts, phases),
        ...given({ correctionMode, minDurationSec }),
      });
    case 'iterative':
      return estimateIterative(phases, {
        chunkSize: chunkSizeOf(args, facts, phases),
        ...given({ correctionMode, minDurationSec, initCorrectionMode, maxOuterIters, tol, dampingEta }),
      });
    case 'step-clock':
      return estimateStepClock(phases, {
        ...given({
          queueInPrefill: facts.queueInPrefill,
          model: args.model,
          terms: termNames(args.terms),
          maxNumBatchedTokens: args.maxNumBatchedTokens ?? facts.settings.maxNumBatchedTokens,
          promptOffset: args.promptOffset,
          policy: args.policy,
          ci: args.ci,
          window,
          tol,
          maxOuterIters,
          onProgress,
        }),
      });
  }
};
