import type { FeatureTable } from '@stepclock/regression';
import type { Predictor } from '../regressors/predictor.js';
import { inputOf, outputOf } from '../regressors/tokens.js';

/** How a source's prediction s becomes the target's. */
export type Scaling =
  | { readonly kind: 'ratio'; readonly factor: number }
  | { readonly kind: 'affine'; readonly offset: number; readonly factor: number }
  /** `s exp(c0 + c1 (log(O + 1) - muO) + c2 (log(I + 1) - muI))`. */
  | {
      readonly kind: 'log-ridge';
      readonly coefficients: readonly [number, number, number];
      readonly centre: readonly [number, number];
    };

export interface ScaledPredictor extends Predictor<'scaled'> {
  readonly scaling: Scaling;
  readonly source: Predictor;
}

export const scaledPredictor = (source: Predictor, scaling: Scaling): ScaledPredictor => ({
  form: 'scaled',
  featureNames: source.featureNames,
  scaling,
  source,
  predict: (tokens) => {
    const factors = factorsOf(scaling, tokens);
    const offset = scaling.kind === 'affine' ? scaling.offset : 0;
    return source.predict(tokens).map((s, i) => offset + factors[i] * s);
  },
  spread: (from, to) => {
    const spread = source.spread(from, to);
    const factors = factorsOf(scaling, to);
    return spread && { df: spread.df, sd: spread.sd.map((sd, i) => Math.abs(factors[i]) * sd) };
  },
  toJSON: () => ({ form: 'scaled', scaling, source: source.toJSON() }),
});

/** What the source's prediction of each row is multiplied by. */
const factorsOf = (scaling: Scaling, tokens: FeatureTable): Float64Array => {
  if (scaling.kind !== 'log-ridge') return new Float64Array(tokens.length).fill(scaling.factor);
  const [c0, c1, c2] = scaling.coefficients;
  const [output, input] = logTokens(tokens);
  return output.map((o, i) => Math.exp(c0 + c1 * (o - scaling.centre[0]) + c2 * (input[i] - scaling.centre[1])));
};

/** `log(O + 1)` and `log(I + 1)`; 0 where a count is not known. */
export const logTokens = (tokens: FeatureTable): readonly [Float64Array, Float64Array] => {
  const logOf = (counts: Float64Array | undefined) => (counts ?? new Float64Array(tokens.length)).map(Math.log1p);
  return [logOf(outputOf(tokens)), logOf(inputOf(tokens))];
};
