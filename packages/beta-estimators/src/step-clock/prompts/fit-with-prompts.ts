import { fitWindows, mergeWindows, termsNamed } from '@stepclock/step-cost';
import type { PhaseTable } from '@stepclock/trace-io';
import { PROMPTS } from '../fit/cost-columns.js';
import { fitStepClock } from '../fit/fit-step-clock.js';
import type { ResolvedStepClockOptions } from '../fit/step-clock-options.js';
import type { TraceFit, WindowVisitors } from '../fit/trace-fit.js';
import { offsetPrompts } from './offset-prompts.js';

/** Tokens that every prompt has for the engine beyond those that the log counts; negative: fewer. */
interface Offset {
  readonly tokens: number;
  /** Standard error. */
  readonly error: number;
}

export interface OffsetFit {
  readonly trace: TraceFit;
  /** By how much prompts were shifted; 0: not at all. */
  readonly offsetTokens: number;
  /** Whether the log told, rather than who asked for it. */
  readonly isFound: boolean;
}

/** An offset is clear beyond so many standard errors: a fixed cost of prefill, which is common, looks like a positive one. */
const CLEAR_FEWER = 4;
const CLEAR_MORE = 5;
const LEAST_TOKENS = 8;
/** Its error must be below this part of a mean prompt: prompts all alike tell nothing of it; and it is smaller than a prompt. */
const SHARP = 0.1;
/** Followed so often at most: with other prompts the clock is another. Less than this many tokens more is no matter. */
const ROUNDS = 6;
const REST = 1;
/** A correction must not fit worse. */
const NO_WORSE = 1.02;

/** Fits a trace, its prompts shifted by what the log tells of tokens that it does not count, or by what was asked for. */
export const fitWithPrompts = (
  phases: PhaseTable,
  options: ResolvedStepClockOptions,
  onProgress?: (share: number) => void,
  visitors?: WindowVisitors,
): OffsetFit => {
  const fitAt = (tokens: number): TraceFit =>
    fitStepClock(offsetPrompts(phases, tokens), options, onProgress, visitors);
  const { promptOffset } = options;
  if (promptOffset !== 'auto') {
    return { trace: fitAt(promptOffset), offsetTokens: promptOffset, isFound: false };
  }
  let trace = fitAt(0);
  let offsetTokens = 0;
  let isLast = true;
  for (let round = 0; round < ROUNDS; round++) {
    const more = offsetOf(trace);
    if (more === undefined || !(offsetTokens === 0 ? isClear(more, trace) : Math.abs(more.tokens) >= REST)) break;
    const tokens = Math.round(offsetTokens + more.tokens);
    const next = fitAt(tokens);
    isLast = next.rms <= NO_WORSE * trace.rms;
    if (!isLast) break;
    [trace, offsetTokens] = [next, tokens];
  }
  return { trace: isLast ? trace : fitAt(offsetTokens), offsetTokens, isFound: offsetTokens !== 0 };
};

/** What a prompt costs whatever its length, over what a token of it costs; undefined where nothing tells. */
const offsetOf = ({ windows, regression, columns }: TraceFit): Offset | undefined => {
  const at = columns.pooled.indexOf(PROMPTS);
  const perToken = columns.pooled.indexOf(PER_TOKEN);
  if (at < 0 || windows.length === 0) return undefined;
  const of = [...regression.of, at].sort((a, b) => a - b);
  const { coefficients, intervals } = fitWindows(windows, { choice: of });
  const [a, b] = [coefficients[at], coefficients[perToken]];
  if (intervals === null || !(b > 0)) return undefined;
  const p = columns.pooled.length;
  const { covariance } = intervals;
  const tokens = a / b;
  const variance =
    covariance[at * p + at] +
    tokens ** 2 * covariance[perToken * p + perToken] -
    2 * tokens * covariance[at * p + perToken];
  return { tokens, error: Math.sqrt(Math.max(0, variance)) / b };
};

const [PER_TOKEN] = termsNamed(['prefill_tokens']);

/** Whether an offset is there, and of a size that a prompt can have. */
const isClear = ({ tokens, error }: Offset, { windows, columns }: TraceFit): boolean => {
  const mean = meanPrompt(windows, columns.pooled.indexOf(PER_TOKEN), columns.pooled.indexOf(PROMPTS));
  const errors = tokens < 0 ? CLEAR_FEWER : CLEAR_MORE;
  return Math.abs(tokens) > Math.max(errors * error, LEAST_TOKENS) && error < SHARP * mean && Math.abs(tokens) < mean;
};

/** Tokens of a prompt, by least squares over the rows that hold any. */
const meanPrompt = (windows: TraceFit['windows'], perToken: number, prompts: number): number => {
  const { gram, terms } = mergeWindows(windows);
  const p = terms.length;
  return gram[perToken * p + prompts] / gram[prompts * p + prompts];
};
