import { BASE_TERMS } from '@stepclock/step-cost';
import { describe, expect, it } from 'vitest';
import type { StepClockEstimate, StepClockIntervals } from '../src/index.js';
import type { ClockReport } from '../src/step-clock/verdict/clock-report.js';
import { stepClockWarnings, type WarningEvidence } from '../src/step-clock/verdict/step-clock-warnings.js';
import { codes } from './estimate-parts.js';

const clean: ClockReport = {
  steps: 5000,
  wholeSteps: true,
  unsureShare: 0,
  relativeResidual: 0.01,
  stepNoise: 0.01,
  prefillNoise: 0,
  correction: 0,
  heldSegments: 0,
  cycles: 0,
  disagreeingCycles: 0,
  clusters: 1000,
  meanStepSeconds: 0.01,
  segments: 2000,
  busyPeriods: 1,
  stretchedDecodes: 0,
  conventions: null,
  slowClusters: 0,
  fastClusters: 0,
  slowTail: null,
  fastTail: null,
  overBudgetClusters: null,
  stretchedSeconds: 0,
  stalledSeconds: 0,
  uncountedClusters: 0,
  windows: 1,
  fittedWindows: 1,
  windowsSetAside: 0,
  prefills: 500,
  decodes: 500,
};
const identified: StepClockEstimate['identifiability'] = {
  conditionNumber: 5,
  dependent: false,
  compositions: { prefillTokens: [0, 500], decodeSeqs: [1, 9], contextTokens: [0, 0] },
  batches: [],
  confused: [],
  atBound: [],
  absent: [],
};
const intervals: StepClockIntervals = {
  level: 0.95,
  byLabel: { beta0: [5.9e-3, 6.1e-3], beta1: [1.9e-5, 2.1e-5], beta2: [1.1e-4, 1.3e-4] },
  covariance: [],
  blocks: 40,
};
const fine: WarningEvidence = {
  terms: BASE_TERMS,
  intervals,
  identified,
  clock: clean,
  betas: { beta0: 6e-3, beta1: 2e-5, beta2: 1.2e-4 },
  // Every term takes a fifth of the time.
  shareOf: () => 0.2,
  converged: true,
  meanStepSec: 0.01,
  queueInPrefill: false,
  promptsShifted: false,
  timeUnitSec: null,
};
const withClock = (changes: Partial<ClockReport>) => stepClockWarnings({ ...fine, clock: { ...clean, ...changes } });
const withIdentified = (
  changes: Partial<StepClockEstimate['identifiability']>,
  others: Partial<WarningEvidence> = {},
) => stepClockWarnings({ ...fine, ...others, identified: { ...identified, ...changes } });

it('nothing is said of a sound clock', () => {
  expect(stepClockWarnings(fine)).toEqual([]);
});

describe('of the clock one cause is named', () => {
  it('preemption before all others', () => {
    const all = { stretchedDecodes: 12, relativeResidual: 3, heldSegments: 900, slowClusters: 500 };
    expect(withClock(all)).toEqual([
      {
        code: 'preemption',
        message:
          '12 of 500 decodes (2.4 %) count fewer steps than the engine took meanwhile: requests were preempted and computed again. Their counts were left out, and where possible all stretches that they touch',
      },
    ]);
    expect(codes(withClock({ stretchedDecodes: 1 }))).toEqual(['preemption']);
    // A client's clock may as well have seen tokens late.
    const late = { ...fine, queueInPrefill: true, clock: { ...clean, stretchedDecodes: 12, stretchedSeconds: 2.4 } };
    expect(stepClockWarnings(late)[0]).toEqual({
      code: 'late-tokens',
      message:
        'tokens of 12 of 500 decodes (2.4 %) reached the client late, by 0.20 s on average (the client stalled), or their requests were preempted: more steps passed than they count. Their counts were left out, and where possible all stretches that they touch',
    });
  });

  it('nothing up to a residual of a tenth of a step but another count convention, which is tried above 0.03', () => {
    const much = { heldSegments: 900, relativeResidual: 0.1 };
    expect(withClock(much)).toEqual([]);
    expect(codes(withClock({ ...much, conventions: { minusOne: 0.01, asGiven: 0.1, plusOne: 9 } }))).toEqual([
      'counts-off-by-one',
    ]);
  });

  it.each([
    [
      { minusOne: 0.06, asGiven: 0.8, plusOne: 0.9 },
      'decodes seem to take one step less than the trace says: the residual falls from 80 % to 6.0 % of a step with N - 1. A first token that comes with the prefill is no decode step',
    ],
    [
      { minusOne: 0.9, asGiven: 0.8, plusOne: 0.06 },
      'decodes seem to take one step more than the trace says: the residual falls from 80 % to 6.0 % of a step with N + 1. A first token that comes with the prefill is no decode step',
    ],
  ])('counts that are off by one, which way: %o', (conventions, message) => {
    expect(withClock({ relativeResidual: 0.8, heldSegments: 900, conventions })).toEqual([
      { code: 'counts-off-by-one', message },
    ]);
  });

  it('another convention must be twice as good, and describe the trace', () => {
    const tried = (minusOne: number, asGiven: number) =>
      codes(withClock({ relativeResidual: 0.2, conventions: { minusOne, asGiven, plusOne: 9 } }));
    expect(tried(0.099, 0.2)).toEqual(['counts-off-by-one']);
    expect(tried(0.1, 0.2)).toEqual([]);
    expect(tried(0.39, 0.8)).toEqual(['counts-off-by-one']);
    expect(tried(0.4, 4)).toEqual([]);
  });

  it('several engines, where more than a twentieth of the segments would run backwards', () => {
    expect(withClock({ relativeResidual: 0.9, heldSegments: 101, slowClusters: 900 })).toEqual([
      {
        code: 'several-engines',
        message: `stretches of the trace miss their predicted time by 90 % of a step, and 101 of 2000 segments would need time to run backwards: no one engine can have done this. Likely: several engines in one trace without an instance column, or output counts that are not the engine's own (counted by another tokenizer); else many preemptions, or speculative decoding (several tokens a step)`,
      },
    ]);
    expect(codes(withClock({ relativeResidual: 0.9, heldSegments: 100 }))).toEqual(['clock-inconsistent']);
    const losing = { minusOne: 0.5, asGiven: 0.9, plusOne: 0.6 };
    expect(codes(withClock({ relativeResidual: 0.9, heldSegments: 101, conventions: losing }))).toEqual([
      'several-engines',
    ]);
  });

  it('missing requests, where many stretches are too slow and hardly any too fast', () => {
    const slow = (slowClusters: number, clusters: number, fastClusters: number) =>
      codes(withClock({ relativeResidual: 0.2, slowClusters, clusters, fastClusters }));
    expect(withClock({ relativeResidual: 0.2, slowClusters: 60, fastClusters: 7 })).toEqual([
      {
        code: 'missing-requests',
        message:
          '60 of 1000 stretches took far longer than the work that the trace shows in them (7 far shorter): requests seem to be missing from the trace, or work is, such as recomputation after preemptions or prompts counted without their system part',
      },
    ]);
    // Or where the slow ones reach much further than the fast ones do, in a clock that tells something.
    const tails = (slowTail: number, fastTail: number, relativeResidual = 0.3) =>
      codes(withClock({ relativeResidual, slowTail, fastTail }));
    expect(tails(0.6, 0.29)).toEqual(['missing-requests']);
    expect(tails(0.6, 0.31)).toEqual([]);
    expect(tails(0.3, 0.05)).toEqual([]);
    // Stalls of a busy machine; and a fifth of the requests missing.
    expect(tails(1.23, 0.47)).toEqual([]);
    expect(tails(1.4, 0.5)).toEqual(['missing-requests']);
    expect(tails(1.0, 0.36)).toEqual([]);
    expect(tails(0.6, 0.29, 0.6)).toEqual(['clock-inconsistent']);
    // Prompts that were found to be others than the log says make stretches slow as well.
    const clock = { ...clean, relativeResidual: 0.2, slowClusters: 60, fastClusters: 7 };
    expect(stepClockWarnings({ ...fine, clock, promptsShifted: true })).toEqual([]);
    // More than eight, than a hundredth of all, and than eight times the fast ones.
    expect(slow(8, 100, 0)).toEqual([]);
    expect(slow(9, 100, 0)).toEqual(['missing-requests']);
    expect(slow(10, 1000, 0)).toEqual([]);
    expect(slow(11, 1000, 0)).toEqual(['missing-requests']);
    expect(slow(40, 1000, 5)).toEqual([]);
    expect(slow(41, 1000, 5)).toEqual(['missing-requests']);
  });

  it('none, where nothing stands out and half of a step is missed', () => {
    expect(withClock({ relativeResidual: 0.5 })).toEqual([]);
    expect(withClock({ relativeResidual: 0.51 })).toEqual([
      {
        code: 'clock-inconsistent',
        message:
          "stretches of the trace miss their predicted time by 51 % of a step, and nothing stands out that explains it. Check first whether output counts are those of the engine, whether all clients' requests are in the trace, and whether it decodes speculatively or takes prompts from a prefix cache; else steps of this engine are not linear in their tokens. Replay the log: where that is right, so are the coefficients for such a load",
      },
    ]);
  });
});

describe('the budget is doubted', () => {
  const over = (overBudgetClusters: number | null, clusters: number) => withClock({ overBudgetClusters, clusters });
  it('where more than five clusters, and three hundredths of all, hold more', () => {
    expect(over(null, 100)).toEqual([]);
    expect(over(5, 100)).toEqual([]);
    expect(codes(over(6, 100))).toEqual(['over-budget']);
    expect(over(30, 1000)).toEqual([]);
    expect(over(31, 1000)).toEqual([
      {
        code: 'over-budget',
        message:
          "31 of 1000 stretches hold more tokens than their steps have budget for: the budget given is not the engine's, or prompts were found in a prefix cache",
      },
    ]);
  });
});

describe('what the trace cannot tell', () => {
  it('coefficients without work, each by its name', () => {
    expect(withIdentified({ absent: ['beta0', 'beta1', 'beta2', 'beta3'], conditionNumber: null })).toEqual(
      ['steps', 'prefill tokens', 'decode tokens', 'tokens of context'].map((what, j) => ({
        code: 'not-identifiable',
        message: `beta${j}: no ${what} in this trace, so it is reported as 0 and not known`,
      })),
    );
  });

  it('pairs whose errors move together, unless both are told all the same', () => {
    const pair = { pair: ['beta0', 'beta2'], correlation: -0.99 } as const;
    const message =
      'beta0 and beta2 cannot be told apart on this trace: steps and decode tokens rise and fall together, so one may stand for part of the other. Predictions for loads like this one are not affected. Other loads, or longer and shorter requests, would tell';
    const told = (width: number): StepClockIntervals => ({
      ...intervals,
      byLabel: {
        ...intervals.byLabel,
        beta0: [6e-3 * (1 - width), 6e-3 * (1 + width)],
        beta2: [1.2e-4 * 0.95, 1.2e-4 * 1.05],
      },
    });
    expect(withIdentified({ confused: [pair] }, { intervals: told(0.11) })).toEqual([
      { code: 'not-identifiable', message },
    ]);
    expect(withIdentified({ confused: [pair] }, { intervals: told(0.09) })).toEqual([]);
    // Columns that are one and the same: no interval helps.
    expect(codes(withIdentified({ confused: [{ ...pair, correlation: -1 }] }, { intervals: told(0.01) }))).toEqual([
      'not-identifiable',
    ]);
    // Nor is anything told of a coefficient of zero, or without intervals.
    expect(
      codes(
        withIdentified({ confused: [pair] }, { intervals: told(0.01), betas: { beta0: 6e-3, beta1: 2e-5, beta2: 0 } }),
      ),
    ).toEqual(['not-identifiable']);
    expect(codes(withIdentified({ confused: [pair] }, { intervals: null }))).toEqual([
      'not-identifiable',
      'no-intervals',
    ]);
    expect(
      codes(withIdentified({ confused: [{ pair: ['beta0', 'beta3'], correlation: 0.99 }] }, { intervals: told(0.01) })),
    ).toEqual(['not-identifiable']);
  });

  it('compositions that depend on each other, where no pair or absence says it already', () => {
    expect(withIdentified({ conditionNumber: null })).toEqual([
      {
        code: 'not-identifiable',
        message:
          'the compositions of the steps on this trace depend on each other, so the coefficients are not unique: only predictions for the same workload can be used',
      },
    ]);
    expect(withIdentified({ conditionNumber: null, absent: ['beta1'] })).toHaveLength(1);
    const confused = [{ pair: ['beta0', 'beta1'], correlation: -1 }] as const;
    expect(withIdentified({ conditionNumber: null, confused })).toHaveLength(1);
  });

  it('coefficients that the bound holds', () => {
    expect(withIdentified({ atBound: ['beta2'] })).toEqual([
      {
        code: 'coefficient-at-bound',
        message:
          'beta2 is 0 because a negative value would fit better: its cost is too small to show here, or another coefficient has taken it over',
      },
    ]);
  });

  it('no intervals', () => {
    expect(stepClockWarnings({ ...fine, intervals: null })).toEqual([
      { code: 'no-intervals', message: 'the trace is too short for intervals: fewer than 10 blocks of clusters' },
    ]);
  });

  it('coefficients whose interval is wider than half of them', () => {
    const wide = (half: number, betas = fine.betas) =>
      stepClockWarnings({
        ...fine,
        betas,
        intervals: {
          ...intervals,
          byLabel: { ...intervals.byLabel, beta1: [Math.max(0, 2e-5 * (1 - half)), 2e-5 * (1 + half)] },
        },
      });
    expect(wide(0.49)).toEqual([]);
    expect(wide(0.51)).toEqual([
      {
        code: 'uncertain-coefficient',
        message:
          'beta1 is hardly determined: its 95 % interval reaches from 0.00000980 to 0.0000302 s. What it costs together with the others is known better than its own share: trust step times for loads like this one, not this number alone',
      },
    ]);
    // The bound has been named already.
    expect(wide(3, { beta0: 6e-3, beta1: 0, beta2: 1.2e-4 })).toEqual([]);
    const kv = { ...intervals, byLabel: { ...intervals.byLabel, beta3: [0, 3e-7] as const } };
    const hard = { ...fine, terms: BASE_TERMS, intervals: kv, betas: { ...fine.betas, beta3: 1e-7 } };
    expect(stepClockWarnings(hard)[0]?.message).toContain('beta3 is hardly determined');
    // What takes less than a fiftieth of the time at the end of its interval is no matter.
    expect(stepClockWarnings({ ...hard, shareOf: () => 0.019 })).toEqual([]);
  });

  it('that the rounds ran out', () => {
    expect(stepClockWarnings({ ...fine, converged: false })).toEqual([
      {
        code: 'not-converged',
        message: 'the coefficients still moved in the last round; they are the best so far',
      },
    ]);
  });

  it('after what is wrong with the clock and the budget', () => {
    const clock = { ...clean, relativeResidual: 1, overBudgetClusters: 900 };
    const got = stepClockWarnings({
      ...fine,
      clock,
      identified: { ...identified, atBound: ['beta2'] },
      converged: false,
    });
    expect(codes(got)).toEqual(['clock-inconsistent', 'over-budget', 'coefficient-at-bound', 'not-converged']);
  });
});

describe('what the input says of itself', () => {
  it('steps that no engine takes are times in another unit', () => {
    for (const meanStepSec of [19e-6, 2.1, 8012]) {
      const [warning, ...more] = stepClockWarnings({ ...fine, meanStepSec });
      expect([warning?.code, more]).toEqual(['implausible-step-time', []]);
      expect(warning?.message).toContain(`${meanStepSec.toPrecision(2)} s on average`);
    }
    for (const meanStepSec of [21e-6, 1e-3, 0.3, 1.9]) expect(stepClockWarnings({ ...fine, meanStepSec })).toEqual([]);
  });

  it('waiting inside prefills is said where it is known', () => {
    expect(stepClockWarnings({ ...fine, queueInPrefill: true }).map(({ code }) => code)).toEqual(['queue-in-prefill']);
  });
});
