import { BASE_TERMS, betasOf, fitWindows, type StepWindow, type Term, windowsOn } from '@stepclock/step-cost';
import { logHalves } from './halves.js';
import type { FitStepsOptions, Interval, StepsFit, StepsWarning } from './steps-fit.js';
import { stepsWarnings } from './steps-warnings.js';

/** A log of steps as sums, and what else is known of it. Seconds. */
export interface LogSums {
  readonly terms: readonly Term[];
  /** Which of the terms stay: as `fitWindows` takes it. */
  readonly choice: 'all' | 'auto' | readonly number[];
  readonly windows: readonly StepWindow[];
  readonly measuredSeconds: number;
  /** Of the steps that the windows stand for, stalls included, and of those stalls. */
  readonly sampledSeconds: number;
  readonly sampledStallSeconds: number;
  readonly steps: number;
  /** Steps that went into the windows or were set apart. */
  readonly fitted: number;
  readonly stalls: number;
  readonly compositions: StepsFit['identifiability']['compositions'];
  /** How far single steps lie from a fit, coefficients by term. */
  readonly scatterOf: (
    coefficients: Float64Array,
  ) => Pick<StepsFit['diagnostics'], 'r2' | 'rmseSeconds' | 'relativeRmse'>;
  readonly empty: number;
  readonly untimed: number;
  readonly incomplete: number;
  readonly warnings?: readonly StepsWarning[];
}

/**
 * Steps of a log are known, not rebuilt: a smaller gain than theirs is one. Against noise of a tenth of a step, a `prefill_context` that moves its own
 * steps by a twentieth gains less than 2 %.
 */
const LEAST_GAIN = 0.005;

/** The fit of a log's sums. @throws Fault as `fitWindows` */
export const fitOfSums = (log: LogSums, options: FitStepsOptions): StepsFit => {
  const { windows, measuredSeconds, sampledSeconds, sampledStallSeconds, steps, fitted } = log;
  const { level = 0.95, model = 'auto', estimate = 'mean', weights: weighting } = options;
  const fit = fitWindows(windows, { level, choice: log.choice, leastGain: LEAST_GAIN });
  const { intervals, identifiability } = fit;
  const p = log.terms.length;
  const terms = fit.of.map((t) => log.terms[t]);
  // What fitted blocks stand for is not quite what passed: their shares of it are.
  const share = measuredSeconds / sampledSeconds;
  const held = (coefficients: Float64Array): number =>
    windows.reduce((sum, { sums }) => sum + fit.of.reduce((part, t) => part + coefficients[t] * sums[t], 0), 0);
  // Plain least squares meet the time by themselves where they can; what priors and weights leave of it is put back.
  const factor =
    weighting === 'none' && estimate === 'mean' ? 1 : (sampledSeconds - sampledStallSeconds) / held(fit.coefficients);
  const coefficients = fit.coefficients.map((b) => factor * b);
  const isBase = terms.every((term) => BASE_TERMS.includes(term));
  const reads = terms.some(({ needs }) => needs.includes('contextTokens'));
  const halves = logHalves(windows, fit.of, level);
  const ends = (pair: Interval | null): Interval | null => pair && [factor * pair[0], factor * pair[1]];
  return {
    algo: 'steps',
    model: !isBase ? 'terms' : model !== 'auto' ? model : reads ? 'kv' : 'linear',
    estimate,
    terms,
    betas: betasOf(
      terms,
      fit.of.map((t) => coefficients[t]),
    ),
    intervals: intervals && {
      level,
      byLabel: Object.fromEntries(terms.map(({ label }, k) => [label, ends(intervals.byTerm[fit.of[k]])])),
      covariance: fit.of.map((i) => fit.of.map((j) => factor ** 2 * intervals.covariance[i * p + j])),
      blocks: intervals.windows,
    },
    windows: windowsOn(windows, fit.of, fit.coefficients),
    identifiability: { ...identifiability, compositions: log.compositions },
    diagnostics: {
      nSteps: steps,
      ...(fitted < steps && { nSampled: fitted }),
      stalls: Math.round(log.stalls),
      measuredSeconds,
      fittedSeconds: share * held(coefficients),
      stallSeconds: share * sampledStallSeconds,
      ...log.scatterOf(coefficients),
      meanDurationSeconds: measuredSeconds / steps,
    },
    halves,
    warnings: [
      ...(log.warnings ?? []),
      ...stepsWarnings({
        empty: log.empty,
        untimed: log.untimed,
        incomplete: log.incomplete,
        identifiability,
        hasIntervals: intervals !== null,
        halves,
      }),
    ],
  };
};
