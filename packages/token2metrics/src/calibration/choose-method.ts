import { takeRows } from '@stepclock/regression';
import { cannotBeFitted } from '../regressors/cannot-be-fitted.js';
import type { Predictor } from '../regressors/predictor.js';
import { countSettings, foldsOf, settingsOf } from '../table/settings.js';
import { type CalibrationMethod, calibrateBy, LEAST_SETTINGS, methodsFor, PLAIN, type Samples } from './methods.js';

/** One method's error over the samples, each predicted without the samples of its setting. */
interface MethodTrial {
  readonly method: CalibrationMethod;
  /** Mean |error| / measured, percent; null when it needs more settings than there are. */
  readonly heldOutMapePercent: number | null;
  /** Prediction of each sample without its setting; empty when there is none. */
  readonly predicted: Float64Array;
}

export interface MethodChoice {
  readonly method: CalibrationMethod;
  /** Different settings among the samples. */
  readonly settings: number;
  /** One a method that the source allows. */
  readonly trials: readonly MethodTrial[];
  readonly reason: string;
}

/** A rival must predict the samples this much better than the default to replace it: with a handful of samples smaller differences are luck. */
const CLEARLY = 0.5;
/** Leaving out one of fewer settings compares nothing. */
const LEAST_TO_CHOOSE = 3;
/** With fewer, only the plain ratio rivals the default: the best of six by a handful of errors is luck, and its error flatters. */
const LEAST_FOR_ALL = 8;
/** With more settings than this, that many folds of settings are left out. */
const MOST_FOLDS = 20;

/** Chooses by leaving settings out, in favour of the physics prior (the median ratio where the source has no physics) if nothing is clearly better. */
export const chooseMethod = (source: Predictor, samples: Samples): MethodChoice => {
  const setting = settingsOf(samples.tokens);
  const settings = countSettings(setting);
  const methods = methodsFor(source);
  const trials = methods.map((method) => trialOf(method, source, samples, setting, settings));
  const [usual = PLAIN] = methods;
  if (settings < LEAST_TO_CHOOSE) {
    return { method: usual, settings, trials, reason: `${settings} setting(s) are too few to compare methods` };
  }
  const errorOf = (wanted: CalibrationMethod): number =>
    trials.find(({ method }) => method === wanted)?.heldOutMapePercent ?? Number.POSITIVE_INFINITY;
  const rivals = settings < LEAST_FOR_ALL ? methods.filter((method) => method === usual || method === PLAIN) : methods;
  const best = rivals.reduce((a, b) => (errorOf(b) < errorOf(a) ? b : a));
  const method = errorOf(best) < CLEARLY * errorOf(usual) ? best : usual;
  const error = errorOf(method).toPrecision(2);
  return {
    method,
    settings,
    trials,
    reason:
      method === best
        ? `smallest error over ${settings} settings left out (${error} %)`
        : `error ${error} % over ${settings} settings left out; ${best} has ${errorOf(best).toPrecision(2)} %, not clearly less`,
  };
};

const trialOf = (
  method: CalibrationMethod,
  source: Predictor,
  samples: Samples,
  setting: Int32Array,
  settings: number,
): MethodTrial => {
  const none = { method, heldOutMapePercent: null, predicted: new Float64Array(0) };
  if (settings - 1 < LEAST_SETTINGS[method]) return none;
  const folds = foldsOf(setting, 0, MOST_FOLDS);
  const all = Int32Array.from(folds.keys());
  const predicted = new Float64Array(all.length);
  try {
    for (let fold = 0; fold <= Math.max(...folds); fold++) {
      const [left, kept] = [all.filter((i) => folds[i] === fold), all.filter((i) => folds[i] !== fold)];
      const predictor = calibrateBy(method, source, {
        metric: samples.metric,
        tokens: takeRows(samples.tokens, kept),
        target: Float64Array.from(kept, (i) => samples.target[i]),
      });
      predictor.predict(takeRows(samples.tokens, left)).forEach((value, k) => {
        predicted[left[k]] = value;
      });
    }
  } catch (error) {
    if (cannotBeFitted(error)) return none;
    throw error;
  }
  const sum = predicted.reduce((total, p, i) => total + Math.abs(p / samples.target[i] - 1), 0);
  return { method, heldOutMapePercent: (100 * sum) / all.length, predicted };
};
