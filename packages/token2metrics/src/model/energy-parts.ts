import { type PowerRampPredictor, rampEnergy } from '../regressors/power-ramp.js';
import type { Predictor } from '../regressors/predictor.js';
import type { DeviceModel } from './device-model.js';
import type { DevicePrediction } from './predict.js';

/** Energy of one request a row, taken apart. J. */
export interface EnergyParts {
  readonly prefillJ: Float64Array;
  readonly decodeJ: Float64Array;
  /** Joules per output token, over the whole run. */
  readonly perTokenJ: Float64Array;
  readonly tokensPerJ: Float64Array;
  /** `ramp`: the power's climb integrated over the prefill. `time`: energy shared in proportion to time, as if the power were constant. */
  readonly split: 'ramp' | 'time';
}

const isRamp = (predictor: Predictor | undefined): predictor is PowerRampPredictor => predictor?.form === 'power-ramp';

/** Undefined unless energy, time to first token and total latency were all predicted. */
export const energyParts = (
  model: DeviceModel,
  prediction: DevicePrediction,
  outputTokens: ArrayLike<number>,
): EnergyParts | undefined => {
  const { energy, ttft, total } = prediction;
  if (!energy || !ttft || !total) return undefined;
  const predictor = model.metrics.energy?.predictor;
  const fitted = isRamp(predictor) ? { ...predictor.ramp, offsetJ: 0 } : undefined;
  // A ramp that starts below zero watts fits its runs, but says nothing about their first moments.
  const ramp = fitted && fitted.plateauW > fitted.dropW ? fitted : undefined;
  const share = (i: number): number => {
    const [prefill, whole] = [ttft.value[i], total.value[i]];
    if (!ramp) return Math.min(1, prefill / whole);
    return Math.min(1, Math.max(0, rampEnergy(ramp, prefill) / rampEnergy(ramp, whole)));
  };
  const prefillJ = energy.value.map((joules, i) => joules * share(i));
  return {
    prefillJ,
    decodeJ: energy.value.map((joules, i) => joules - prefillJ[i]),
    perTokenJ: energy.value.map((joules, i) => joules / outputTokens[i]),
    tokensPerJ: energy.value.map((joules, i) => outputTokens[i] / joules),
    split: ramp ? 'ramp' : 'time',
  };
};
