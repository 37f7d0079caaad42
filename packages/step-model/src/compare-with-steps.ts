import { compensatedSum } from '@stepclock/numerics';
import { type Betas, CATALOGUE, stepSeconds, type Term } from '@stepclock/step-cost';
import type { StepColumns } from './step-columns.js';
import type { StepsFit } from './step-fit/steps-fit.js';
import { withKnownFacts, workingRows } from './step-fit/working-steps.js';

/** One coefficient of an estimate beside that of a reference. `error` is (estimate - reference) / reference; null at reference 0. */
export interface ComparedCoefficient {
  readonly coefficient: string;
  readonly estimate: number;
  readonly reference: number;
  readonly error: number | null;
  /** The estimate's own confidence interval; null where it has none. */
  readonly interval: readonly [number, number] | null;
  /** Whether that interval holds the reference; null where there is none. */
  readonly holdsReference: boolean | null;
}

/** How an estimate from a trace does against the step log of the same run. */
export interface StepsComparison {
  readonly coefficients: readonly ComparedCoefficient[];
  /** Of the estimate's predicted durations of the log's steps: mean of |predicted - measured| / measured. */
  readonly meanAbsoluteError: number;
  /** (sum of predicted - sum of measured) / sum of measured: over the whole run. */
  readonly totalTimeError: number;
}

/**
 * Compares coefficients (from a betas file, say) with those fitted to a step log, and with its steps. The log is the reference: it
 * tells every step, so its own intervals are far narrower than an estimate's, and say nothing of whether the estimate knew its error.
 * The context of a step counts for an estimate with beta3 only where the log tells it.
 *
 * @param intervals the estimate's own, by label
 */
export const compareWithSteps = (
  estimate: Betas,
  fit: Pick<StepsFit, 'betas'>,
  steps: StepColumns,
  intervals: Readonly<Record<string, readonly [number, number] | null>> = {},
  catalogue: readonly Term[] = CATALOGUE,
): StepsComparison => {
  const names = catalogue.map(({ label }) => label).filter((label) => label in estimate || label in fit.betas);
  const coefficients = names.map((coefficient) => {
    const e = estimate[coefficient] ?? 0;
    const reference = fit.betas[coefficient] ?? 0;
    const interval = intervals[coefficient] ?? null;
    return {
      coefficient,
      estimate: e,
      reference,
      error: reference === 0 ? null : (e - reference) / reference,
      interval,
      holdsReference: interval && interval[0] <= reference && reference <= interval[1],
    };
  });
  const { rows } = workingRows(withKnownFacts(steps));
  const predicted = Float64Array.from(rows, (i) => {
    const step = {
      prefillTokens: steps.prefillTokens[i],
      decodeSeqs: steps.decodeTokens[i],
      contextTokens: steps.contextTokens?.[i] ?? 0,
    };
    const further = {
      ...(steps.prefillRequests && { prefillRequests: steps.prefillRequests[i] }),
      ...(steps.prefillContext && { prefillContext: steps.prefillContext[i] }),
    };
    return stepSeconds(estimate, { ...step, ...further }, catalogue);
  });
  const seconds = Float64Array.from(rows, (i) => steps.durationSec[i]);
  const measured = compensatedSum(seconds);
  return {
    coefficients,
    meanAbsoluteError: compensatedSum(seconds.map((sec, k) => Math.abs(predicted[k] / sec - 1))) / rows.length,
    totalTimeError: (compensatedSum(predicted) - measured) / measured,
  };
};
