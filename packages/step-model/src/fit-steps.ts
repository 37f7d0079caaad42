import { isFault } from '@stepclock/faults';
import { dataset, type FeatureTable, featuresOf, leastSquares, nonNegativeLeastSquares } from '@stepclock/regression';

import { fsum } from 'd3-array';
import type { Betas } from './betas-file.js';
import type { StepColumns } from './step-columns.js';
import { StepModelError } from './step-model-error.js';

export interface FitStepsOptions {
  /** `kv` takes the context term, `linear` leaves it out; `auto` (default): `kv` where the log tells the context. */
  readonly model?: 'auto' | 'linear' | 'kv';
  /** Level of the intervals. Default 0.95. */
  readonly level?: number;
}

type Interval = readonly [number, number];

/** Intervals of the coefficients; `covariance` is of (beta0, beta1, beta2[, beta3]). */
export interface StepsIntervals {
  readonly level: number;
  readonly beta0: Interval;
  readonly beta1: Interval;
  readonly beta2: Interval;
  readonly beta3?: Interval;
  readonly covariance: readonly (readonly number[])[];
}

export interface StepsWarning {
  readonly code: 'empty-steps' | 'unidentified-coefficient' | 'not-identifiable' | 'held-at-zero';
  readonly message: string;
}

/** Coefficients fitted to a step log; `betasFileOf` makes a betas file of it. */
export interface StepsFit {
  readonly algo: 'steps';
  readonly model: 'linear' | 'kv';
  readonly betas: Betas;
  /** Null when the log does not tell the coefficients apart, or has no more steps than coefficients. */
  readonly intervals: StepsIntervals | null;
  readonly identifiability: {
    /** Of the weighted design with columns of length 1; null when the coefficients cannot be told apart. */
    readonly conditionNumber: number | null;
    readonly compositions: {
      readonly prefillTokens: Interval;
      readonly decodeSeqs: Interval;
      readonly contextTokens?: Interval;
    };
  };
  readonly diagnostics: {
    /** Steps with work in them. */
    readonly nSteps: number;
    /** Null where all steps took the same time. */
    readonly r2: number | null;
    readonly rmseSeconds: number;
    /** Root mean square of measured / fitted - 1: the relative scatter of a step. */
    readonly relativeRmse: number;
    readonly meanDurationSeconds: number;
  };
  readonly warnings: readonly StepsWarning[];
}

const NAMES = ['beta0', 'beta1', 'beta2', 'beta3'] as const;
type BetaName = (typeof NAMES)[number];

/** The design matrix: the columns that are not zero throughout, by coefficient. */
interface StepsDesign {
  readonly kv: boolean;
  readonly durationSec: Float64Array;
  readonly columns: ReadonlyMap<BetaName, Float64Array>;
  readonly features: FeatureTable;
  readonly warnings: StepsWarning[];
}

const rangeOf = (column: Float64Array): Interval => [
  column.reduce((least, v) => Math.min(least, v), Infinity),
  column.reduce((most, v) => Math.max(most, v), -Infinity),
];

/** Rows with work in them; an engine may log iterations in which it did nothing. */
const workingRows = (steps: StepColumns): Uint32Array => {
  const rows = Uint32Array.from({ length: steps.length }, (_, i) => i).filter(
    (i) => steps.prefillTokens[i] + steps.decodeTokens[i] > 0,
  );
  if (rows.length === 0) {
    const rule = 'must have a step that processes tokens';
    throw new StepModelError('step-model/no-steps', { what: 'step log', rule, value: `${steps.length} steps` });
  }
  for (const i of rows) {
    const sec = steps.durationSec[i];
    if (!(sec > 0 && sec < Infinity)) {
      const rule = 'must be a number of seconds above 0';
      throw new StepModelError('step-model/bad-step', { what: `duration of step ${i}`, rule, value: sec });
    }
  }
  return rows;
};

const designOf = (steps: StepColumns, model: FitStepsOptions['model']): StepsDesign => {
  const { contextTokens } = steps;
  if (model === 'kv' && contextTokens === undefined) {
    const rule = 'must be linear for a step log that does not tell the context';
    throw new StepModelError('step-model/no-context', { what: 'model', rule, value: model });
  }
  const rows = workingRows(steps);
  const taken = (column: Float64Array) => Float64Array.from(rows, (i) => column[i]);
  const kv = model !== 'linear' && contextTokens !== undefined;
  const all: [BetaName, Float64Array][] = [
    ['beta0', new Float64Array(rows.length).fill(1)],
    ['beta1', taken(steps.prefillTokens)],
    ['beta2', taken(steps.decodeTokens)],
  ];
  if (kv) all.push(['beta3', taken(contextTokens)]);
  const columns = new Map(all.filter(([, column]) => column.some((v) => v !== 0)));
  const warnings: StepsWarning[] = [];
  const empty = steps.length - rows.length;
  if (empty > 0) warnings.push({ code: 'empty-steps', message: `${empty} steps without tokens are left out.` });
  for (const [name] of all) {
    if (columns.has(name)) continue;
    const message = `${name} cannot be told: its tokens are zero in every step. It is set to 0.`;
    warnings.push({ code: 'unidentified-coefficient', message });
  }
  return {
    kv,
    durationSec: taken(steps.durationSec),
    columns,
    features: featuresOf(Object.fromEntries(columns)),
    warnings,
  };
};

const betasBy = (of: (name: BetaName) => number, kv: boolean): Betas => ({
  beta0: of('beta0'),
  beta1: of('beta1'),
  beta2: of('beta2'),
  ...(kv && { beta3: of('beta3') }),
});

const nonNegative = ({ features, durationSec }: StepsDesign, weights?: Float64Array): Float64Array =>
  nonNegativeLeastSquares(dataset(features, durationSec, weights), { intercept: 'none' }).model.coefficients;

const fittedSec = ({ durationSec, columns }: StepsDesign, coefficients: Float64Array): Float64Array => {
  const sums = new Float64Array(durationSec.length);
  let j = 0;
  for (const column of columns.values()) {
    const beta = coefficients[j++];
    for (let i = 0; i < sums.length; i++) sums[i] = sums[i] + beta * column[i];
  }
  return sums;
};

/** Intervals and condition number of the weighted least squares; adds a warning where the columns depend on each other. */
const inferenceOf = (
  { features, durationSec, columns, kv, warnings }: StepsDesign,
  weights: Float64Array,
  level: number,
): { intervals: StepsIntervals | null; conditionNumber: number | null } => {
  const used = [...columns.keys()];
  // As many steps as coefficients leave nothing to estimate errors from.
  if (durationSec.length <= used.length) return { intervals: null, conditionNumber: null };
  try {
    const fit = leastSquares(dataset(features, durationSec, weights), { intercept: false, level });
    const { inference } = fit.model;
    const conditionNumber = fit.conditionNumber.scaled;
    if (inference === undefined) return { intervals: null, conditionNumber };
    const covariance = (a: BetaName, b: BetaName): number => {
      const g = inference.factor[used.indexOf(a)];
      const h = inference.factor[used.indexOf(b)];
      return g && h ? inference.sigma ** 2 * g.reduce((sum, value, k) => sum + value * h[k], 0) : 0;
    };
    const interval = (name: BetaName): Interval => {
      const [low, high] = fit.coefficients[used.indexOf(name)]?.interval ?? [0, 0];
      return [Math.max(0, low), Math.max(0, high)];
    };
    const all = NAMES.slice(0, kv ? 4 : 3);
    const intervals = {
      level,
      beta0: interval('beta0'),
      beta1: interval('beta1'),
      beta2: interval('beta2'),
      ...(kv && { beta3: interval('beta3') }),
      covariance: all.map((a) => all.map((b) => covariance(a, b))),
    };
    return { intervals, conditionNumber };
  } catch (error) {
    if (!isFault(error, 'regression') || error.code !== 'regression/rank-deficient') throw error;
    const message = `The step log does not tell the coefficients apart (${error.message}). The fitted durations stand, the single coefficients do not.`;
    warnings.push({ code: 'not-identifiable', message });
    return { intervals: null, conditionNumber: null };
  }
};

const diagnosticsOf = (durationSec: Float64Array, fitted: Float64Array): StepsFit['diagnostics'] => {
  const n = durationSec.length;
  const mean = fsum(durationSec) / n;
  const residual = fsum(durationSec.map((sec, i) => (sec - fitted[i]) ** 2));
  const total = fsum(durationSec.map((sec) => (sec - mean) ** 2));
  return {
    nSteps: n,
    r2: total > 0 ? 1 - residual / total : null,
    rmseSeconds: Math.sqrt(residual / n),
    relativeRmse: Math.sqrt(fsum(durationSec.map((sec, i) => (sec / fitted[i] - 1) ** 2)) / n),
    meanDurationSeconds: mean,
  };
};

/**
 * Fits the step model straight to a step log: non-negative least squares, weighted by the inverse square of the fitted
 * duration (a step scatters in proportion to its length), with the intervals of the weighted least squares.
 *
 * @param steps an engine's step log, or the true one of a simulation; seconds and tokens
 * @throws StepModelError `step-model/no-steps`, `step-model/bad-step`, `step-model/no-context`
 */
export const fitSteps = (steps: StepColumns, { model = 'auto', level = 0.95 }: FitStepsOptions = {}): StepsFit => {
  const design = designOf(steps, model);
  const { durationSec, columns, kv, warnings } = design;
  // Once unweighted, for the fitted durations; then weighted by them.
  const rough = fittedSec(design, nonNegative(design));
  const weights = rough.map((sec, i) => 1 / (sec > 0 ? sec : durationSec[i]) ** 2);
  const coefficients = nonNegative(design, weights);
  const used = [...columns.keys()];
  const { intervals, conditionNumber } = inferenceOf(design, weights, level);
  for (const [j, name] of used.entries()) {
    if (coefficients[j] !== 0) continue;
    warnings.push({ code: 'held-at-zero', message: `${name} is held at 0; without the bound it would be negative.` });
  }
  return {
    algo: 'steps',
    model: kv ? 'kv' : 'linear',
    betas: betasBy((name) => coefficients[used.indexOf(name)] ?? 0, kv),
    intervals,
    identifiability: {
      conditionNumber,
      compositions: {
        prefillTokens: rangeOf(steps.prefillTokens),
        decodeSeqs: rangeOf(steps.decodeTokens),
        ...(steps.contextTokens && { contextTokens: rangeOf(steps.contextTokens) }),
      },
    },
    diagnostics: diagnosticsOf(durationSec, fittedSec(design, coefficients)),
    warnings,
  };
};
