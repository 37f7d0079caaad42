import type { CrossCheck, TokenClockEstimate } from '@stepclock/beta-estimators';
import type { Session } from '../session/session.js';
import { betasText } from './estimate-text.js';
import { grouped, percent } from './quantity.js';
import { tableText } from './table.js';

const ms = (sec: number): string => `${(1000 * sec).toPrecision(3)} ms`;

/** A budget so large that no log contradicts it. */
export const NO_BUDGET = 65_536;

/** How the engine cut prompts into steps, in words. */
const policyText = ({ policy }: TokenClockEstimate['clock']): string =>
  policy.kind === 'budget' && policy.tokens >= NO_BUDGET
    ? 'no budget shows'
    : policy.kind === 'budget'
      ? `${grouped(policy.tokens)} tokens a step at most`
      : policy.kind === 'chunk'
        ? `${grouped(policy.tokens)} tokens of each prompt a step`
        : 'not told by the log: rows span whole prompts';

/** What the clock saw, by name. */
export const clockFacts = ({ clock }: TokenClockEstimate): readonly (readonly [string, string])[] => {
  const facts: (readonly [string, string])[] = [
    [
      'steps',
      `${grouped(clock.steps)} found in ${grouped(clock.chunks)} chunks, and ${grouped(clock.hiddenSteps)} of prefill alone, which show no chunk`,
    ],
    [
      'rows',
      `${grouped(clock.rows)} of ${clock.stepsPerRow === 1 ? 'a step' : `${clock.stepsPerRow} steps`} or more; the model misses the time of one by ${percent(clock.rowResidual)} (robust)`,
    ],
    [
      'client',
      clock.spreadP50Sec === null
        ? 'one request at a time'
        : `chunks of a step come ${ms(clock.spreadP50Sec)} after its first in the median, 90 % within ${ms(clock.spreadP90Sec ?? 0)}; ${grouped(clock.lateEnds)} steps end late`,
    ],
    ['prompts', policyText(clock)],
    ['stalls', `${clock.stalls}, ${clock.stalledSec.toFixed(2)} s (${percent(clock.stalledShare)} of the time)`],
  ];
  if (clock.engines > 1) facts.push(['engines', grouped(clock.engines)]);
  if (clock.stepsPerChunk > 1) facts.push(['chunks', `one every ${clock.stepsPerChunk} steps`]);
  return facts;
};

/** An estimate from token times for people. `heading` says what was read, and what not. */
export const tokenClockText = (
  heading: readonly string[],
  estimate: TokenClockEstimate,
  paint: Session['paint'],
): string =>
  [
    ...heading,
    "token-clock: the engine's steps from the times of its tokens",
    '',
    betasText(estimate, paint),
    '',
    tableText(
      // As wide as `overhead`, a line that may follow.
      clockFacts(estimate).map(([name, fact]) => [`  ${name.padEnd(8)}`, fact]),
      [0, 1],
    ),
  ].join('\n');

/** The step clock beside the token clock, in one line. */
export const crossCheckText = ({ meanStepSec, otherMeanStepSec, difference }: CrossCheck): string =>
  `check     the mean step takes ${ms(meanStepSec)}; by first and last tokens alone (step clock) ${ms(otherMeanStepSec)}, ${percent(difference)}`;
