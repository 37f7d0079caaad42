import type { Exposures } from '@stepclock/overlap-pressure';
import type { PhaseTable } from '@stepclock/trace-io';
import { type BaselineEstimate, baselineExposures } from './baseline.js';
import type { IterativeEstimate } from './iterative.js';
import { laggedRounds } from './lagged-round.js';
import { type TraceSignals, traceSignals } from './trace-signals.js';

/** Seconds, one value a phase. */
export interface FittedDurations {
  /** The regression's target: the duration, clamped from below where that was asked. */
  readonly measuredSec: Float64Array;
  /** What the coefficients make of the phase's steps and exposures (iterative: those of the last round). */
  readonly fittedSec: Float64Array;
}

/**
 * The durations that a published estimate gives to the phases it was made from. They are determined where the coefficients
 * are not.
 *
 * @param phases the estimate's own phases
 */
export const fittedDurations = (
  phases: PhaseTable,
  estimate: BaselineEstimate | IterativeEstimate,
): FittedDurations => {
  const signals = traceSignals(phases, estimate.options);
  const { steps, target } = signals;
  const { beta0, beta1, beta2 } = estimate.betas;
  const { prefillTokens, decodeTokens } =
    estimate.algo === 'baseline'
      ? baselineExposures(signals, estimate.options.correctionMode)
      : lastRoundExposures(signals, estimate);
  const fittedSec = steps.map((n, i) => beta0 * n + beta1 * prefillTokens[i] + beta2 * decodeTokens[i]);
  return { measuredSec: target.durationSec, fittedSec };
};

const lastRoundExposures = (signals: TraceSignals, { options, history }: IterativeEstimate): Exposures => {
  const round = laggedRounds(signals, options.correctionMode);
  const length = signals.steps.length;
  const exposed = { prefillTokens: new Float64Array(length), decodeTokens: new Float64Array(length) };
  for (const [beta0 = 0, beta1 = 0, beta2 = 0] of history.beta.slice(0, -1)) {
    round([beta0, beta1, beta2])(0, length, [new Float64Array(length), exposed.prefillTokens, exposed.decodeTokens]);
  }
  return exposed;
};
