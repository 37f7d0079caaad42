import { CATALOGUE, type Term } from '@stepclock/step-cost';
import type { BetasFile } from '../model-file/betas-schema.js';
import { checkedTerms } from '../model-file/consistency.js';
import { stepModelFault } from '../step-model-fault.js';
import { blisTrainedPhysicsExports } from './blis-trained-physics.js';
import { blisYamlExports } from './blis-yaml.js';
import { dynamoMockerExports } from './dynamo-mocker.js';
import type { DeploymentNames, Exported } from './export-format.js';
import { llmDInferenceSimExports } from './llm-d-inference-sim.js';
import { type OperatingPoint, resolvePoint } from './operating-point.js';
import { plainExports } from './plain.js';
import { queueingModelConfigExports } from './queueing-model-config.js';
import { runningRequestsExports } from './running-requests.js';
import { stepGridExports } from './step-grid.js';
import { workloadVariantAutoscalerExports } from './workload-variant-autoscaler.js';

const FORMATS = {
  ...blisTrainedPhysicsExports,
  ...blisYamlExports,
  ...dynamoMockerExports,
  ...llmDInferenceSimExports,
  ...queueingModelConfigExports,
  ...workloadVariantAutoscalerExports,
  ...runningRequestsExports,
  ...stepGridExports,
  ...plainExports,
};

export type ExportFormat = keyof typeof FORMATS;

const isFormat = (name: string): name is ExportFormat => Object.hasOwn(FORMATS, name);

export const exportFormats: readonly ExportFormat[] = Object.keys(FORMATS).filter(isFormat);

/** What reads a format, and what of it is exact, one line. */
export const exportDescription = (format: ExportFormat): string => FORMATS[format].description;

export interface ExportOptions extends OperatingPoint, DeploymentNames {
  /** Where the model's terms are looked up. */
  readonly catalogue?: readonly Term[];
}

/**
 * A fitted model in another tool's format. Each output says which conversion is exact, which an approximation, and for
 * which operating point; the notes come as data, too.
 *
 * @throws Fault `step-model/unknown-format`, `step-model/bad-operating-point`, `step-model/term-not-carried` where the format has no place for
 *   a term, `step-model/export-needs` where it asks for what was not given, `step-model/bad-betas-file`, `step-model/bad-model-config`
 *
 * @example
 * exportModel(file, 'blis-yaml', { contextTokensPerSeq: 800 }).text
 */
export const exportModel = (model: BetasFile, format: ExportFormat, options: ExportOptions = {}): Exported => {
  if (!isFormat(format)) {
    throw stepModelFault('step-model/unknown-format', {
      what: 'format',
      rule: `must be one of ${exportFormats.join(', ')}`,
      value: format,
    });
  }
  const { catalogue = CATALOGUE } = options;
  const terms = checkedTerms(model, catalogue);
  return FORMATS[format].write({ model, terms, catalogue, point: resolvePoint(model, options), names: options });
};
