import { fittedSeconds, fitWindows, REBUILT_STEPS_FLOOR_SHARE } from '@stepclock/step-cost';
import type { ClockProblem } from '../clock/clock-problem.js';
import { readsContext } from '../rows/decode-context.js';
import type { Noise } from '../rows/noise.js';
import { windowSums } from '../rows/window-sums.js';
import type { TraceWindow } from '../trace/cut-windows.js';
import { type CostColumns, onPooled, PROMPTS } from './cost-columns.js';
import { type LaidClock, laidFit } from './held-clock.js';
import { pooledWindows } from './pooled-windows.js';
import { fitPreempted, type PreemptedFit } from './preempted-clock.js';
import type { ResolvedStepClockOptions } from './step-clock-options.js';
import type { TraceFit, WindowVisitors } from './trace-fit.js';

/** A window as the exact clock left it. */
export interface ExactWindow {
  readonly parts: TraceWindow;
  readonly problem: ClockProblem;
  readonly noise: Noise;
}

/** Above this residual, relative to a step, the counts are suspected: steps themselves rarely vary as much. */
export const SUSPICIOUS = 0.1;
/** Rounds of a window end here unless told otherwise. */
const DEFAULT_TOL = 1e-6;
/** A move below this counts as rest where no tolerance is given. */
const STILL = 5e-3;

/** More stretched decodes than this are no preemption: nothing holds together any more. */
const MOST_STRETCHED = 0.6;
/** Many stretched decodes: without them the robust noise falls below this share of what it was. */
const MANY_STRETCHED = 0.02;
const CLEARLY_BETTER = 0.5;
/** Where more than this share gave way and no stretch is left that none of them touches, a mixture looks nearly as good. */
const SOME_STRETCHED = 0.3;
const MUCH_BETTER = 0.2;
/** Stretches that no stretched decode touches, but for outliers among them, meet their time within this part of a step. */
const FITS = 0.2;
/** Few of them: what the fit keeps is fine, and far better than the whole was. */
const FINE = 0.1;
const FAR_BETTER = 0.3;

/**
 * Fits windows whose counts give way, where counts that are met exactly leave a residual and make segments run backwards: requests were
 * preempted and computed again, or tokens reached the client late. Undefined where that mends nothing, as with several engines in one trace.
 */
export const fitGivingWay = (
  exact: TraceFit,
  windows: readonly ExactWindow[],
  options: ResolvedStepClockOptions,
  blocks: number,
  visitors: WindowVisitors,
): TraceFit | undefined => {
  if (!(exact.rms > SUSPICIOUS) || !exact.fitted.some(({ held }) => held > 0)) return undefined;
  const { maxOuterIters: maxRounds, tol, isAsked, ci: level } = options;
  const budget = options.maxNumBatchedTokens ?? Number.POSITIVE_INFINITY;
  const { own } = exact.columns;
  const looseTerms = isAsked ? own : own.filter((term) => !readsContext([term]));
  const better: { readonly parts: TraceWindow; readonly fit: PreemptedFit }[] = [];
  for (const { parts, problem, noise } of windows) {
    const settings = { terms: own, budget, maxRounds, tol: tol ?? DEFAULT_TOL };
    const fit = fitPreempted(problem, settings, looseTerms);
    if (gaveWayRightly(problem, noise, fit)) better.push({ parts, fit });
  }
  if (better.length === 0 || 2 * better.length < windows.length) return undefined;
  const fits = better.map(({ fit }) => fit);
  // A loose clock has no context: then no window's rows have any.
  const terms = fits.some(({ loose }) => loose) ? looseTerms : own;
  const columns: CostColumns = { own: terms, pooled: isAsked ? terms : [...terms, PROMPTS] };
  const of = terms.map((_, t) => t);
  const visit = visitors();
  const laid = fits.map(({ problem, fit, stretched }, w) => {
    const coefficients = onPooled({ ...columns, own: fit.terms }, fit.coefficients);
    const clock: LaidClock = { ...laidFit(problem, fit, columns.pooled, coefficients, budget), weights: fit.weights };
    visit({ parts: better[w].parts, problem, laid: clock, coefficients });
    const { noise, held, whole, rows, weights } = clock;
    return {
      parts: better[w].parts,
      sums: windowSums(rows, coefficients, weights, noise, blocks),
      noise,
      held,
      whole,
      stretched,
    };
  });
  const pooled = pooledWindows(laid, of);
  const [{ fit: first }] = fits;
  const passes = first.rounds.map(({ coefficients, noise: { r2, rmseSec } }) => ({ coefficients, r2, rmseSec }));
  const change = Math.max(...fits.map(({ fit }) => fit.rounds.at(-1)?.change ?? 1));
  return {
    ...exact,
    ...pooled,
    columns,
    regression: fitWindows(pooled.windows, { level, choice: of, floorShare: REBUILT_STEPS_FLOOR_SHARE }),
    start: onPooled({ own: exact.columns.pooled, pooled: terms }, exact.start),
    passes,
    change,
    still: fits.every(({ fit }) => fit.still) || (tol === null && change < STILL),
    stretched: fits.reduce((sum, { stretched }) => sum + stretched.length, 0),
    stretchedSec: fits.reduce((sum, fit) => sum + stretchedSeconds(fit), 0),
  };
};

/** Seconds of the steps that passed during stretched decodes beyond their counts. */
const stretchedSeconds = ({
  problem: { frame, columns, meanStepSec },
  fit: { state },
  stretched,
}: PreemptedFit): number => {
  let steps = 0;
  for (const i of stretched) {
    const passed = state.clock[frame.decodeEnd[i]] - state.clock[frame.decodeStart[i]];
    steps += Math.max(0, passed - columns.decodes.steps[i]);
  }
  return steps * meanStepSec;
};

/**
 * Whether giving way helped. A mixture of engines runs backwards as well, and some counts of the one give way to the clock of
 * the other, but that mends nothing: not even the stretches without any such decode then hold what their time says.
 */
export const gaveWayRightly = (
  problem: ClockProblem,
  before: Pick<Noise, 'step' | 'rms'>,
  { fit, stretched, loose }: PreemptedFit,
): boolean => {
  const share = stretched.length / Math.max(problem.columns.decodes.length, 1);
  if (!(share > 0 && share <= MOST_STRETCHED)) return false;
  const kept = keptResidual(fit);
  if (!loose && !(kept < FITS)) return false;
  const better = loose && share > SOME_STRETCHED ? MUCH_BETTER : CLEARLY_BETTER;
  const noise = fit.rounds.at(-1)?.noise.step ?? 0;
  if (share >= MANY_STRETCHED && noise < better * before.step) return true;
  return kept < FINE && kept < FAR_BETTER * before.rms;
};

/** Root mean square residual, relative to a step, of the rows that a robust regression kept. */
const keptResidual = ({ rows, weights, coefficients }: PreemptedFit['fit']): number => {
  let squares = 0;
  let kept = 0;
  for (let i = 0; i < rows.length; i++) {
    if (!(weights[i] > 0)) continue;
    const seconds = fittedSeconds(rows, coefficients, i);
    squares += ((rows.seconds[i] - seconds) / seconds) ** 2 * rows.steps[i];
    kept++;
  }
  return Math.sqrt(squares / Math.max(kept, 1));
};
