import { isFault } from '@stepclock/faults';
import { holdOutReplays, type PartReplay } from '@stepclock/step-model';
import type { PhaseTable, Trace } from '@stepclock/trace-io';
import type { Session } from '../../session/session.js';
import { limitsOf } from '../model/limits.js';
import { type Estimate, runEstimator } from './estimators.js';
import type { EstimateArgs } from './options.js';
import { refinedEstimate, servingOf } from './serving.js';

type Window = readonly [number, number];

/** The log's two parts served again with the fit of each; none where the log cannot be served or its rest cannot be fitted. */
export const replayedParts = (
  trace: Trace,
  phases: PhaseTable,
  first: { readonly window: Window; readonly estimate: Estimate },
  rest: Window,
  args: EstimateArgs,
  session: Pick<Session, 'log'>,
): readonly PartReplay[] => {
  const { requests, facts } = trace;
  if (requests?.arrivalSec === undefined) return [];
  const part = (window: Window, estimate: Estimate) => {
    const { promptOffsetTokens, policy } = estimate.algo === 'step-clock' ? estimate : {};
    const serving = servingOf(trace, { betas: estimate.betas, promptOffsetTokens, policy, window }, args, session);
    return { window, betas: estimate.betas, serving, promptOffsetTokens };
  };
  try {
    const fitted = runEstimator('step-clock', phases, facts, args, { window: rest });
    const { estimate: last } = refinedEstimate(trace, fitted, rest, args, session);
    const { engine } = facts.settings;
    const limits = limitsOf(
      { maxNumBatchedTokens: args.maxNumBatchedTokens, policy: last.algo === 'step-clock' ? last.policy : undefined },
      facts.settings,
    );
    return holdOutReplays(requests, [part(first.window, first.estimate), part(rest, last)], limits, engine);
  } catch (error) {
    if (!isFault(error)) throw error;
    session.log.warn(`the parts of the log cannot be served again: ${error.message} [no-replay]`);
    return [];
  }
};
