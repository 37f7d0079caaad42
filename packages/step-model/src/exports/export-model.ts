import type { BetasFile } from '../betas-file.js';
import { StepModelError } from '../step-model-error.js';
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

export interface ExportOptions extends OperatingPoint, DeploymentNames {}

/**
 * A fitted model in another tool's format. Each output says which conversion is exact, which an approximation, and for
 * which operating point; the notes come as data, too.
 *
 * @throws StepModelError `step-model/unknown-format`, `step-model/bad-operating-point`
 *
 * @example
 * exportModel(file, 'blis-yaml', { contextTokensPerSeq: 800 }).text
 */
export const exportModel = (model: BetasFile, format: ExportFormat, options: ExportOptions = {}): Exported => {
  if (!Object.hasOwn(FORMATS, format)) {
    throw new StepModelError('step-model/unknown-format', {
      what: 'format',
      rule: `must be one of ${exportFormats.join(', ')}`,
      value: format,
    });
  }
  return FORMATS[format]({ model, point: resolvePoint(model, options), names: options });
};
