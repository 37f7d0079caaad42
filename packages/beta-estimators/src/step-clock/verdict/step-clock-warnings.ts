import type { EstimateWarning } from '../../estimate.js';
import { clockCauses } from './clock-causes.js';
import type { ClockReport } from './clock-report.js';
import { type CoefficientEvidence, identifiabilityWarnings } from './identifiability-warnings.js';

export interface WarningEvidence extends CoefficientEvidence {
  readonly clock: ClockReport;
  readonly converged: boolean;
  /** What times are rounded to, s; null where nothing usual. */
  readonly timeUnitSec: number | null;
  /** Mean time of a step, s. */
  readonly meanStepSec: number;
  /** Whether waiting is known to be part of the prefill phases. */
  readonly queueInPrefill: boolean;
  /** Whether the trace told that prompts are longer or shorter than it says. */
  readonly promptsShifted: boolean;
}

/** What whoever uses the coefficients should know: first whether the clock can be believed, then what it cannot tell. */
export const stepClockWarnings = (evidence: WarningEvidence): EstimateWarning[] => [
  ...clockCauses(evidence.clock, evidence.queueInPrefill, evidence.timeUnitSec, evidence.promptsShifted),
  ...identifiabilityWarnings(evidence),
  ...inputWarnings(evidence),
  ...(evidence.converged
    ? []
    : [{ code: 'not-converged', message: 'the coefficients still moved in the last round; they are the best so far' }]),
];

/** Hardly an engine takes shorter or longer steps, s, on average: a few launches of kernels take 20 us, a full token budget a fraction of 2 s. */
const SHORTEST_MEAN_STEP = 20e-6;
const LONGEST_MEAN_STEP = 2;

const inputWarnings = ({ meanStepSec, queueInPrefill }: WarningEvidence): EstimateWarning[] => [
  ...(meanStepSec > SHORTEST_MEAN_STEP && meanStepSec < LONGEST_MEAN_STEP
    ? []
    : [
        {
          code: 'implausible-step-time',
          message: `a step takes ${meanStepSec.toPrecision(2)} s on average, which hardly any engine does: the times seem not to be in seconds`,
        },
      ]),
  ...(queueInPrefill
    ? [
        {
          code: 'queue-in-prefill',
          message:
            'the log tells when a request came, not when it was scheduled, so waiting is part of the prefill phases: the cost of a prefill token is less certain than from a log of the engine itself',
        },
      ]
    : []),
];
