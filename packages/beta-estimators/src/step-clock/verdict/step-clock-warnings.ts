import type { Betas, Identifiability, Term } from '@stepclock/step-cost';
import type { EstimateWarning } from '../../estimate.js';
import { SUSPICIOUS } from '../fit/chosen-fit.js';
import { MOST_PHASES } from '../trace/sample-windows.js';
import type { ClockReport } from './clock-report.js';
import type { StepClockIntervals } from './estimate-step-clock.js';

export interface WarningEvidence {
  readonly terms: readonly Term[];
  readonly intervals: StepClockIntervals | null;
  readonly identified: Identifiability;
  readonly clock: ClockReport;
  readonly decodes: number;
  readonly betas: Betas;
  readonly converged: boolean;
  /** Share of all measured time that a term takes at a coefficient, s. */
  readonly shareOf: (label: string, coefficient: number) => number;
  /** Mean time of a step, s. */
  readonly meanStepSec: number;
  /** Whether waiting is known to be part of the prefill phases. */
  readonly queueInPrefill: boolean;
  /** Given where the coefficients are those of some stretches of the trace, and not of all. */
  readonly part?: { readonly stretches: number; readonly fitted: number; readonly phases: number };
}

/** What whoever uses the coefficients should know: first whether the clock can be believed, then what it cannot tell. */
export const stepClockWarnings = (evidence: WarningEvidence): EstimateWarning[] => [
  ...clockWarnings(evidence),
  ...budgetWarnings(evidence),
  ...identifiabilityWarnings(evidence),
  ...inputWarnings(evidence),
  ...partWarnings(evidence),
  ...(evidence.converged
    ? []
    : [{ code: 'not-converged', message: 'the coefficients still moved in the last round; they are the best so far' }]),
];

const partWarnings = ({ part }: WarningEvidence): EstimateWarning[] =>
  part === undefined
    ? []
    : [
        {
          code: 'part-of-trace',
          message: `the coefficients are those of ${part.stretches} stretches, spread evenly over the trace, with ${part.fitted} of its ${part.phases} phases. More than ${MOST_PHASES} phases are not fitted as a whole, nor is a long trace with preemptions`,
        },
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

/** Another count convention wins when it leaves less than this share of the residual: twice as good. */
const WINS = 0.5;
/** And it must describe the trace: half of a residual that is beyond all measure tells nothing. */
const DESCRIBES = 0.4;
/** Share of segments that would run backwards under several engines. */
const MANY_HELD = 0.05;
/** Unexplained work: this share of the clusters is far too slow, and this many times more than are too fast. */
const MANY_SLOW = 0.01;
const LOPSIDED = 2;
const ENOUGH_SLOW = 8;
/**
 * Above this, relative to a step, the step model describes the trace poorly. Steps of real engines are not quite linear, and leave
 * 0.1 to 0.2 where a replay is within a percent; counts that are off by one on long outputs leave as much, and do no harm there.
 */
const POOR_FIT = 0.25;

const percent = (share: number): string => `${(100 * share).toPrecision(2)} %`;

/** One cause, the one that the evidence points to; where it points nowhere, the candidates. */
const clockWarnings = ({ clock, decodes }: WarningEvidence): EstimateWarning[] => {
  const { stretchedDecodes, conventions, relativeResidual } = clock;
  if (stretchedDecodes > 0) {
    return [
      {
        code: 'preemption',
        message: `${stretchedDecodes} of ${decodes} decodes (${percent(stretchedDecodes / decodes)}) count fewer steps than the engine took meanwhile: requests were preempted and computed again. Their counts were left out, and where possible all stretches that they touch`,
      },
    ];
  }
  if (!(relativeResidual > SUSPICIOUS)) return [];
  const residual = `stretches of the trace miss their predicted time by ${percent(relativeResidual)} of a step`;
  if (conventions !== null) {
    const best = Math.min(conventions.minusOne, conventions.plusOne);
    if (best < WINS * conventions.asGiven && best < DESCRIBES) {
      const fewer = conventions.minusOne < conventions.plusOne;
      return [
        {
          code: 'counts-off-by-one',
          message: `decodes seem to take one step ${fewer ? 'less' : 'more'} than the trace says: the residual falls from ${percent(conventions.asGiven)} to ${percent(best)} of a step with N ${fewer ? '- 1' : '+ 1'}. A first token that comes with the prefill is no decode step`,
        },
      ];
    }
  }
  if (clock.heldSegments > MANY_HELD * clock.segments) {
    return [
      {
        code: 'several-engines',
        message: `${residual}, and ${clock.heldSegments} of ${clock.segments} segments would need time to run backwards: no one engine can have done this. Likely: several engines in one trace without an instance column; else many preemptions, or speculative decoding (several tokens a step)`,
      },
    ];
  }
  if (clock.slowClusters > Math.max(ENOUGH_SLOW, MANY_SLOW * clock.clusters, LOPSIDED * clock.fastClusters)) {
    return [
      {
        code: 'missing-requests',
        message: `${clock.slowClusters} of ${clock.clusters} stretches took far longer than the work that the trace shows in them (${clock.fastClusters} far shorter): requests seem to be missing from the trace, or work is, such as recomputation after preemptions or prompts counted without their system part`,
      },
    ];
  }
  if (!(relativeResidual > POOR_FIT)) return [];
  return [
    {
      code: 'clock-inconsistent',
      message: `${residual}, and nothing stands out that explains it. Check first whether output counts are those of the engine, whether all clients' requests are in the trace, and whether it decodes speculatively or takes prompts from a prefix cache; else steps of this engine are not linear in their tokens. Replay the log: where that is right, so are the coefficients for such a load`,
    },
  ];
};

/** This share of the clusters over the token budget, and at least so many, are no accident. */
const MANY_OVER = 0.02;
const ENOUGH_OVER = 5;

const budgetWarnings = ({ clock }: WarningEvidence): EstimateWarning[] => {
  const { overBudgetClusters, clusters } = clock;
  if (!((overBudgetClusters ?? 0) > Math.max(ENOUGH_OVER, MANY_OVER * clusters))) return [];
  return [
    {
      code: 'over-budget',
      message: `${overBudgetClusters} of ${clusters} stretches hold more tokens than their steps have budget for: the budget given is not the engine's, or prompts were found in a prefix cache`,
    },
  ];
};

/** An interval whose half width is above this share of the coefficient says little. */
const WIDE = 0.5;

/** One whose half width is below this share is told, whatever its errors correlate with. */
const NARROW = 0.1;

/** A term that takes less than this share of the time even at the upper end of its interval is no matter. */
const IMMATERIAL = 0.02;

const isImmaterial = (label: string, { intervals, betas, shareOf }: WarningEvidence): boolean => {
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

const identifiabilityWarnings = (evidence: WarningEvidence): EstimateWarning[] => {
  const { terms, identified, intervals, betas } = evidence;
  const warnings: EstimateWarning[] = [];
  const { absent, confused, atBound, conditionNumber } = identified;
  for (const name of absent) {
    warnings.push({
      code: 'not-identifiable',
      message: `${name}: no ${workOf(name, terms)} in this trace, so it is reported as 0 and not known`,
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
      message: 'the trace is too short for intervals: fewer than 10 blocks of clusters',
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
      message: `${label} is hardly determined: its ${percent(intervals.level)} interval reaches from ${interval[0].toPrecision(3)} to ${interval[1].toPrecision(3)} s. What it costs together with the others is known better than its own share: trust step times for loads like this one, not this number alone`,
    });
  }
  return warnings;
};
