import { fitWindows, mergeWindows, type Term, termsNamed } from '@stepclock/step-cost';
import { DECODE, type PhaseTable } from '@stepclock/trace-io';
import { winningConvention } from '../fit/conventions.js';
import { PROMPTS } from '../fit/cost-columns.js';
import { type CountedFit, fitStepClock } from '../fit/fit-step-clock.js';
import { SUSPICIOUS } from '../fit/give-way.js';
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
  /** Residual, relative to a step, before any count gave way. */
  readonly countedRms: number;
}

/** An offset is clear beyond so many standard errors: a fixed cost of prefill, which is common, looks like a positive one. */
const CLEAR_FEWER = 4;
const CLEAR_MORE = 5;
const LEAST_TOKENS = 8;
/** More where it costs less than a step with prefill commonly does beyond any step: such a fixed cost scatters with the steps, as a real engine's do. */
const CLEAR_SMALL = 8;
/** Its error must be below this part of a mean prompt: prompts all alike tell nothing of it; and it is smaller than a prompt. */
const SHARP = 0.1;
/** Followed so often at most: with other prompts the clock is another. Less than this many tokens more is no matter. */
const ROUNDS = 6;
const REST = 1;
/** What is left of an offset is finer than the trace tells below this part of its standard error, and consistent with nothing within so many. */
const SETTLED = 0.5;
const CONSISTENT = 2;
/** A correction must not fit worse. */
const NO_WORSE = 1.02;
/** Of a suspect clock, it must fit clearly better, or more counts would have to give way than by accident. */
const CLEARLY_BETTER = 0.8;
const MANY_STRETCHED = 0.02;
/** Over that of any step. */
const LARGE_FIXED_COST = 0.3;

/** Fits a trace, its prompts shifted by what the log tells of tokens that it does not count, or by what was asked for. */
export const fitWithPrompts = (
  phases: PhaseTable,
  options: ResolvedStepClockOptions,
  onProgress?: (share: number) => void,
  visitors?: WindowVisitors,
): OffsetFit => {
  const fitAt = (tokens: number, under = options): CountedFit =>
    fitStepClock(offsetPrompts(phases, tokens), under, onProgress, visitors);
  const { promptOffset } = options;
  if (promptOffset !== 'auto') {
    const fit = fitAt(promptOffset);
    return { trace: fit.giveWay(), offsetTokens: promptOffset, isFound: false, countedRms: fit.exact.rms };
  }
  const { asLogged, first, best, last, suspect } = followOffset(fitAt);
  // A large fixed cost of a step with prefill looks like tokens too, or like steps, and counts that were laid without it hide it.
  const underFixedCost = (least: number): OffsetFit | undefined => {
    const under = { ...options, terms: [...options.terms, PREFILL_STEP], isAsked: true };
    const tried = fitStepClock(phases, under, onProgress).exact.rms;
    return tried < CLEARLY_BETTER * least && tried <= SUSPICIOUS ? nothingFound(fitAt(0, under)) : undefined;
  };
  if (first === undefined) {
    const fixed = !options.isAsked && fixedCost(asLogged.exact) > LARGE_FIXED_COST;
    return (fixed ? underFixedCost(asLogged.exact.rms) : undefined) ?? nothingFound(asLogged);
  }
  if (first.tokens > 0 && !options.isAsked) {
    const fixed = underFixedCost(Math.min(asLogged.exact.rms, best?.fit.exact.rms ?? Number.POSITIVE_INFINITY));
    if (fixed !== undefined) return fixed;
  }
  let again = best === undefined || best.tokens !== last;
  const doubted = best !== undefined && suspect && best.fit.exact.rms > CLEARLY_BETTER * asLogged.exact.rms;
  if (best === undefined || doubted) {
    const asCounted = nothingFound(fitAt(0));
    if (best === undefined || explains(asCounted.trace, phases)) return asCounted;
    again = true;
  }
  if (Math.abs(best.tokens) < LEAST_TOKENS) return nothingFound(fitAt(0));
  const settled = again ? fitAt(best.tokens) : best.fit;
  const trace = settled.giveWay();
  // Counts that are off by one bend what prompts seem to cost.
  if (winningConvention(trace.conventions) !== undefined) return nothingFound(fitAt(0));
  return { trace, offsetTokens: best.tokens, isFound: true, countedRms: settled.exact.rms };
};

/** The least residual, relative to a step, with prompts as logged or shifted, before any count gives way. */
export const countedResidual = (phases: PhaseTable, options: ResolvedStepClockOptions): number => {
  const fitAt = (tokens: number): CountedFit => fitStepClock(offsetPrompts(phases, tokens), options);
  if (options.promptOffset !== 'auto') return fitAt(options.promptOffset).exact.rms;
  const { asLogged, best } = followOffset(fitAt);
  return Math.min(asLogged.exact.rms, best?.fit.exact.rms ?? Number.POSITIVE_INFINITY);
};

/** Shifts prompts until nothing more is left to shift. Before any count gives way: prompts that are longer than the log says bend the clock as late tokens and preemptions do. */
const followOffset = (fitAt: (tokens: number) => CountedFit) => {
  const asLogged = fitAt(0);
  const told = offsetOf(asLogged.exact);
  const first = told !== undefined && isClear(told, asLogged.exact) ? told : undefined;
  const suspect = asLogged.exact.rms > SUSPICIOUS;
  let best: Shifted | undefined;
  let last = 0;
  for (let round = 0, rest = first; round < ROUNDS && rest !== undefined && isMore(rest); round++) {
    const tokens = Math.round(last + rest.tokens);
    const fit = fitAt(tokens);
    last = tokens;
    rest = offsetOf(fit.exact);
    if (rest === undefined || !(suspect || fit.exact.rms <= NO_WORSE * asLogged.exact.rms)) break;
    const at = { tokens, fit, rest };
    if (best === undefined || isBetter(at, best)) best = at;
  }
  return { asLogged, first, best, last, suspect };
};

/** Whether counts that gave way explain a suspect clock by themselves: many did, and what is left tells of no other prompts. */
const explains = (loose: TraceFit, { kind }: PhaseTable): boolean => {
  const decodes = kind.reduce((sum, of) => sum + (of === DECODE ? 1 : 0), 0);
  const rest = offsetOf(loose);
  return loose.stretched >= MANY_STRETCHED * decodes && !(rest !== undefined && isClear(rest, loose));
};

/** A trace fitted with its prompts shifted. */
interface Shifted {
  readonly tokens: number;
  readonly fit: CountedFit;
  /** What the fit still says of tokens beyond. */
  readonly rest: Offset;
}

const nothingFound = ({ exact, giveWay }: CountedFit): OffsetFit => ({
  trace: giveWay(),
  offsetTokens: 0,
  isFound: false,
  countedRms: exact.rms,
});

const isMore = ({ tokens, error }: Offset): boolean => Math.abs(tokens) >= Math.max(REST, SETTLED * error);

/** How far the rest lies from nothing, where that is more than chance; two clocks that take turns differ in their residual by chance. */
const beyond = ({ rest: { tokens, error } }: Shifted): number =>
  Math.max(CONSISTENT, Math.abs(tokens) / Math.max(error, REST));

const isBetter = (a: Shifted, b: Shifted): boolean =>
  beyond(a) === beyond(b) ? a.fit.exact.rms < b.fit.exact.rms : beyond(a) < beyond(b);

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

const [STEP, PER_TOKEN, PREFILL_STEP] = termsNamed(['step', 'prefill_tokens', 'prefill_step']);

/** Fixed cost of a step with prefill, over that of any step; 0 where it was not fitted. */
const fixedCost = ({ regression, columns }: TraceFit): number => {
  const of = (term: Term): number => regression.coefficients[columns.pooled.indexOf(term)] ?? 0;
  return of(STEP) > 0 ? of(PREFILL_STEP) / of(STEP) : 0;
};

/** Whether an offset is there, and of a size that a prompt can have. */
const isClear = ({ tokens, error }: Offset, { windows, regression, columns }: TraceFit): boolean => {
  const at = columns.pooled.indexOf(PER_TOKEN);
  const mean = meanPrompt(windows, at, columns.pooled.indexOf(PROMPTS));
  const step = regression.coefficients[columns.pooled.indexOf(STEP)] ?? 0;
  const isSmall = tokens * regression.coefficients[at] < LARGE_FIXED_COST * step;
  const errors = tokens < 0 ? CLEAR_FEWER : isSmall ? CLEAR_SMALL : CLEAR_MORE;
  return Math.abs(tokens) > Math.max(errors * error, LEAST_TOKENS) && error < SHARP * mean && Math.abs(tokens) < mean;
};

/** Tokens of a prompt, by least squares over the rows that hold any. */
const meanPrompt = (windows: TraceFit['windows'], perToken: number, prompts: number): number => {
  const { gram, terms } = mergeWindows(windows);
  const p = terms.length;
  return gram[perToken * p + prompts] / gram[prompts * p + prompts];
};
