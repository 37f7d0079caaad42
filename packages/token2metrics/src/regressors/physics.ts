import { isFault } from '@stepclock/faults';
import { dataset, type FeatureTable, featureTable, type JsonReader, leastSquares } from '@stepclock/regression';
import type { Predictor } from './predictor.js';
import { inputOf, outputOf } from './tokens.js';

/**
 * The shape of a transformer's time for a prompt of I and an answer of O tokens. P is the prompt padded up to a whole tile:
 * the prefill costs `1, P, P^2` (launch, layers, attention), the decode `O` (weights read once a token) and
 * `O I + O (O - 1) / 2` (KV cache read: the context of every decoded token, summed).
 */
export const PHYSICS_TERMS = ['1', 'P', 'P^2', 'O', 'O*I + O*(O-1)/2'] as const;

/** Prompts are padded to a multiple of this on the devices measured. */
export const DEFAULT_PADDING = 128;

export interface PhysicsPredictor extends Predictor<'physics'> {
  /** One a term of `PHYSICS_TERMS`, in the metric's unit over tokens; 0 for terms that the data could not tell. */
  readonly coefficients: Float64Array;
  readonly padding: number;
  /** Terms left out because they move together with others on the training rows. */
  readonly dropped: readonly string[];
}

export const paddedPrompt = (inputTokens: number, padding: number): number =>
  Math.ceil(inputTokens / padding) * padding;

/** The value of every term, one column a term; output terms are 0 for a prefill alone. */
export const physicsColumns = (tokens: FeatureTable, padding: number): Float64Array[] => {
  const input = inputOf(tokens);
  const output = outputOf(tokens) ?? new Float64Array(input.length);
  const prompt = input.map((tokensIn) => paddedPrompt(tokensIn, padding));
  return [
    new Float64Array(input.length).fill(1),
    prompt,
    prompt.map((p) => p * p),
    output,
    output.map((o, i) => o * input[i] + (o * (o - 1)) / 2),
  ];
};

export const physicsPredictor = (
  coefficients: Float64Array,
  padding: number,
  dropped: readonly string[] = [],
): PhysicsPredictor => ({
  form: 'physics',
  coefficients,
  padding,
  dropped,
  predict: (tokens) => {
    const sums = new Float64Array(tokens.length);
    physicsColumns(tokens, padding).forEach((column, j) => {
      const coefficient = coefficients[j];
      for (let i = 0; i < sums.length; i++) sums[i] = sums[i] + coefficient * column[i];
    });
    return sums;
  },
  toJSON: () => ({
    form: 'physics',
    terms: [...PHYSICS_TERMS],
    coefficients: [...coefficients],
    padding,
    dropped: [...dropped],
  }),
});

/** Terms (by number, besides the constant) to try, richest first: the next one when the data cannot tell them apart. */
const CHOICES: readonly (readonly number[])[] = [[1, 2, 3, 4], [1, 3, 4], [3, 4], [1, 3], [3], [1, 2], [1]];

/**
 * Least squares on the physics terms, weighted by 1/y: the relative error is what counts, over answers of ten tokens and of four thousand.
 *
 * @param target positive
 * @throws Fault when there is no row
 */
export const fitPhysics = (tokens: FeatureTable, target: Float64Array, padding = DEFAULT_PADDING): PhysicsPredictor => {
  const columns = physicsColumns(tokens, padding);
  const weights = relativeWeights(target);
  const hasOutput = outputOf(tokens) !== undefined;
  const choices = CHOICES.filter((terms) => hasOutput || terms.every((j) => j <= 2));
  const fit = (terms: readonly number[]): PhysicsPredictor => {
    const { model } = leastSquares(
      dataset(
        featureTable(
          terms.map((j) => PHYSICS_TERMS[j] as string),
          terms.map((j) => columns[j]),
        ),
        target,
        weights,
      ),
    );
    const coefficients = new Float64Array(PHYSICS_TERMS.length);
    coefficients[0] = model.intercept;
    terms.forEach((j, k) => {
      coefficients[j] = model.coefficients[k];
    });
    const wanted = choices[0] ?? [];
    const dropped = wanted.filter((j) => !terms.includes(j)).map((j) => PHYSICS_TERMS[j] as string);
    return physicsPredictor(coefficients, padding, dropped);
  };
  for (const terms of choices) {
    // An exact fit through as many rows as terms has learnt the noise: a shorter form predicts better.
    if (terms.length + 1 >= target.length) continue;
    try {
      return fit(terms);
    } catch (error) {
      // What the rows cannot tell is left out; of what is wrong with the rows the last form complains too.
      if (!isFault(error, 'regression')) throw error;
    }
  }
  return fit([]);
};

/** 1/y^2: the weights of squared errors that make them relative. */
export const relativeWeights = (target: Float64Array): Float64Array => target.map((y) => 1 / (y * y));

/** @throws Fault `regression/bad-model` */
export const physicsFromJSON = (reader: JsonReader): PhysicsPredictor => {
  if (reader.string('form') !== 'physics') throw reader.fault('form', 'must be "physics"');
  const padding = reader.count('padding');
  if (padding < 1) throw reader.fault('padding', 'must be at least 1');
  return physicsPredictor(reader.numbers('coefficients', PHYSICS_TERMS.length), padding, reader.strings('dropped'));
};
