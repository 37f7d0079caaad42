import {
  type ConversionNote,
  carried,
  commentLines,
  decimal,
  type Exported,
  type ExportInput,
  type ModelExports,
} from './export-format.js';

const MILLISECONDS = 1e3;

/**
 * Parameters of the llm-d workload-variant-autoscaler, in milliseconds. `serviceParms`, of its queue analyzer: iteration time =
 * alpha + beta x tokens computed + gamma x tokens of KV cache read, one beta for prefill and decode tokens alike. `perfParms`, of the
 * older VariantAutoscaling resource: decode = alpha + beta x batch, prefill = gamma + delta x prompt tokens x batch.
 */
const workloadVariantAutoscaler = (input: ExportInput): Exported => {
  const betas = carried(input, 'the autoscaler');
  const { point } = input;
  const { contextTokensPerSeq } = point;
  const { promptTokens, outputTokens } = point.lengths ?? { promptTokens: 1, outputTokens: 1 };
  const { beta3 } = betas;
  const perToken = (betas.beta1 * promptTokens + betas.beta2 * outputTokens) / (promptTokens + outputTokens);
  const notes: ConversionNote[] = [
    { field: 'serviceParms.alpha', conversion: 'exact', message: 'beta0.' },
    {
      field: 'serviceParms.beta',
      conversion: betas.beta1 === betas.beta2 ? 'exact' : 'approximate',
      message: `mean of beta1 (prefill) and beta2 (decode), ${point.lengths ? 'weighted by prompt and output tokens' : 'as if prompts and outputs were equally long'}: the analyzer has one cost for both.`,
    },
    {
      field: 'serviceParms.gamma',
      conversion: 'exact',
      message:
        beta3 > 0
          ? 'beta3, of decodes; the analyzer counts a little context for prefills of several chunks as well.'
          : 'a model without context term: 0.',
    },
    {
      field: 'perfParms.decodeParms',
      conversion: beta3 > 0 ? 'approximate' : 'exact',
      message:
        beta3 > 0
          ? `beta0, and beta2 + beta3 x ${contextTokensPerSeq} tokens of context; steps that only decode.`
          : 'beta0 and beta2; steps that only decode.',
    },
    {
      field: 'perfParms.prefillParms',
      conversion: 'exact',
      message:
        'beta0 and beta1; one step that only prefills whole prompts. Longer prompts cost beta0 for each further step.',
    },
  ];
  const ms = (sec: number) => decimal(sec * MILLISECONDS);
  const text = [
    ...commentLines('llm-d workload-variant-autoscaler; milliseconds', notes, input),
    'serviceParms:',
    `  alpha: ${ms(betas.beta0)}`,
    `  beta: ${ms(perToken)}`,
    `  gamma: ${ms(beta3)}`,
    'perfParms:',
    '  decodeParms:',
    `    alpha: "${ms(betas.beta0)}"`,
    `    beta: "${ms(betas.beta2 + beta3 * contextTokensPerSeq)}"`,
    '  prefillParms:',
    `    gamma: "${ms(betas.beta0)}"`,
    `    delta: "${ms(betas.beta1)}"`,
    '',
  ].join('\n');
  return { text, notes };
};

export const workloadVariantAutoscalerExports = {
  'workload-variant-autoscaler': {
    description: 'llm-d workload-variant-autoscaler, parameters in ms; one cost for prefill and decode tokens',
    write: workloadVariantAutoscaler,
  },
} satisfies ModelExports;
