import { CATALOGUE, type Term } from '@stepclock/step-cost';
import type { BetasFile } from '../model-file/betas-schema.js';
import { checkedTerms } from '../model-file/consistency.js';
import { stepModelFault } from '../step-model-fault.js';
import { blisYaml } from './blis-yaml.js';
import type { DeploymentNames, Exported, ExportInput } from './export-format.js';
import { llmDInferenceSim } from './llm-d-inference-sim.js';
import { type OperatingPoint, resolvePoint } from './operating-point.js';
import { plainCsv, plainJson } from './plain.js';
import { vidurCsv } from './vidur-csv.js';
import { workloadVariantAutoscaler } from './workload-variant-autoscaler.js';

const FORMATS = {
  'blis-yaml': blisYaml,
  'llm-d-inference-sim': llmDInferenceSim,
  'workload-variant-autoscaler': workloadVariantAutoscaler,
  'vidur-csv': vidurCsv,
  json: plainJson,
  csv: plainCsv,
} satisfies Record<string, (input: ExportInput) => Exported>;

export type ExportFormat = keyof typeof FORMATS;

export const exportFormats = Object.keys(FORMATS) as readonly ExportFormat[];

export interface ExportOptions extends OperatingPoint, DeploymentNames {
  /** Where the model's terms are looked up. */
  readonly catalogue?: readonly Term[];
}

/**
 * A fitted model in another tool's format. Each output says which conversion is exact, which an approximation, and for
 * which operating point; the notes come as data, too.
 *
 * @throws Fault `step-model/unknown-format`, `step-model/bad-operating-point`, `step-model/term-not-carried` where the format has no place for
 *   a term, `step-model/bad-betas-file`
 *
 * @example
 * exportModel(file, 'blis-yaml', { contextTokensPerSeq: 800 }).text
 */
export const exportModel = (model: BetasFile, format: ExportFormat, options: ExportOptions = {}): Exported => {
  if (!Object.hasOwn(FORMATS, format)) {
    throw stepModelFault('step-model/unknown-format', {
      what: 'format',
      rule: `must be one of ${exportFormats.join(', ')}`,
      value: format,
    });
  }
  const { catalogue = CATALOGUE } = options;
  const terms = checkedTerms(model, catalogue);
  return FORMATS[format]({ model, terms, catalogue, point: resolvePoint(model, options), names: options });
};
