import { isFault } from '@stepclock/faults';
import { takeRows } from '@stepclock/regression';
import type { PhysicsPredictor } from '../regressors/physics.js';
import { CALIBRATION_METHODS, type CalibrationMethod, calibrateBy, LEAST_SAMPLES, type Samples } from './methods.js';

/** One method's leave-one-out error over the samples. */
export interface MethodTrial {
  readonly method: CalibrationMethod;
  /** Mean |error| / measured, percent; null when it needs more samples than there are. */
  readonly looMapePercent: number | null;
  /** Leave-one-out prediction of each sample; empty when there is none. */
  readonly predicted: Float64Array;
}

export interface MethodChoice {
  readonly method: CalibrationMethod;
  /** In the order of `CALIBRATION_METHODS`. */
  readonly trials: readonly MethodTrial[];
  readonly reason: string;
}

/**
 * A rival must predict the samples this much better than the physics prior to replace it: with a handful of samples smaller differences are luck.
 */
const CLEARLY = 0.5;
/** Leave-one-out over fewer samples compares nothing. */
const LEAST_TO_CHOOSE = 3;

/** Chooses by leave-one-out, in favour of the physics prior where nothing is clearly better. */
export const chooseMethod = (source: PhysicsPredictor, samples: Samples): MethodChoice => {
  const k = samples.target.length;
  const trials = CALIBRATION_METHODS.map((method) => leaveOneOut(method, source, samples));
  if (k < LEAST_TO_CHOOSE) {
    return { method: 'physics-prior', trials, reason: `${k} sample(s) are too few to compare methods` };
  }
  const errorOf = (wanted: CalibrationMethod): number =>
    trials.find(({ method }) => method === wanted)?.looMapePercent ?? Number.POSITIVE_INFINITY;
  const best = trials.reduce((a, b) => ((b.looMapePercent ?? Infinity) < (a.looMapePercent ?? Infinity) ? b : a));
  const prior = errorOf('physics-prior');
  const method = errorOf(best.method) < CLEARLY * prior ? best.method : 'physics-prior';
  const error = errorOf(method).toPrecision(2);
  return {
    method,
    trials,
    reason:
      method === best.method
        ? `smallest leave-one-out error over ${k} samples (${error} %)`
        : `leave-one-out error ${error} % over ${k} samples; ${best.method} has ${errorOf(best.method).toPrecision(2)} %, not clearly less`,
  };
};

const leaveOneOut = (method: CalibrationMethod, source: PhysicsPredictor, samples: Samples): MethodTrial => {
  const k = samples.target.length;
  const none = { method, looMapePercent: null, predicted: new Float64Array(0) };
  if (k - 1 < LEAST_SAMPLES[method]) return none;
  const all = Int32Array.from({ length: k }, (_, i) => i);
  try {
    const predicted = Float64Array.from(all, (left) => {
      const others = all.filter((i) => i !== left);
      const kept = {
        tokens: takeRows(samples.tokens, others),
        target: Float64Array.from(others, (i) => samples.target[i]),
      };
      return calibrateBy(method, source, kept).predict(takeRows(samples.tokens, [left]))[0];
    });
    const error = predicted.reduce((sum, p, i) => sum + Math.abs(p / samples.target[i] - 1), 0) / k;
    return { method, looMapePercent: 100 * error, predicted };
  } catch (error) {
    if (isFault(error, 'regression')) return none;
    throw error;
  }
};
