import {
  type ConversionNote,
  decimal,
  type Exported,
  type ExportInput,
  type ModelExports,
  needed,
  titleLines,
} from './export-format.js';

const MILLISECONDS = 1e3;

/**
 * The ConfigMap `wva-queueing-model-config` of the llm-d workload-variant-autoscaler: it learns the costs of an engine by itself and is told the
 * latencies to keep, as means, in milliseconds.
 */
const queueingModelConfig = (input: ExportInput): Exported => {
  const { names } = input;
  const { ttftSec, itlSec } = needed(names.load, 'load', 'the JSON of stepclock capacity or stepclock replay');
  const modelId = needed(names.modelId, 'model id', 'as the engine serves it: the autoscaler finds the model by it');
  const namespace = needed(names.namespace, 'namespace', 'of the engines: the autoscaler finds the model by it');
  const notes: readonly ConversionNote[] = [
    {
      field: 'targetTTFT, targetITL',
      conversion: 'approximate',
      message:
        'mean TTFT and mean time per output token of the load: the autoscaler sizes by means and asks that both hold. It learns its own costs, so no coefficient of ours goes into it.',
    },
  ];
  const entry = [
    `model_id: ${JSON.stringify(modelId)}`,
    `namespace: ${JSON.stringify(namespace)}`,
    `targetTTFT: ${decimal(ttftSec * MILLISECONDS)}`,
    `targetITL: ${decimal(itlSec * MILLISECONDS)}`,
  ];
  const text = [
    ...titleLines('llm-d workload-variant-autoscaler, ConfigMap of its queueing model; milliseconds', notes),
    'apiVersion: v1',
    'kind: ConfigMap',
    'metadata:',
    '  name: wva-queueing-model-config',
    '  namespace: workload-variant-autoscaler-system',
    'data:',
    '  default: |',
    '    sloMultiplier: 3.0',
    '    tuningEnabled: true',
    '  stepclock: |',
    ...entry.map((line) => `    ${line}`),
    '',
  ].join('\n');
  return { text, notes };
};

export const queueingModelConfigExports = {
  'wva-queueing-model-config': {
    description:
      'llm-d workload-variant-autoscaler, ConfigMap with targets (its fields as of 42ce1a7, 2026); means of a replay or a capacity',
    write: queueingModelConfig,
  },
} satisfies ModelExports;
