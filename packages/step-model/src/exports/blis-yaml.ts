import {
  type ConversionNote,
  carried,
  commentLines,
  decimal,
  type Exported,
  type ExportInput,
  type ModelExports,
} from './export-format.js';

const MICROSECONDS = 1e6;
const BLOCK_TOKENS = 16;

/**
 * An entry of `models` in the defaults.yaml of BLIS (inference-sim, releases to v0.7.10, backend with three coefficients):
 * `beta_coeffs` in microseconds, step time = b0 + b1 x uncached prefill tokens + b2 x decode tokens. `alpha_coeffs`, the
 * overheads outside of the steps, are not in our model and stand as zeros.
 */
const blisYaml = (input: ExportInput): Exported => {
  const betas = carried(input, 'BLIS');
  const { point, names } = input;
  const perDecode = betas.beta2 + betas.beta3 * point.contextTokensPerSeq;
  const notes: ConversionNote[] = [
    { field: 'beta_coeffs[0], beta_coeffs[1]', conversion: 'exact', message: 'beta0 and beta1 in microseconds.' },
    betas.beta3 > 0
      ? {
          field: 'beta_coeffs[2]',
          conversion: 'approximate',
          message: `beta2 + beta3 x ${point.contextTokensPerSeq} tokens of context per decode: BLIS has no context term.`,
        }
      : { field: 'beta_coeffs[2]', conversion: 'exact', message: 'beta2 in microseconds.' },
    {
      field: 'alpha_coeffs',
      conversion: 'not-in-model',
      message: 'Overheads before, after and between the steps; a trace of steps does not tell them.',
    },
  ];
  const { modelId = 'unknown', gpu = 'unknown', tensorParallelism = 1, vllmVersion = 'unknown', kvTokens } = names;
  const text = [
    ...commentLines('BLIS (inference-sim, up to v0.7.10), for defaults.yaml; microseconds', notes, input),
    'models:',
    `- id: ${JSON.stringify(modelId)}`,
    `  GPU: ${JSON.stringify(gpu)}`,
    `  tensor_parallelism: ${tensorParallelism}`,
    `  vllm_version: ${JSON.stringify(vllmVersion)}`,
    ...(kvTokens === undefined ? [] : [`  total_kv_blocks: ${Math.floor(kvTokens / BLOCK_TOKENS)}`]),
    '  alpha_coeffs: [0, 0, 0]',
    '  beta_coeffs:',
    ...[betas.beta0, betas.beta1, perDecode].map((beta) => `  - ${decimal(beta * MICROSECONDS)}`),
    '',
  ].join('\n');
  return { text, notes };
};

export const blisYamlExports = {
  'blis-yaml': {
    description: 'BLIS (inference-sim, up to v0.7.10), an entry of defaults.yaml; exact without a context term',
    write: blisYaml,
  },
} satisfies ModelExports;
