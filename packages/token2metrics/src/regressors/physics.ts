import type { FeatureTable } from '@stepclock/regression';
import * as v from 'valibot';
import { coefficient, names, paddingSchema, size } from './bounds.js';
import type { Predictor, Spread } from './predictor.js';
import { inputOf, outputOf } from './tokens.js';

/**
 * The shape of a transformer's time for a prompt of I and an answer of O tokens. P is the prompt padded up to a whole tile:
 * the prefill costs `1, P, P^2` (launch, layers, attention), the decode `O` (weights read once a token) and
 * `O I + O (O - 1) / 2` (KV cache read: the context of every decoded token, summed).
 */
export const PHYSICS_TERMS = ['1', 'P', 'P^2', 'O', 'O*I + O*(O-1)/2'] as const;

/** Prompts are padded to a multiple of this on the devices measured. */
export const DEFAULT_PADDING = 128;

/** What the training rows leave open: the covariance of the coefficients, row by row. */
export interface Openness {
  readonly covariance: readonly (readonly number[])[];
  readonly df: number;
}

/** How prompts go on beyond the longest one that was trained on. */
interface Beyond {
  /** Its padded tokens. */
  readonly prompt: number;
  /** Of `P` and `P^2` from there on, in the metric's unit over tokens; at least 0. */
  readonly slope: number;
  readonly square: number;
}

interface PhysicsParameters {
  /** One a term of `PHYSICS_TERMS`, in the metric's unit over tokens; 0 for terms that the data could not tell. */
  readonly coefficients: Float64Array;
  readonly padding: number;
  /** Terms left out because the training rows cannot tell them. */
  readonly dropped?: readonly string[];
  readonly beyond?: Beyond | undefined;
  readonly openness?: Openness | undefined;
}

export interface PhysicsPredictor extends Predictor<'physics'>, PhysicsParameters {}

export const isPhysics = (predictor: Predictor | undefined): predictor is PhysicsPredictor =>
  predictor?.form === 'physics';

export const paddedPrompt = (inputTokens: number, padding: number): number =>
  Math.ceil(inputTokens / padding) * padding;

/** The value of every term, one column a term; output terms are 0 for a prefill alone, prompt terms where prompts are not known. */
export const physicsColumns = (tokens: FeatureTable, padding: number): Float64Array[] => {
  const input = inputOf(tokens) ?? new Float64Array(tokens.length);
  const output = outputOf(tokens) ?? new Float64Array(tokens.length);
  const prompt = input.map((tokensIn) => paddedPrompt(tokensIn, padding));
  return [
    new Float64Array(tokens.length).fill(1),
    prompt,
    prompt.map((p) => p * p),
    output,
    output.map((o, i) => o * input[i] + (o * (o - 1)) / 2),
  ];
};

export const physicsPredictor = (parameters: PhysicsParameters): PhysicsPredictor => {
  const { coefficients, padding, dropped = [], beyond, openness } = parameters;
  return {
    form: 'physics',
    featureNames: [],
    ...parameters,
    predict: (tokens) => {
      const columns = physicsColumns(tokens, padding);
      const longest = beyond?.prompt ?? Number.POSITIVE_INFINITY;
      return columns[1].map((prompt, i) => {
        const within = Math.min(prompt, longest);
        const [a, b, c, d, e] = coefficients;
        const known = a + b * within + c * within ** 2 + d * columns[3][i] + e * columns[4][i];
        return prompt > longest && beyond
          ? known + beyond.slope * (prompt - longest) + beyond.square * (prompt ** 2 - longest ** 2)
          : known;
      });
    },
    spread: (from, to) => openness && spreadOf(openness, physicsColumns(from, padding), physicsColumns(to, padding)),
    toJSON: () => ({
      form: 'physics',
      terms: [...PHYSICS_TERMS],
      coefficients: [...coefficients],
      padding,
      dropped: [...dropped],
      beyond: beyond ?? null,
      covariance: openness?.covariance ?? null,
      df: openness?.df ?? null,
    }),
  };
};

/** `sqrt(d' V d)` with d the difference of the terms. */
const spreadOf = (
  { covariance, df }: Openness,
  from: readonly Float64Array[],
  to: readonly Float64Array[],
): Spread => ({
  df,
  sd: to[0].map((_, i) => {
    const d = to.map((column, j) => column[i] - from[j][i]);
    const variance = covariance.reduce(
      (sum, row, j) => sum + d[j] * row.reduce((inner, value, k) => inner + value * d[k], 0),
      0,
    );
    return Math.sqrt(Math.max(0, variance));
  }),
});

const SIZE = PHYSICS_TERMS.length;
const row = <Item extends v.GenericSchema>(item: Item) =>
  v.pipe(v.array(item, `must be an array of ${SIZE}`), v.length(SIZE, `must be an array of ${SIZE}`));

/** A physics predictor as a model file has it. */
export const physicsEntries = v.object({
  form: v.literal('physics'),
  coefficients: row(coefficient),
  padding: paddingSchema,
  dropped: names,
  beyond: v.nullable(v.object({ prompt: size, slope: size, square: size })),
  covariance: v.nullable(row(row(coefficient))),
  df: v.nullable(
    v.pipe(
      coefficient,
      v.check((df) => df >= 1, 'must be at least 1'),
    ),
  ),
});

export const physicsOf = (file: v.InferOutput<typeof physicsEntries>): PhysicsPredictor =>
  physicsPredictor({
    coefficients: Float64Array.from(file.coefficients),
    padding: file.padding,
    dropped: file.dropped,
    beyond: file.beyond ?? undefined,
    openness: file.covariance && file.df ? { covariance: file.covariance, df: file.df } : undefined,
  });
