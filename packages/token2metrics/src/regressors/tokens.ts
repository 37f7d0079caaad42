import { type FeatureTable, featureTable } from '@stepclock/regression';

/** What every model here looks at, by name. */
export const INPUT = 'input_tokens';
export const OUTPUT = 'output_tokens';

/**
 * Token counts as features: without output tokens for a prefill alone, without input tokens for decodes of prompts that nobody counted.
 *
 * @example
 * tokensOf([100], [50]).names // => ['input_tokens', 'output_tokens']
 */
export const tokensOf = (input: ArrayLike<number> | undefined, output?: ArrayLike<number>): FeatureTable => {
  const given = [input && ([INPUT, input] as const), output && ([OUTPUT, output] as const)].filter(
    (column) => column !== undefined,
  );
  return featureTable(
    given.map(([name]) => name),
    given.map(([, column]) => Float64Array.from(column)),
  );
};

export const inputOf = (tokens: FeatureTable): Float64Array | undefined => tokens.columns[tokens.names.indexOf(INPUT)];

export const outputOf = (tokens: FeatureTable): Float64Array | undefined =>
  tokens.columns[tokens.names.indexOf(OUTPUT)];
