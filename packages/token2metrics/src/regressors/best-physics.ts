import { fitPhysics } from './fit-physics.js';
import { DEFAULT_PADDING } from './physics.js';
import { fitPowerRamp } from './power-ramp.js';
import type { Predictor } from './predictor.js';
import type { RegressorOptions, TrainingRows } from './regressor.js';

/** The form that explains the rows better at equal complexity (AIC, Akaike 1974): the five terms, or the climb of the power. */
export const bestPhysics = (
  { metric, tokens, target, durationSec }: TrainingRows,
  { padding = DEFAULT_PADDING }: RegressorOptions,
): Predictor => {
  const terms = fitPhysics(tokens, target, padding, metric);
  if (!durationSec || (metric !== 'energy' && metric !== 'power')) return terms;
  const ramp = fitPowerRamp(metric, tokens, durationSec, target, padding);
  if (!ramp) return terms;
  // The likelihood of Laplace, whose scale is the mean |error|: one stall does not decide between the forms.
  const aic = (predicted: Float64Array, parameters: number): number => {
    const sum = predicted.reduce((total, value, i) => total + Math.abs(value / target[i] - 1), 0);
    return 2 * target.length * Math.log(sum) + 2 * parameters;
  };
  // The ramp is judged by what it predicts from tokens, through its predicted duration.
  const termCount = terms.coefficients.length - (terms.dropped?.length ?? 0);
  const better = aic(ramp.predictor.predict(tokens), ramp.parameters) < aic(terms.predict(tokens), termCount);
  return better ? ramp.predictor : terms;
};
