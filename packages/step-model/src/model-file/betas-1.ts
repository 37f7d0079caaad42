import { type ModelFileKind, modelOfJson } from '@stepclock/model-file';
import { BASE_TERMS } from '@stepclock/step-cost';
import { betas1Schema } from './betas-schema.js';

const kind: ModelFileKind<typeof betas1Schema> = {
  family: 'stepclock/betas',
  version: 1,
  schema: betas1Schema,
  code: 'step-model/bad-betas-file',
  described: "a betas file as 'stepclock estimate --json' writes it",
};

/** A file of version 1 as one of version 2: its four coefficients are the first four terms. @throws Fault `step-model/bad-betas-file` */
export const upgradedFrom1 = (json: Readonly<Record<string, unknown>>, file?: string): object => {
  const old = modelOfJson(json, kind, file);
  const { betas, intervals } = old;
  const byLabel: Readonly<Record<string, unknown>> = betas;
  const bounds: Readonly<Record<string, unknown>> = intervals ?? {};
  const terms = BASE_TERMS.filter(({ label }) => byLabel[label] !== undefined).map(({ name, label, unit }) => ({
    name,
    unit,
    value: byLabel[label],
    interval: bounds[label] ?? null,
  }));
  const { covariance = null, ...rest } = intervals ?? {};
  return { ...old, schema: 'stepclock/betas@2', terms, covariance, intervals: intervals == null ? null : rest };
};
