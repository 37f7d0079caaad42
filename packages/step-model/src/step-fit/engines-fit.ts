import { tQuantile } from '@stepclock/numerics';
import { betasOf } from '@stepclock/step-cost';
import type { StepColumns } from '../step-columns.js';
import type { EnginesLog } from '../step-logs/engine-steps.js';
import { engineSteps } from '../step-logs/engine-steps.js';
import {
  type LogReading,
  type ReadingOptions,
  type ReadingWarning,
  readingOf,
  readingWarnings,
  readSteps,
} from '../step-logs/prepared-steps.js';
import { fitSteps } from './fit-steps.js';
import { StepFitter } from './step-fitter.js';
import type { FitStepsOptions, StepsFit, StepsWarning } from './steps-fit.js';

/** The fit of one engine of a step log. */
export interface EngineFit {
  /** '' where the log names no engine. */
  readonly name: string;
  readonly reading: LogReading;
  readonly fit: StepsFit;
  readonly warnings: readonly (StepsWarning | ReadingWarning)[];
}

/** How unlike the engines of a log are, by what the log's mean step takes on each. */
export interface EnginesSpread {
  /** Of each engine, s, and its standard error; null where its log is too short. */
  readonly stepSec: readonly number[];
  readonly errorSec: readonly (number | null)[];
  /** Standard deviation between engines beyond the errors, s; null where an error is not known. */
  readonly betweenSec: number | null;
}

/** Fits every engine of a step log apart. @throws Fault as `fitSteps`, `timedSteps` */
export class EnginesFitter {
  readonly #engines = new Map<
    string,
    { readonly reading: LogReading; readonly fitter: StepFitter; readonly ranks: number | undefined }
  >();

  /** Whether ranks wait for each other: the first steps tell. */
  #inLockstep: boolean | undefined;

  constructor(private readonly options: FitStepsOptions & ReadingOptions = {}) {}

  /** Takes the next steps of the log: the first of an engine tell how its log must be read. */
  add(log: EnginesLog): void {
    const parts = engineSteps(log, this.#inLockstep);
    this.#inLockstep ??= parts[0]?.ranks !== undefined;
    for (const { name, steps, ranks } of parts) {
      let engine = this.#engines.get(name);
      if (engine === undefined) {
        engine = { reading: readingOf(steps, this.options), fitter: new StepFitter(this.options), ranks };
        this.#engines.set(name, engine);
      }
      engine.fitter.add(readSteps(steps, engine.reading));
    }
  }

  /** Whether a step with work came. */
  get hasSteps(): boolean {
    return [...this.#engines.values()].some(({ fitter }) => fitter.hasSteps);
  }

  /** In the order of the names; engines that did nothing are left out beside others that worked. */
  fits(): readonly EngineFit[] {
    const all = [...this.#engines];
    const busy = all.filter(([, { fitter }]) => fitter.hasSteps);
    return (busy.length > 0 ? busy : all)
      .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
      .map(([name, { reading, fitter, ranks }]) => {
        const fit = fitter.fit();
        return { name, reading, fit, warnings: [...readingWarnings(reading, ranks), ...fit.warnings] };
      });
  }
}

/** What a step of some sums takes by a fit, and the variance of that; null where the fit has none. */
const predicted = ({ betas, intervals, terms }: StepsFit, sums: ReadonlyMap<string, number>) => {
  const at = terms.map(({ label }) => sums.get(label) ?? 0);
  const seconds = terms.reduce((sum, { label }, t) => sum + betas[label] * at[t], 0);
  const variance = intervals?.covariance.reduce(
    (sum, row, i) => sum + row.reduce((part, value, j) => part + value * at[i] * at[j], 0),
    0,
  );
  return { seconds, variance: variance ?? null };
};

/** What the mean step of all engines holds, by term. */
const meanStep = (fits: readonly EngineFit[]): ReadonlyMap<string, number> => {
  const sums = new Map<string, number>();
  let steps = 0;
  for (const { fit } of fits) {
    for (const { terms, sums: of, steps: k } of fit.windows) {
      steps += k;
      for (const [t, { label }] of terms.entries()) sums.set(label, (sums.get(label) ?? 0) + of[t]);
    }
  }
  return new Map([...sums].map(([label, sum]) => [label, sum / steps]));
};

/** Compares engines by the time of one and the same step (moments: DerSimonian and Laird 1986, doi:10.1016/0197-2456(86)90046-2). */
export const enginesSpread = (fits: readonly EngineFit[]): EnginesSpread => {
  const mean = meanStep(fits);
  const each = fits.map(({ fit }) => predicted(fit, mean));
  const stepSec = each.map(({ seconds }) => seconds);
  const errorSec = each.map(({ variance }) => (variance === null ? null : Math.sqrt(Math.max(0, variance))));
  const known = errorSec.flatMap((error) => (error === null || !(error > 0) ? [] : [error]));
  if (known.length < fits.length) return { stepSec, errorSec, betweenSec: null };
  const weights = known.map((error) => 1 / error ** 2);
  const total = weights.reduce((sum, w) => sum + w, 0);
  const pooled = weights.reduce((sum, w, e) => sum + w * stepSec[e], 0) / total;
  const q = weights.reduce((sum, w, e) => sum + w * (stepSec[e] - pooled) ** 2, 0);
  const scale = total - weights.reduce((sum, w) => sum + w * w, 0) / total;
  const between = Math.max(0, (q - (fits.length - 1)) / scale);
  return { stepSec, errorSec, betweenSec: Math.sqrt(between) };
};

/** Coefficients pooled over engines: their mean, each engine by its error and what lies between engines, with an interval for an engine like them. */
export const pooledFit = (
  log: EnginesLog,
  fits: readonly EngineFit[],
  options: FitStepsOptions,
): StepsFit & { readonly engines: number } => {
  const [first, ...others] = fits;
  if (first === undefined || others.length === 0) throw new RangeError('pooling takes two engines or more');
  const shared = first.fit.terms.filter((term) => others.every(({ fit }) => fit.terms.includes(term)));
  const readings = new Map(fits.map(({ name, reading }) => [name, reading]));
  const parts: readonly StepColumns[] = engineSteps(log, false).flatMap(({ name, steps }) => {
    const reading = readings.get(name);
    return reading === undefined ? [] : [readSteps(steps, reading)];
  });
  const { model: _, ...same } = options;
  const alike = parts.map((steps) => fitSteps(steps, { ...same, terms: shared.map(({ name }) => name) }));
  const { betweenSec, errorSec } = enginesSpread(fits);
  const weights = errorSec.map((error) =>
    betweenSec === null || error === null ? 1 : 1 / Math.max(Number.MIN_VALUE, error ** 2 + betweenSec ** 2),
  );
  const total = weights.reduce((sum, w) => sum + w, 0);
  const share = weights.map((w) => w / total);
  const labels = shared.map(({ label }) => label);
  const mean = labels.map((label) => alike.reduce((sum, { betas }, e) => sum + share[e] * betas[label], 0));
  const n = alike.length;
  const spreadShare = share.reduce((sum, w) => sum + w * w, 0);
  const covariance = labels.map((a, i) =>
    labels.map(
      (b, j) =>
        (spreadShare / (n - 1)) *
        alike.reduce((sum, { betas }) => sum + (betas[a] - mean[i]) * (betas[b] - mean[j]), 0),
    ),
  );
  const level = options.level ?? 0.95;
  const factor = tQuantile((1 + level) / 2, n - 1);
  const [one] = alike;
  return {
    ...one,
    engines: n,
    terms: shared,
    betas: betasOf(shared, mean),
    intervals: {
      level,
      blocks: n,
      covariance,
      byLabel: Object.fromEntries(
        shared.map(({ label, sign }, t) => {
          const half = factor * Math.sqrt(covariance[t][t]);
          return [label, [sign === 'free' ? mean[t] - half : Math.max(0, mean[t] - half), mean[t] + half] as const];
        }),
      ),
    },
    windows: [],
    halves: null,
    diagnostics: summedDiagnostics(alike),
    warnings: [],
  };
};

/** Counts and times of all engines; the scatter of steps is the mean one, by steps. */
const summedDiagnostics = (fits: readonly StepsFit[]): StepsFit['diagnostics'] => {
  const sum = (of: (d: StepsFit['diagnostics']) => number): number =>
    fits.reduce((total, { diagnostics }) => total + of(diagnostics), 0);
  const nSteps = sum((d) => d.nSteps);
  const rms = (of: (d: StepsFit['diagnostics']) => number | null): number | null =>
    fits.some(({ diagnostics }) => of(diagnostics) === null)
      ? null
      : Math.sqrt(sum((d) => d.nSteps * (of(d) ?? 0) ** 2) / nSteps);
  const measuredSeconds = sum((d) => d.measuredSeconds);
  return {
    nSteps,
    stalls: sum((d) => d.stalls),
    measuredSeconds,
    fittedSeconds: sum((d) => d.fittedSeconds),
    stallSeconds: sum((d) => d.stallSeconds),
    r2: null,
    rmseSeconds: rms((d) => d.rmseSeconds),
    relativeRmse: rms((d) => d.relativeRmse),
    meanDurationSeconds: measuredSeconds / nSteps,
  };
};
