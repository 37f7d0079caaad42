import type { Betas, Identifiability, Term } from '@stepclock/step-cost';
import type { EstimateWarning } from '../../estimate.js';
import type { StepClockIntervals } from './step-clock-intervals.js';
import type { StepWithDecodes } from './step-with-decodes.js';

/** What a fit says of its coefficients. */
export interface CoefficientEvidence {
  readonly terms: readonly Term[];
  readonly intervals: StepClockIntervals | null;
  readonly identified: Identifiability;
  readonly betas: Betas;
  /** Share of all measured time that a term takes at a coefficient, s. */
  readonly shareOf: (label: string, coefficient: number) => number;
  /** Whether prompts were computed, in steps that nobody counted. */
  readonly promptsUncounted?: boolean;
  /** What is known where no coefficient has an interval of its own. */
  readonly sum?: StepWithDecodes | undefined;
}

/** An interval whose half width is above this share of the coefficient says little. */
const WIDE = 0.5;

/** One whose half width is below this share is told, whatever its errors correlate with. */
const NARROW = 0.1;

/** A term that takes less than this share of the time even at the upper end of its interval is no matter. */
const IMMATERIAL = 0.02;

const isImmaterial = (label: string, { intervals, betas, shareOf }: CoefficientEvidence): boolean => {
  const interval = intervals?.byLabel[label];
  if (interval === undefined || interval === null) return false;
  return shareOf(label, Math.max(interval[1], betas[label])) < IMMATERIAL;
};

const isNarrow = (label: string, intervals: StepClockIntervals | null, betas: Betas): boolean => {
  const interval = intervals?.byLabel[label];
  const beta = betas[label];
  return interval !== undefined && interval !== null && beta > 0 && interval[1] - beta < NARROW * beta;
};

/** What a term counts, in words: its unit says it. */
const workOf = (label: string, terms: readonly Term[]): string => {
  const name = terms.find((term) => term.label === label)?.name ?? label;
  return WORK[name] ?? name.replaceAll('_', ' ');
};

const WORK: Readonly<Record<string, string>> = {
  step: 'steps',
  decode_seqs: 'decode tokens',
  context_tokens: 'tokens of context',
};

/** What the trace cannot tell of each coefficient. */
export const identifiabilityWarnings = (evidence: CoefficientEvidence): EstimateWarning[] => {
  const { terms, identified, intervals, betas, sum } = evidence;
  const warnings: EstimateWarning[] = [];
  const { absent, confused, atBound, conditionNumber } = identified;
  for (const name of absent) {
    warnings.push({
      code: 'not-identifiable',
      message: evidence.promptsUncounted
        ? `${name}: prompts are computed alone in this trace, and in how many steps the log does not tell without the token budget of a step: it is reported as 0 and not known. --max-num-batched-tokens gives the budget`
        : `${name}: no ${workOf(name, terms)} in this trace, so it is reported as 0 and not known`,
    });
  }
  for (const { pair, correlation } of confused) {
    const [a, b] = pair;
    if (isImmaterial(a, evidence) || isImmaterial(b, evidence)) continue;
    // With little noise even errors that move together are small ones.
    if (correlation > -1 && isNarrow(a, intervals, betas) && isNarrow(b, intervals, betas)) continue;
    warnings.push({
      code: 'not-identifiable',
      message: `${a} and ${b} cannot be told apart on this trace: ${workOf(a, terms)} and ${workOf(b, terms)} rise and fall together, so one may stand for part of the other. Predictions for loads like this one are not affected. Other loads, or longer and shorter requests, would tell`,
    });
  }
  if (conditionNumber === null && absent.length === 0 && confused.length === 0) {
    warnings.push({
      code: 'not-identifiable',
      message:
        'the compositions of the steps on this trace depend on each other, so the coefficients are not unique: only predictions for the same workload can be used',
    });
  }
  for (const name of atBound) {
    if (isImmaterial(name, evidence)) continue;
    warnings.push({
      code: 'coefficient-at-bound',
      message: `${name} is 0 because a negative value would fit better: its cost is too small to show here, or another coefficient has taken it over`,
    });
  }
  if (intervals === null) {
    warnings.push({
      code: 'no-intervals',
      message: sum
        ? `only sums are determined: a step with its ${sum.decodes.toPrecision(2)} decodes (beta0 + ${sum.decodes.toPrecision(2)} beta2) takes ${sum.seconds.toPrecision(4)} s, ${sum.interval.map((sec) => sec.toPrecision(4)).join(' to ')} s, beside its context; the parts have no intervals`
        : 'the trace is too short for intervals: fewer than 10 blocks of clusters',
    });
    return warnings;
  }
  for (const { label, priorShare } of terms) {
    const interval = intervals.byLabel[label];
    const beta = betas[label];
    if (priorShare !== null || !interval || !(beta > 0) || !(interval[1] - beta > WIDE * beta)) continue;
    if (isImmaterial(label, evidence)) continue;
    warnings.push({
      code: 'uncertain-coefficient',
      message: `${label} is hardly determined: its ${+(100 * intervals.level).toPrecision(4)} % interval reaches from ${interval[0].toPrecision(3)} to ${interval[1].toPrecision(3)} s. What it costs together with the others is known better than its own share: trust step times for loads like this one, not this number alone`,
    });
  }
  return warnings;
};
