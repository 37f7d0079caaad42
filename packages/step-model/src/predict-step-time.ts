import type { Betas } from '@stepclock/step-cost';
import type { BetasFile, IdentifiabilityJson, IntervalsJson } from './betas-file.js';
import { StepModelError } from './step-model-error.js';

/** What one step processes. */
export interface StepComposition {
  readonly prefillTokens: number;
  /** Decoding requests, one token each. */
  readonly decodeSeqs: number;
  /** Tokens of KV cache that the decodes read, all together; without effect on a model without beta3. */
  readonly contextTokens: number;
}

/** A part of a composition outside of what the fit has seen. */
export interface Extrapolation {
  readonly quantity: keyof StepComposition;
  readonly value: number;
  /** Smallest and largest that the fit has seen. */
  readonly seen: readonly [number, number];
}

/** The predicted duration of a step. */
export interface StepTimePrediction {
  readonly durationSec: number;
  /** Of the expected duration, at `level`; steps scatter around it by their own noise. Null where the model has no intervals. */
  readonly intervalSec: readonly [number, number] | null;
  readonly level: number | null;
  /**
   * `covariance`: from the coefficients' joint uncertainty. `bounds`: from their single intervals, as if all erred the same
   * way: wider than need be.
   */
  readonly intervalFrom: 'covariance' | 'bounds' | null;
  readonly extrapolation: readonly Extrapolation[];
  /** Quantities that the fit gave no range for, so that nothing is known about extrapolation. */
  readonly rangeUnknown: readonly (keyof StepComposition)[];
}

const NAMES = ['beta0', 'beta1', 'beta2', 'beta3'] as const;

/** The step model: `beta0 + beta1 p + beta2 d + beta3 c`, s. */
export const stepTimeSec = (betas: Betas, { prefillTokens, decodeSeqs, contextTokens }: StepComposition): number =>
  betas.beta0 + betas.beta1 * prefillTokens + betas.beta2 * decodeSeqs + (betas.beta3 ?? 0) * contextTokens;

/** sqrt(x' C x), the standard error of the prediction. */
const standardError = (covariance: readonly (readonly number[])[], x: readonly number[]): number => {
  let sum = 0;
  for (const [i, row] of covariance.entries()) for (const [j, c] of row.entries()) sum += c * (x[i] ?? 0) * (x[j] ?? 0);
  return Math.sqrt(Math.max(sum, 0));
};

/** How many standard errors the file's own intervals reach: its level and its degrees of freedom in one number. */
const reachOf = (intervals: IntervalsJson, covariance: readonly (readonly number[])[]): number => {
  let reach = 0;
  for (const [i, name] of NAMES.entries()) {
    const interval = intervals[name];
    const error = Math.sqrt(covariance[i]?.[i] ?? 0);
    if (interval !== undefined && error > 0) reach = Math.max(reach, (interval[1] - interval[0]) / 2 / error);
  }
  return reach;
};

const intervalOf = (
  intervals: IntervalsJson,
  x: readonly number[],
  durationSec: number,
): Pick<StepTimePrediction, 'intervalSec' | 'intervalFrom'> => {
  const { covariance } = intervals;
  if (covariance !== undefined) {
    const half = reachOf(intervals, covariance) * standardError(covariance, x);
    return { intervalSec: [Math.max(0, durationSec - half), durationSec + half], intervalFrom: 'covariance' };
  }
  const bound = (side: 0 | 1) => NAMES.reduce((sum, name, i) => sum + (intervals[name]?.[side] ?? 0) * (x[i] ?? 0), 0);
  return { intervalSec: [bound(0), bound(1)], intervalFrom: 'bounds' };
};

const extrapolationOf = (
  composition: StepComposition,
  compositions: IdentifiabilityJson['compositions'] = {},
  hasContext: boolean,
): Pick<StepTimePrediction, 'extrapolation' | 'rangeUnknown'> => {
  const seenOf = {
    prefillTokens: compositions.prefill_tokens,
    decodeSeqs: compositions.decode_seqs,
    contextTokens: compositions.context_tokens,
  };
  const extrapolation: Extrapolation[] = [];
  const rangeUnknown: (keyof StepComposition)[] = [];
  for (const quantity of ['prefillTokens', 'decodeSeqs', 'contextTokens'] as const) {
    if (quantity === 'contextTokens' && !hasContext) continue;
    const seen = seenOf[quantity];
    const value = composition[quantity];
    if (seen === undefined) rangeUnknown.push(quantity);
    else if (!(value >= seen[0] && value <= seen[1])) extrapolation.push({ quantity, value, seen });
  }
  return { extrapolation, rangeUnknown };
};

/**
 * How long a step of this composition takes, by a fitted model, with its interval, and what of it lies outside of what the fit has seen.
 *
 * @throws StepModelError `step-model/bad-composition` when a quantity is negative or not finite
 *
 * @example
 * predictStepTime(file, { prefillTokens: 512, decodeSeqs: 32, contextTokens: 20_000 }).durationSec // => 0.0241
 */
export const predictStepTime = (
  model: Pick<BetasFile, 'betas' | 'intervals' | 'identifiability'>,
  composition: StepComposition,
): StepTimePrediction => {
  for (const [name, value] of Object.entries(composition)) {
    if (!(value >= 0 && value < Infinity)) {
      throw new StepModelError('step-model/bad-composition', { what: name, rule: 'must be a number >= 0', value });
    }
  }
  const { betas, intervals, identifiability } = model;
  const durationSec = stepTimeSec(betas, composition);
  const x = [1, composition.prefillTokens, composition.decodeSeqs, composition.contextTokens];
  return {
    durationSec,
    level: intervals?.level ?? null,
    ...(intervals ? intervalOf(intervals, x, durationSec) : { intervalSec: null, intervalFrom: null }),
    ...extrapolationOf(composition, identifiability?.compositions, betas.beta3 !== undefined),
  };
};
