import { BASE_TERMS, fittedSeconds, knownTerms, rowsOf } from '@stepclock/step-cost';
import { mappedColumns, type StepColumns } from '../step-columns.js';
import { blockWindows } from '../step-fit/block-windows.js';
import { stretchesOf, withKnownFacts, workingRows } from '../step-fit/working-steps.js';
import { stepEnds, type TimeCheck } from './step-time.js';

/** Steps that tell whether rows are shifted. */
const ENOUGH_STEPS = 200;
const MOST_STEPS = 2 ** 15;
/** Another row's time must explain a log this many times better. */
const CLEARLY = 0.5;
/** A step farther off than this tells no more: stalls. */
const FARTHEST = 0.5;
/** First decodes that must agree on what their context counts. */
const ENOUGH_VOTES = 3;
const AGREEING = 0.9;

/** Steps that take less than this share of what the others tell of them took no time. */
const NO_TIME = 0.05;
/** A log without waiting has none in so many. */
const FEW = 0.005;

const shifted = (steps: StepColumns, by: number): StepColumns => {
  const from = Math.max(0, -by);
  const to = steps.length - Math.max(0, by);
  return {
    ...mappedColumns(steps, to - from, (column) => column.subarray(from, to)),
    durationSec: steps.durationSec.subarray(from + by, to + by),
  };
};

/** The steps of a log that took time, at most so many, and the fit of the base terms to those that are no stalls; undefined where none did. */
const baseFit = (log: StepColumns) => {
  const steps = withKnownFacts(log);
  const { rows: at, untimed } = workingRows(steps);
  if (at.length === 0) return undefined;
  const rows = at.subarray(0, MOST_STEPS);
  const stretches = stretchesOf(steps, rows);
  const terms = knownTerms(BASE_TERMS, stretches);
  const table = rowsOf(
    stretches,
    Float64Array.from(rows, (i) => steps.durationSec[i]),
    terms,
  );
  const { coefficients } = blockWindows(
    table,
    { weighting: 'inverse-seconds', estimate: 'mean', apart: true, windows: 1 },
    (i) => (steps.prefillTokens[rows[i]] > 0 ? 1 : 0),
  );
  return { table, untimed, coefficients };
};

/** Whether so many steps took no time that what the log tells are times of waiting for steps: what stamps tell better, where there are any. */
export const hasStepsOfNoTime = (steps: StepColumns): boolean => {
  const fit = baseFit(steps);
  if (fit === undefined) return false;
  const { table, untimed, coefficients } = fit;
  const short = table.seconds.reduce(
    (count, sec, i) => count + (sec < NO_TIME * fittedSeconds(table, coefficients, i) ? 1 : 0),
    0,
  );
  return Math.max(untimed / steps.length, short / table.length) > FEW;
};

/** Mean squared relative distance of a log's steps from the fit of the base terms, far ones cut; 0 without steps. */
const unexplained = (steps: StepColumns): number => {
  const fit = baseFit(steps);
  if (fit === undefined) return 0;
  const { table, coefficients } = fit;
  let sum = 0;
  for (let i = 0; i < table.length; i++) {
    const off = Math.min(FARTHEST, Math.abs(table.seconds[i] / fittedSeconds(table, coefficients, i) - 1));
    sum += off * off;
  }
  return sum / table.length;
};

/** More rows than this share that are numbered no higher than the one before are no single engine's, which counts its steps. */
const FEW_BACK = 0.01;
/** Times that sum to so many times what passed are of steps that overlap. */
const OVERLAP = 1.1;
const LEAST_SPAN_SEC = 1;

/** Whether a log's steps are no single engine's, one after the other: their numbers go back and forth, or they take longer than passed, in whatever order. */
export const isMixedLog = (steps: StepColumns, { elapsedShare, shareError, resolutionSec }: TimeCheck): boolean => {
  const { iteration, durationSec, length } = steps;
  if (
    iteration !== undefined &&
    iteration.reduce((n, k, i) => n + (k <= iteration[i - 1] ? 1 : 0), 0) > FEW_BACK * length
  )
    return true;
  if ((elapsedShare ?? 0) - 3 * shareError > OVERLAP) return true;
  const ends = stepEnds(steps);
  if (ends === undefined || steps.steps !== undefined) return false;
  let [first, firstEnd, last, sum] = [Infinity, Infinity, -Infinity, 0];
  for (let i = 0; i < length; i++) {
    if (!(durationSec[i] >= 0)) continue;
    first = Math.min(first, ends[i] - durationSec[i]);
    firstEnd = Math.min(firstEnd, ends[i]);
    last = Math.max(last, ends[i]);
    sum += durationSec[i];
  }
  // A clock that does not move tells nothing.
  return last - firstEnd >= LEAST_SPAN_SEC && sum > OVERLAP * (last - first + (resolutionSec ?? 0));
};

/** By how many rows the times of a log lie behind what its steps hold (1: a row tells the time of the one before); 0 where they do not. */
export const rowShift = (steps: StepColumns): -1 | 0 | 1 => {
  if (steps.length < ENOUGH_STEPS || steps.steps !== undefined) return 0;
  const straight = unexplained(steps);
  const shifts = [1, -1] as const;
  const [best = 0] = shifts.filter((by) => unexplained(shifted(steps, by)) < CLEARLY * straight);
  return best;
};

/** A log whose times were shifted, put right. */
export const unshifted = (steps: StepColumns, by: -1 | 0 | 1): StepColumns => (by === 0 ? steps : shifted(steps, by));

/**
 * Whether the context of a log's decodes counts the token that they compute. The first decode of a prompt that an idle engine took in tells: its
 * context is the prompt, or one more.
 */
export const countsOwnToken = ({ length, prefillTokens, decodeTokens, contextTokens, steps }: StepColumns): boolean => {
  if (contextTokens === undefined || steps !== undefined) return false;
  let own = 0;
  let votes = 0;
  for (let i = 1, prompt = 0; i < length; i++) {
    // Chunks of a prompt that nothing decodes beside.
    if (decodeTokens[i - 1] > 0) prompt = 0;
    else if (prefillTokens[i - 1] > 0) prompt += prefillTokens[i - 1];
    if (prompt === 0 || decodeTokens[i] !== 1 || prefillTokens[i] > 0) continue;
    const over = contextTokens[i] - prompt;
    if (over !== 0 && over !== 1) continue;
    votes++;
    own += over;
  }
  return votes >= ENOUGH_VOTES && own >= AGREEING * votes;
};

/** A log whose decodes count their own token in the context, without it. */
export const withoutOwnToken = (steps: StepColumns): StepColumns => ({
  ...steps,
  contextTokens: steps.contextTokens?.map((tokens, i) => Math.max(0, tokens - steps.decodeTokens[i])),
});
