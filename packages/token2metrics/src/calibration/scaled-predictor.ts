import type { FeatureTable, JsonReader } from '@stepclock/regression';
import { type PhysicsPredictor, physicsFromJSON } from '../regressors/physics.js';
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
  readonly source: PhysicsPredictor;
}

export const scaledPredictor = (source: PhysicsPredictor, scaling: Scaling): ScaledPredictor => ({
  form: 'scaled',
  scaling,
  source,
  predict: (tokens) => applyScaling(scaling, source.predict(tokens), tokens),
  toJSON: () => ({ form: 'scaled', scaling, source: source.toJSON() }),
});

const applyScaling = (scaling: Scaling, source: Float64Array, tokens: FeatureTable): Float64Array => {
  switch (scaling.kind) {
    case 'ratio':
      return source.map((s) => scaling.factor * s);
    case 'affine':
      return source.map((s) => scaling.offset + scaling.factor * s);
    case 'log-ridge': {
      const { coefficients, centre } = scaling;
      const [output, input] = logTokens(tokens);
      return source.map(
        (s, i) =>
          s *
          Math.exp(
            coefficients[0] + coefficients[1] * (output[i] - centre[0]) + coefficients[2] * (input[i] - centre[1]),
          ),
      );
    }
  }
};

/** `log(O + 1)` and `log(I + 1)`. */
export const logTokens = (tokens: FeatureTable): readonly [Float64Array, Float64Array] => {
  const input = inputOf(tokens);
  const output = outputOf(tokens) ?? new Float64Array(input.length);
  return [output.map(Math.log1p), input.map(Math.log1p)];
};

/** @throws Fault `regression/bad-model` */
export const scaledFromJSON = (reader: JsonReader): ScaledPredictor => {
  const scaling = reader.object('scaling');
  return scaledPredictor(physicsFromJSON(reader.object('source')), scalingOf(scaling));
};

const scalingOf = (reader: JsonReader): Scaling => {
  const kind = reader.string('kind');
  switch (kind) {
    case 'ratio':
      return { kind, factor: reader.number('factor') };
    case 'affine':
      return { kind, offset: reader.number('offset'), factor: reader.number('factor') };
    case 'log-ridge': {
      const [c0 = 0, c1 = 0, c2 = 0] = reader.numbers('coefficients', 3);
      const [muO = 0, muI = 0] = reader.numbers('centre', 2);
      return { kind, coefficients: [c0, c1, c2], centre: [muO, muI] };
    }
    default:
      throw reader.fault('kind', 'must be one of ratio, affine, log-ridge');
  }
};
