import { type FeatureTable, featureTable } from '@stepclock/regression';

/** What every model here looks at, by name. */
const INPUT = 'input_tokens';
const OUTPUT = 'output_tokens';

/**
 * Token counts as features; without output tokens for a prefill alone.
 *
 * @example
 * tokensOf([100], [50]).names // => ['input_tokens', 'output_tokens']
 */
export const tokensOf = (input: ArrayLike<number>, output?: ArrayLike<number>): FeatureTable =>
  output
    ? featureTable([INPUT, OUTPUT], [Float64Array.from(input), Float64Array.from(output)])
    : featureTable([INPUT], [Float64Array.from(input)]);

export const inputOf = (tokens: FeatureTable): Float64Array => tokens.columns[tokens.names.indexOf(INPUT)];

export const outputOf = (tokens: FeatureTable): Float64Array | undefined =>
  tokens.columns[tokens.names.indexOf(OUTPUT)];
