import { shareText } from '@stepclock/faults';
import type { EstimateWarning } from '../../estimate.js';
import { winningConvention } from '../fit/conventions.js';
import type { ClockReport } from './clock-report.js';

/** Above this residual, relative to a step, a cause is looked for: steps themselves rarely vary as much. */
const SUSPICIOUS = 0.1;
/** Share of segments that would run backwards under several engines. */
const MANY_HELD = 0.05;
/** Unexplained work: this share of the clusters is far too slow, and this many times more than are too fast. */
const MANY_SLOW = 0.01;
const LOPSIDED = 8;
const ENOUGH_SLOW = 8;
/**
 * Above this, relative to a step, the step model describes the trace poorly. Steps of real engines are not quite linear, and leave
 * 0.1 to 0.3 where a replay is within a percent; counts that are off by one on long outputs leave as much, and do no harm there.
 */
const POOR_FIT = 0.5;
/** This share of the clusters over the token budget, and at least so many, are no accident. */
const MANY_OVER = 0.03;
const ENOUGH_OVER = 5;

/**
 * What is wrong with a trace: one cause, whose own test says so; where none does and the clock describes the trace poorly, that.
 *
 * @param isClient whether a client's clock told the times
 * @param timeUnitSec what times are rounded to, s
 * @param promptsShifted whether prompts were found to be longer or shorter than the log says: what is left of that makes stretches slow, too
 */
export const clockCauses = (
  clock: ClockReport,
  isClient: boolean,
  timeUnitSec: number | null,
  promptsShifted: boolean,
): EstimateWarning[] => [
  ...(coarseTimes(clock, timeUnitSec) ??
    cause(clock, isClient).filter(({ code }) => !(promptsShifted && code === 'missing-requests'))),
  ...overBudget(clock),
];

/** Times coarser than this part of a step tell no steps. */
const COARSE = 0.5;

/** Times that are rounded to about a step or more: whatever else seems wrong follows from that. */
const coarseTimes = (
  { meanStepSeconds, relativeResidual }: ClockReport,
  timeUnitSec: number | null,
): EstimateWarning[] | undefined =>
  timeUnitSec !== null && relativeResidual > SUSPICIOUS && timeUnitSec > COARSE * meanStepSeconds
    ? [
        {
          code: 'coarse-times',
          message: `times are rounded to ${timeUnitSec} s, and a step takes ${meanStepSeconds.toPrecision(2)} s: they are too coarse to count steps by`,
        },
      ]
    : undefined;

const cause = (clock: ClockReport, isClient: boolean): EstimateWarning[] => {
  const { stretchedDecodes, decodes, conventions, relativeResidual } = clock;
  if (stretchedDecodes > 0)
    return [
      gaveWay(clock, isClient, `${stretchedDecodes} of ${decodes} decodes (${shareText(stretchedDecodes / decodes)})`),
    ];
  const other = winningConvention(conventions);
  if (other !== undefined && conventions !== null) {
    const [sign, word] = other.fewer ? ['- 1', 'less'] : ['+ 1', 'more'];
    return [
      {
        code: 'counts-off-by-one',
        message: `decodes seem to take one step ${word} than the trace says: the residual falls from ${shareText(conventions.asGiven)} to ${shareText(other.residual)} of a step with N ${sign}. A first token that comes with the prefill is no decode step`,
      },
    ];
  }
  if (!(relativeResidual > SUSPICIOUS)) return missing(clock);
  const residual = `stretches of the trace miss their predicted time by ${shareText(relativeResidual)} of a step`;
  if (clock.heldSegments > MANY_HELD * clock.segments && relativeResidual > POOR_FIT) {
    return [
      {
        code: 'several-engines',
        message: `${residual}, and ${clock.heldSegments} of ${clock.segments} segments would need time to run backwards: no one engine can have done this. Likely: several engines in one trace without an instance column, or output counts that are not the engine's own (counted by another tokenizer); else many preemptions, or speculative decoding (several tokens a step)`,
      },
    ];
  }
  const lost = missing(clock);
  if (lost.length > 0 || !(relativeResidual > POOR_FIT)) return lost;
  return [
    {
      code: 'clock-inconsistent',
      message: `${residual}, and nothing stands out that explains it. Check first whether output counts are those of the engine, whether all clients' requests are in the trace, and whether it decodes speculatively or takes prompts from a prefix cache; else steps of this engine are not linear in their tokens. Replay the log: where that is right, so are the coefficients for such a load`,
    },
  ];
};

/**
 * The slowest fiftieth of the rows lies this part of a step beyond the middle one, and so many times as far as the fastest: the time of prompts that
 * the trace lacks comes on top, whereas steps that vary, batches that the model misses and counts that are off do so both ways. On logs of real
 * engines that miss nothing the factor is 0.6 to 2.0, and the slow side at most 0.41 of a step. Where the fast side itself lies far off, as it does where
 * a fifth of the requests or more are missing, steps that stall look much the same (on a busy machine 1.21 of a step slow, 0.47 fast): only a slow
 * side beyond a whole step, and further beyond the fast one than that, tells.
 */
const LONG_TAIL = 0.35;
const ONE_SIDED = 2;
const WHOLE_STEP = 1;
const FAR_ONE_SIDED = 2.75;

const isOneSided = ({ slowTail, fastTail, relativeResidual }: ClockReport): boolean =>
  slowTail !== null &&
  fastTail !== null &&
  relativeResidual <= POOR_FIT &&
  (fastTail < LONG_TAIL
    ? slowTail > Math.max(LONG_TAIL, ONE_SIDED * fastTail)
    : slowTail > Math.max(WHOLE_STEP, FAR_ONE_SIDED * fastTail));

/** Work that the trace does not show: far more rows are far too slow than too fast, or the slow ones reach much further. */
const missing = (clock: ClockReport): EstimateWarning[] => {
  const { slowClusters, fastClusters, clusters, slowTail, fastTail } = clock;
  const many = slowClusters > Math.max(ENOUGH_SLOW, MANY_SLOW * clusters, LOPSIDED * fastClusters);
  if (!many && !isOneSided(clock)) return [];
  const seen = many
    ? `${slowClusters} of ${clusters} stretches took far longer than the work that the trace shows in them (${fastClusters} far shorter)`
    : `the slowest fiftieth of ${clusters} stretches took ${shareText(slowTail ?? 0)} of a step longer than the work that the trace shows in them, the fastest ${shareText(fastTail ?? 0)} shorter`;
  return [
    {
      code: 'missing-requests',
      message: `${seen}: requests seem to be missing from the trace, or work is, such as recomputation after preemptions or prompts counted without their system part`,
    },
  ];
};

/** Counts fall short: of a client's log because tokens came late, of an engine's own because requests were preempted. */
const gaveWay = (
  { stretchedDecodes, stretchedSeconds }: ClockReport,
  isClient: boolean,
  which: string,
): EstimateWarning =>
  isClient
    ? {
        code: 'late-tokens',
        message: `tokens of ${which} reached the client late, by ${(stretchedSeconds / stretchedDecodes).toPrecision(2)} s on average (the client stalled), or their requests were preempted: more steps passed than they count. Their counts were left out, and where possible all stretches that they touch`,
      }
    : {
        code: 'preemption',
        message: `${which} count fewer steps than the engine took meanwhile: requests were preempted and computed again. Their counts were left out, and where possible all stretches that they touch`,
      };

const overBudget = ({ overBudgetClusters, clusters }: ClockReport): EstimateWarning[] =>
  (overBudgetClusters ?? 0) > Math.max(ENOUGH_OVER, MANY_OVER * clusters)
    ? [
        {
          code: 'over-budget',
          message: `${overBudgetClusters} of ${clusters} stretches hold more tokens than their steps have budget for: the budget given is not the engine's, or prompts were found in a prefix cache`,
        },
      ]
    : [];
