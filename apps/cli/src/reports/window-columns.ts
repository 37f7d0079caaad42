import type { StepClockEstimate } from '@stepclock/beta-estimators';
import { stepCost, stretchOfStep } from '@stepclock/step-cost';
import type { EstimateReportInput } from '@stepclock/step-model';

type ReportClock = NonNullable<EstimateReportInput['clock']>;

/** A mean of fewer steps is no level of a staircase. */
const LEAST_STEPS = 30;

/** Steps without prefill, by batch, beside what the coefficients say. */
export const batchColumns = ({ betas, identifiability }: StepClockEstimate): NonNullable<ReportClock['batches']> => {
  const { secondsOf } = stepCost(betas);
  const shown = identifiability.batches.filter(({ steps }) => steps >= LEAST_STEPS);
  return {
    decodeSeqs: Float64Array.from(shown, ({ decodeSeqs }) => decodeSeqs),
    meanSec: Float64Array.from(shown, ({ meanSeconds }) => meanSeconds),
    predictedSec: Float64Array.from(shown, ({ decodeSeqs, meanContextTokens }) =>
      secondsOf(stretchOfStep({ prefillTokens: 0, decodeSeqs, contextTokens: meanContextTokens })),
    ),
  };
};

/** The coefficients of the windows that take part, over time. */
export const windowColumns = ({ byWindow, terms }: StepClockEstimate): NonNullable<ReportClock['windows']> => {
  const fitted = byWindow.flatMap(({ betas, setAside, ...window }) =>
    betas === null || setAside !== null ? [] : [{ ...window, betas }],
  );
  const origin = byWindow[0]?.startSec ?? 0;
  const known = terms.filter(({ label }) => fitted.every(({ betas }) => betas[label] !== undefined));
  return {
    middleSec: Float64Array.from(fitted, ({ startSec, endSec }) => (startSec + endSec) / 2 - origin),
    byName: Object.fromEntries(
      known.map(({ label }) => [label, Float64Array.from(fitted, ({ betas }) => betas[label])]),
    ),
  };
};
