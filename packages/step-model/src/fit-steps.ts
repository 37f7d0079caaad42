import {
  dataset,
  featuresOf,
  type LeastSquaresFit,
  leastSquares,
  nonNegativeLeastSquares,
  RankDeficientError,
} from '@stepclock/regression';
import { fsum } from 'd3-array';
import type { Betas } from './betas-file.js';
import { type StepComposition, stepTimeSec } from './predict-step-time.js';
import { StepModelError } from './step-model-error.js';

/** A step log: what an engine says of each of its steps, or the true log of a simulated one. Columns of equal length. */
export interface StepColumns {
  readonly length: number;
  readonly durationSec: Float64Array;
  readonly prefillTokens: Float64Array;
  readonly decodeTokens: Float64Array;
  /** Tokens of KV cache that the decodes read; vLLM's iteration lines do not tell. */
  readonly contextTokens?: Float64Array;
}

export interface FitStepsOptions {
  /** `kv` takes the context term, `linear` leaves it out; `auto` (default): `kv` where the log tells the context. */
  readonly model?: 'auto' | 'linear' | 'kv';
  /** Level of the intervals. Default 0.95. */
  readonly level?: number;
}

type Interval = readonly [number, number];

/** Coefficients fitted to a step log; `betasFileOf` makes a betas file of it. */
export interface StepsFit {
  readonly algo: 'steps';
  readonly model: 'linear' | 'kv';
  readonly betas: Betas;
  /** Absent when the log does not tell the coefficients apart. */
  readonly intervals?: {
    readonly level: number;
    readonly beta0: Interval;
    readonly beta1: Interval;
    readonly beta2: Interval;
    readonly beta3?: Interval;
    readonly covariance: readonly (readonly number[])[];
  };
  readonly identifiability: {
    /** Of the design with columns scaled to length 1; null when the coefficients cannot be told apart. */
    readonly conditionNumber: number | null;
    readonly compositions: {
      readonly prefillTokens: Interval;
      readonly decodeSeqs: Interval;
      readonly contextTokens?: Interval;
    };
  };
  readonly diagnostics: {
    readonly nSteps: number;
    readonly r2: number | null;
    readonly rmseSeconds: number;
    /** Root mean square of residual / fitted: the relative scatter of a step. */
    readonly relativeRmse: number;
    readonly meanDurationSeconds: number;
  };
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

const rangeOf = (column: Float64Array): Interval => [
  column.reduce((least, v) => Math.min(least, v), Infinity),
  column.reduce((most, v) => Math.max(most, v), -Infinity),
];

const checked = (steps: StepColumns): void => {
  if (!(steps.length >= 1)) {
    throw new StepModelError('step-model/no-steps', {
      what: 'step log',
      rule: 'must have a step',
      value: steps.length,
    });
  }
  const { durationSec } = steps;
  for (let i = 0; i < durationSec.length; i++) {
    const sec = durationSec[i] as number;
    if (!(sec > 0 && sec < Infinity)) {
      throw new StepModelError('step-model/bad-step', {
        what: `duration of step ${i}`,
        rule: 'must be a number of seconds above 0',
        value: sec,
      });
    }
  }
};

/** Names of the design's columns by coefficient. */
const COLUMNS = { beta0: 'steps', beta1: 'prefill_tokens', beta2: 'decode_tokens', beta3: 'context_tokens' } as const;
type BetaName = keyof typeof COLUMNS;

const betasFrom = (values: Partial<Record<BetaName, number>>, kv: boolean): Betas => {
  const { beta0 = 0, beta1 = 0, beta2 = 0, beta3 = 0 } = values;
  return kv ? { beta0, beta1, beta2, beta3 } : { beta0, beta1, beta2 };
};

/** Covariance in the order of all coefficients; those that were left out have none. */
const covarianceOf = (fit: LeastSquaresFit, used: readonly BetaName[], all: readonly BetaName[]): number[][] => {
  const inference = fit.model.inference;
  return all.map((a) =>
    all.map((b) => {
      const g = inference?.factor[used.indexOf(a)];
      const h = inference?.factor[used.indexOf(b)];
      if (inference === undefined || g === undefined || h === undefined) return 0;
      return inference.sigma ** 2 * g.reduce((sum, value, k) => sum + value * (h[k] as number), 0);
    }),
  );
};

/**
 * Fits the step model straight to a step log: non-negative least squares, weighted by the inverse square of the fitted
 * duration (a step's scatter grows with its length), with the intervals of the weighted least squares.
 *
 * A column that is zero throughout (a log without prefills, say) is left out with a warning, and so are intervals where
 * the log does not tell the coefficients apart.
 *
 * @throws StepModelError `step-model/no-steps`, `step-model/bad-step`, `step-model/no-context`
 */
export const fitSteps = (steps: StepColumns, options: FitStepsOptions = {}): StepsFit => {
  checked(steps);
  const { model = 'auto', level = 0.95 } = options;
  const { contextTokens, durationSec } = steps;
  if (model === 'kv' && contextTokens === undefined) {
    throw new StepModelError('step-model/no-context', {
      what: 'model',
      rule: "must be 'linear' for a step log that does not tell the context",
      value: model,
    });
  }
  const kv = model !== 'linear' && contextTokens !== undefined;
  const warnings: StepsFit['warnings'][number][] = [];
  const columnOf: Record<BetaName, Float64Array | undefined> = {
    beta0: new Float64Array(steps.length).fill(1),
    beta1: steps.prefillTokens,
    beta2: steps.decodeTokens,
    beta3: kv ? contextTokens : undefined,
  };
  const all = (Object.keys(COLUMNS) as BetaName[]).filter((name) => columnOf[name] !== undefined);
  const used = all.filter((name) => columnOf[name]?.some((v) => v !== 0));
  for (const name of all) {
    if (!used.includes(name)) {
      warnings.push({
        code: 'unidentified-coefficient',
        message: `${name} cannot be told: ${COLUMNS[name]} is zero in every step. It is set to 0.`,
      });
    }
  }
  const features = featuresOf(Object.fromEntries(used.map((name) => [COLUMNS[name], columnOf[name] as Float64Array])));
  const fitWith = (weights: Float64Array | undefined) =>
    nonNegativeLeastSquares(dataset(features, durationSec, weights), { intercept: 'none' }).model;
  const fittedBy = (coefficients: ArrayLike<number>) =>
    Float64Array.from(durationSec, (_, i) =>
      used.reduce((sum, name, j) => sum + (coefficients[j] as number) * (columnOf[name]?.[i] as number), 0),
    );
  // Once unweighted for the fitted durations, then weighted by them.
  const first = fittedBy(fitWith(undefined).coefficients);
  const weights = first.map((sec, i) => 1 / (sec > 0 ? sec : (durationSec[i] as number)) ** 2);
  const coefficients = fitWith(weights).coefficients;
  const values = Object.fromEntries(used.map((name, j) => [name, coefficients[j] as number]));
  const betas = betasFrom(values, kv);

  let intervals: StepsFit['intervals'];
  let conditionNumber: number | null = null;
  try {
    const fit = leastSquares(dataset(features, durationSec, weights), { intercept: false, level });
    conditionNumber = fit.conditionNumber.scaled;
    const intervalOf = (name: BetaName): Interval => {
      const [low, high] = fit.coefficients[used.indexOf(name)]?.interval ?? [0, 0];
      return [Math.max(0, low), Math.max(0, high)];
    };
    if (fit.model.inference !== undefined) {
      intervals = {
        level,
        beta0: intervalOf('beta0'),
        beta1: intervalOf('beta1'),
        beta2: intervalOf('beta2'),
        ...(kv && { beta3: intervalOf('beta3') }),
        covariance: covarianceOf(fit, used, all),
      };
    }
  } catch (error) {
    if (!(error instanceof RankDeficientError)) throw error;
    warnings.push({
      code: 'not-identifiable',
      message: `The step log does not tell these coefficients apart: ${error.message}. The fitted durations stand, the single coefficients do not.`,
    });
  }
  for (const name of used) {
    if (values[name] === 0) {
      warnings.push({ code: 'held-at-zero', message: `${name} is held at 0; without the bound it would be negative.` });
    }
  }
  const fitted = fittedBy(coefficients);
  const meanDuration = fsum(durationSec) / steps.length;
  const residualSquares = fsum(durationSec.map((sec, i) => (sec - (fitted[i] as number)) ** 2));
  const totalSquares = fsum(durationSec.map((sec) => (sec - meanDuration) ** 2));
  return {
    algo: 'steps',
    model: kv ? 'kv' : 'linear',
    betas,
    ...(intervals && { intervals }),
    identifiability: {
      conditionNumber,
      compositions: {
        prefillTokens: rangeOf(steps.prefillTokens),
        decodeSeqs: rangeOf(steps.decodeTokens),
        ...(contextTokens && { contextTokens: rangeOf(contextTokens) }),
      },
    },
    diagnostics: {
      nSteps: steps.length,
      r2: totalSquares > 0 ? 1 - residualSquares / totalSquares : null,
      rmseSeconds: Math.sqrt(residualSquares / steps.length),
      relativeRmse: Math.sqrt(fsum(durationSec.map((sec, i) => (sec / (fitted[i] as number) - 1) ** 2)) / steps.length),
      meanDurationSeconds: meanDuration,
    },
    warnings,
  };
};

/** One coefficient of an estimate beside that of a reference. `error` is (estimate - reference) / reference; null at reference 0. */
export interface ComparedCoefficient {
  readonly coefficient: BetaName;
  readonly estimate: number;
  readonly reference: number;
  readonly error: number | null;
  /** Whether the estimate lies in the reference's interval; null where that has none. */
  readonly inInterval: boolean | null;
}

/** How an estimate from a trace does against the step log of the same run. */
export interface StepsComparison {
  readonly coefficients: readonly ComparedCoefficient[];
  /** Of the estimate's predicted durations of the log's steps: mean of |predicted - measured| / measured. */
  readonly meanAbsoluteError: number;
  /** (sum of predicted - sum of measured) / sum of measured: over the whole run. */
  readonly totalTimeError: number;
}

/**
 * Compares coefficients (from a betas file, say) with those fitted to a step log, and with its steps.
 * The context of a step counts for an estimate with beta3 only where the log tells it.
 */
export const compareWithSteps = (estimate: Betas, fit: StepsFit, steps: StepColumns): StepsComparison => {
  const names = (Object.keys(COLUMNS) as BetaName[]).filter(
    (name) => (estimate[name] ?? fit.betas[name]) !== undefined,
  );
  const coefficients = names.map((coefficient) => {
    const e = estimate[coefficient] ?? 0;
    const reference = fit.betas[coefficient] ?? 0;
    const interval = fit.intervals?.[coefficient];
    return {
      coefficient,
      estimate: e,
      reference,
      error: reference === 0 ? null : (e - reference) / reference,
      inInterval: interval === undefined ? null : e >= interval[0] && e <= interval[1],
    };
  });
  const compositionOf = (i: number): StepComposition => ({
    prefillTokens: steps.prefillTokens[i] as number,
    decodeSeqs: steps.decodeTokens[i] as number,
    contextTokens: steps.contextTokens?.[i] ?? 0,
  });
  const predicted = Float64Array.from(steps.durationSec, (_, i) => stepTimeSec(estimate, compositionOf(i)));
  const measured = fsum(steps.durationSec);
  return {
    coefficients,
    meanAbsoluteError:
      fsum(steps.durationSec.map((sec, i) => Math.abs((predicted[i] as number) / sec - 1))) / steps.length,
    totalTimeError: (fsum(predicted) - measured) / measured,
  };
};
