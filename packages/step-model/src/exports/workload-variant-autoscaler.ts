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
 * `serviceParms` of the llm-d workload-variant-autoscaler's queue analyzer (`pkg/config` after v0.5.1), in milliseconds: iteration time =
 * alpha + beta x tokens computed + gamma x tokens of KV cache read, one beta for prefill and decode tokens alike. No release from v0.5.0 on reads
 * `perfParms`, of the VariantAutoscaling resource up to v0.4.1.
 */
const workloadVariantAutoscaler = (input: ExportInput): Exported => {
  const betas = carried(input, 'the autoscaler');
  const { point } = input;
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
  ];
  const ms = (sec: number) => decimal(sec * MILLISECONDS);
  const text = [
    ...commentLines(
      'llm-d workload-variant-autoscaler, serviceParms of its queue analyzer (after v0.5.1); milliseconds',
      notes,
      input,
    ),
    'serviceParms:',
    `  alpha: ${ms(betas.beta0)}`,
    `  beta: ${ms(perToken)}`,
    `  gamma: ${ms(beta3)}`,
    '',
  ].join('\n');
  return { text, notes };
};

export const workloadVariantAutoscalerExports = {
  'workload-variant-autoscaler': {
    description:
      'llm-d workload-variant-autoscaler, serviceParms of its queue analyzer (after v0.5.1, checked with b08b1c7), ms; one cost for prefill and decode tokens',
    write: workloadVariantAutoscaler,
  },
} satisfies ModelExports;
