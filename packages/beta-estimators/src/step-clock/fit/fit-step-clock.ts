import {
  chosenTerms,
  fitWindows,
  mergeWindows,
  REBUILT_STEPS_FLOOR_SHARE,
  type StepWindow,
  type Term,
} from '@stepclock/step-cost';
import type { PhaseTable } from '@stepclock/trace-io';
import { type ClockProblem, clockProblem } from '../clock/clock-problem.js';
import { requireCounts } from '../clock/require-counts.js';
import { windowSums } from '../rows/window-sums.js';
import { cutWindows, type TraceWindow } from '../trace/cut-windows.js';
import { type MendedTrace, mendedTrace } from '../trace/mended-trace.js';
import { promptLengths, tellsContext, traceColumns, WHOLE_TRACE } from '../trace/trace-columns.js';
import { withoutDelay } from '../trace/without-delay.js';
import { TRIED, triedConventions } from './conventions.js';
import { costColumns, FIRST_DELAY, OVERHEAD, onPooled, PROMPTS } from './cost-columns.js';
import { evenStart, fitClock } from './fit-clock.js';
import { type ExactWindow, fitGivingWay } from './give-way.js';
import { heldClock, laidFit } from './held-clock.js';
import { type PooledWindows, pooledWindows } from './pooled-windows.js';
import type { ResolvedStepClockOptions } from './step-clock-options.js';
import type { LaidWindow, Pass, TraceFit, WindowVisitors } from './trace-fit.js';

/** Few windows tell a term with a prior only where it lowers the held-out loss by half: a curve, not what noise makes of a line. */
const CLEAR_GAIN = 0.5;

/** Windows that are fitted by themselves: enough to know the terms, however long the trace is. */
const SEEDS = 24;
/** Where windows are few, they are cut into so many blocks together: enough for Student's t, even where some windows are set aside. */
const BLOCKS = 40;
/** From so many on the terms with priors can be told. */
const ENOUGH_WINDOWS = 10;
const AS_COUNTED = { stretched: 0, stretchedSec: 0, conventions: null };
/** Of a long trace so many windows are fitted where counts give way: the loose clock is not made for more. */
const MOST_GIVING_WAY = 4;
/** Tokens that are late by less do not matter beside steps, s. */
const LEAST_DELAY_SEC = 1e-4;
/** More windows tell intervals no better, and make a large file. */
const MOST_WINDOWS = 64;
/** A window by itself only has to come near enough to be laid under pooled terms. */
const OWN_TOL = 5e-4;
const OWN_ROUNDS = 25;
/** Passes under pooled terms: two, and up to so many while coefficients move. From the third on they go half the way: two clocks may take turns. */
const LEAST_PASSES = 2;
const MOST_PASSES = 6;
/** Of a pass that others follow nobody asks what its clocks say. */
const NOT_LAST = (): void => {};
/** A move below this counts as rest where no tolerance is given. */
const STILL = 5e-3;

/** A trace whose clocks meet every count. */
export interface CountedFit {
  readonly exact: TraceFit;
  /** The same with counts that give way where the clock is suspect and that mends it: the last word on a trace, to be asked for once. */
  readonly giveWay: () => TraceFit;
}

/**
 * Fits a trace window by window: each by itself from an even clock; then, pass by pass, each under the coefficients of all good windows, which are
 * held while its clock is laid, and pooled again.
 *
 * @throws Fault as `estimateStepClock`
 */
export const fitStepClock = (
  given: PhaseTable,
  options: ResolvedStepClockOptions,
  onProgress: (share: number) => void = () => {},
  visitors: WindowVisitors = () => () => {},
): CountedFit => {
  const { maxNumBatchedTokens, maxOuterIters, tol } = options;
  const budget = maxNumBatchedTokens ?? Number.POSITIVE_INFINITY;
  const mended = mendedTrace(given);
  const prompts = promptLengths(mended.phases);
  let trace = cutTrace(mended, options, prompts);
  requireCounts([...trace.problems.values()]);
  const known = tellsContext(mended.phases, trace.all.flat(), prompts);
  let columns = costColumns([...trace.problems.values()], known, options);
  const blocks = Math.ceil(BLOCKS / Math.max(trace.all.length, 1));

  // Many windows tell the terms with priors from noise; few only what lowers the held-out loss clearly, once the base terms stand.
  const long = trace.all.length >= ENOUGH_WINDOWS;
  const where = (isIn: (term: Term) => boolean): readonly number[] =>
    columns.pooled.flatMap((term, t) => (term !== PROMPTS && isIn(term) ? [t] : []));
  let of = where(({ role, priorShare }) => options.isAsked || role !== 'open' || (long && priorShare !== null));
  const candidates = where(
    ({ role, priorShare }) => !options.isAsked && role === 'open' && (priorShare === null) === long,
  );
  let exactWindows: readonly ExactWindow[] = [];
  const pass = (
    windows: readonly TraceWindow[],
    visit: ReturnType<WindowVisitors>,
    lay: (problem: ClockProblem) => Omit<LaidWindow, 'parts' | 'problem'>,
  ) => {
    const seen: ExactWindow[] = [];
    const fits = windows.map((parts) => {
      const problem = trace.problems.get(parts) ?? trace.problemOf(parts);
      const { laid, coefficients } = lay(problem);
      visit({ parts, problem, laid, coefficients });
      const { noise, held, whole, rows, weights } = laid;
      if (windows.length <= SEEDS) seen.push({ parts, problem, noise });
      return { parts, sums: windowSums(rows, coefficients, weights, noise, blocks), noise, held, whole };
    });
    if (seen.length > 0) exactWindows = seen;
    return pooledWindows(fits, of);
  };

  const sampled = trace.seeds.length < trace.all.length;
  const mostByDefault = sampled ? LEAST_PASSES : MOST_PASSES;
  let most = Math.min(maxOuterIters - 1, tol === null ? mostByDefault : maxOuterIters - 1);
  const further = most > 0 || sampled;
  let last = pass(trace.seeds, further ? NOT_LAST : visitors(), (problem) => {
    const maxRounds = Math.min(maxOuterIters, OWN_ROUNDS);
    const fit = fitClock(problem, { terms: columns.own, budget, maxRounds, tol: OWN_TOL });
    const coefficients = onPooled(columns, fit.coefficients);
    return { laid: laidFit(problem, fit, columns.pooled, coefficients, budget), coefficients };
  });
  onProgress(0.4);
  const meanStepSec = [...trace.problems.values()].reduce((sum, p) => sum + p.meanStepSec, 0) / trace.problems.size;
  let start = evenStart(columns.pooled, meanStepSec);
  let passes: readonly Pass[] = [passOf(last)];
  let firstDelaySec = 0;
  let change = Number.POSITIVE_INFINITY;
  let still = false;
  for (let m = 1; m <= Math.max(most, sampled ? 1 : 0) && !still; m++) {
    let { coefficients: now } = last;
    const delay = columns.pooled.indexOf(FIRST_DELAY);
    if (delay >= 0 && m <= LEAST_PASSES && Math.abs(now[delay]) > LEAST_DELAY_SEC) {
      firstDelaySec += now[delay];
      trace = cutTrace({ ...mended, phases: withoutDelay(mended.phases, firstDelaySec) }, options, prompts);
      now[delay] = 0;
    }
    const onAll = m >= Math.min(LEAST_PASSES, most);
    if (onAll && sampled && !options.isAsked) {
      // Columns that the sample has no use for would cost every segment of the rest.
      const chosen = chosenTerms(
        last.windows,
        where(({ role }) => role !== 'open'),
        where(({ role }) => role === 'open'),
      );
      const kept = columns.pooled.flatMap((term, t) => (chosen.includes(t) || term === PROMPTS ? [t] : []));
      const taken = (b: Float64Array): Float64Array => Float64Array.from(kept, (t) => b[t]);
      columns = { ...columns, pooled: kept.map((t) => columns.pooled[t]) };
      passes = passes.map((before) => ({ ...before, coefficients: taken(before.coefficients) }));
      [now, start] = [taken(now), taken(start)];
      of = where(() => true);
    }
    const before = passes.at(-2)?.coefficients ?? start;
    const coefficients = m > LEAST_PASSES ? now.map((b, t) => (b + before[t]) / 2) : now;
    const { noise } = last;
    last = pass(onAll ? trace.all : trace.seeds, onAll ? visitors() : NOT_LAST, (problem) => ({
      laid: heldClock(problem, columns.pooled, coefficients, noise, budget),
      coefficients,
    }));
    passes = [...passes, passOf(last)];
    change = relativeMove(columns.pooled, last.windows, coefficients, last.coefficients);
    still = m >= LEAST_PASSES && change < (tol ?? STILL);
    if (candidates.length > 0 && (still || m >= most)) {
      const more = chosenTerms(last.windows, of, candidates, long ? undefined : CLEAR_GAIN);
      if (more.length > of.length && m < maxOuterIters - 1) {
        of = more;
        still = false;
        most = Math.min(maxOuterIters - 1, m + LEAST_PASSES);
      }
    }
    onProgress(0.4 + 0.5 * Math.min(1, m / LEAST_PASSES));
  }
  const windows = mergedTo(MOST_WINDOWS, last.windows);
  if (long && !options.isAsked)
    of = chosenTerms(
      windows,
      where(({ role }) => role !== 'open'),
      where(({ role }) => role === 'open'),
    );
  // Where no row that counts begins on an idle engine, nothing lies between client and engine that could be told.
  const choice = of.filter((t) => columns.pooled[t] !== OVERHEAD || windows.some(({ sums }) => sums[t] > 0));
  const regression = fitWindows(windows, { level: options.ci, choice, floorShare: REBUILT_STEPS_FLOOR_SHARE });
  const cut = trace.all.length;
  const exact = {
    ...last,
    windows,
    regression,
    columns,
    cut,
    firstDelaySec,
    oddRows: mended.oddRows,
    standstills: mended.standstills,
    start,
    passes,
    change,
    still,
    ...AS_COUNTED,
  };
  const giveWay = (): TraceFit => {
    const asMany = evenly(exactWindows, MOST_GIVING_WAY);
    const loose = fitGivingWay(exact, asMany, options, Math.ceil(BLOCKS / Math.max(asMany.length, 1)), visitors);
    if (loose !== undefined || !(exact.rms > TRIED) || asMany.length === 0) return loose ?? exact;
    const settings = { terms: columns.own, budget, maxRounds: maxOuterIters, tol: OWN_TOL };
    return { ...exact, conventions: triedConventions(asMany[asMany.length >> 1].problem, settings) };
  };
  return { exact, giveWay };
};

/** Neighbours joined, so that no more windows are left. */
const mergedTo = (most: number, windows: readonly StepWindow[]): readonly StepWindow[] => {
  const size = Math.ceil(windows.length / most);
  if (size <= 1) return windows;
  return Array.from({ length: Math.ceil(windows.length / size) }, (_, g) =>
    mergeWindows(windows.slice(g * size, (g + 1) * size)),
  );
};

/** A trace as windows, the problems of those that are looked at more than once at hand. */
const cutTrace = (
  { phases, left, uncounted, cutsSec }: MendedTrace,
  { window, maxNumBatchedTokens, policy }: ResolvedStepClockOptions,
  prompts: Float64Array,
) => {
  const all = cutWindows(phases, window ?? WHOLE_TRACE, { left, cutsSec });
  const seeds = evenly(all, SEEDS);
  const problemOf = (parts: TraceWindow): ClockProblem =>
    clockProblem(traceColumns(phases, parts, prompts, uncounted), {
      budget: maxNumBatchedTokens ?? Number.POSITIVE_INFINITY,
      prefillFirst: policy === 'prefill-first',
    });
  return { all, seeds, problemOf, problems: new Map(seeds.map((parts) => [parts, problemOf(parts)])) };
};

const passOf = ({ coefficients, r2, rmseSec }: PooledWindows): Pass => ({ coefficients, r2, rmseSec });

/** Some of a list, spread evenly over it; all where it is no longer. */
const evenly = <T>(list: readonly T[], most: number): readonly T[] =>
  list.length <= most
    ? list
    : Array.from({ length: most }, (_, i) => list[Math.floor(((i + 0.5) * list.length) / most)]);

/** A coefficient is asked to stand still as if its term took this share of all the time at least: what costs nothing may wander. */
const MATERIAL = 0.01;

/** Largest relative change of a coefficient without a prior. */
const relativeMove = (
  terms: readonly Term[],
  windows: readonly StepWindow[],
  before: Float64Array,
  after: Float64Array,
): number => {
  const seconds = windows.reduce((sum, window) => sum + window.seconds, 0);
  let most = 0;
  for (let t = 0; t < terms.length; t++) {
    if (terms[t].priorShare !== null) continue;
    const held = windows.reduce((sum, { sums }) => sum + sums[t], 0);
    const least = held > 0 ? (MATERIAL * seconds) / held : Number.POSITIVE_INFINITY;
    most = Math.max(most, Math.abs(after[t] - before[t]) / Math.max(Math.abs(after[t]), least));
  }
  return most;
};
