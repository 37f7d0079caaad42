import type { Betas } from '@stepclock/step-cost';
import { StepModelError } from './step-model-error.js';

/** What a betas file must hold so that the rest of stepclock can use it; further fields are carried but not read. */
export interface BetasFile {
  readonly schema: typeof BETAS_SCHEMA;
  readonly algo: string;
  readonly betas: Betas;
  readonly intervals?: IntervalsJson | null;
  readonly identifiability?: IdentifiabilityJson;
  readonly input?: { readonly settings?: Readonly<Record<string, number | string>> };
}

/** Confidence intervals as the file holds them; `covariance` is of (beta0, beta1, beta2[, beta3]), row by row. */
export interface IntervalsJson {
  readonly level: number;
  readonly beta0: readonly [number, number];
  readonly beta1: readonly [number, number];
  readonly beta2: readonly [number, number];
  readonly beta3?: readonly [number, number];
  readonly covariance?: readonly (readonly number[])[];
}

/** The part of the identifiability report that prediction needs: the compositions a fit has seen. */
export interface IdentifiabilityJson {
  readonly compositions?: {
    readonly prefill_tokens?: readonly [number, number];
    readonly decode_seqs?: readonly [number, number];
    readonly context_tokens?: readonly [number, number];
  };
}

export const BETAS_SCHEMA = 'stepclock/betas@1';

const SCHEMA_FAMILY = /^stepclock\/betas@(\d+)$/;

/** `deltaBetaL2` becomes `delta_beta_l2`; a name that already has an underscore (`mean_A_pf_tokens`) is left alone. */
const snakeName = (name: string): string =>
  name.includes('_') ? name : name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A result object with the field names of a JSON file; typed arrays become arrays, undefined fields vanish. */
export const snakeCaseKeys = (value: unknown): unknown => {
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array);
  if (Array.isArray(value)) return value.map(snakeCaseKeys);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, v]) => v !== undefined)
      .map(([k, v]) => [snakeName(k), snakeCaseKeys(v)]),
  );
};

/** An estimate as the object of a `stepclock/betas@1` file: snake_case names, SI units. */
export const betasFileOf = (estimate: {
  readonly algo: string;
  readonly betas: Betas;
  readonly terms?: unknown;
  readonly options?: object;
  readonly intervals?: { readonly byLabel: object } | null | undefined;
}): BetasFile => {
  const { terms: _, options, intervals, ...rest } = estimate;
  const { byLabel, ...others } = intervals ?? { byLabel: {} };
  const { terms: __, ...given } = { terms: undefined, ...options };
  return {
    schema: BETAS_SCHEMA,
    ...(snakeCaseKeys(rest) as { algo: string; betas: Betas }),
    ...(options !== undefined && { options: snakeCaseKeys(given) }),
    ...(intervals !== undefined && {
      intervals: intervals && ({ ...(snakeCaseKeys(others) as object), ...byLabel } as unknown as IntervalsJson),
    }),
  };
};

const isRecord = (v: unknown): v is Readonly<Record<string, unknown>> =>
  v !== null && typeof v === 'object' && !Array.isArray(v);

/**
 * Reads a betas file.
 *
 * @param text the file's JSON
 * @param file its name, for messages
 * @throws StepModelError `step-model/bad-betas-file` when it is no JSON, of another or newer schema, or a coefficient is missing,
 *   negative or not finite
 */
export const parseBetasFile = (text: string, file: string): BetasFile => {
  const refuse = (what: string, rule: string, value: unknown): never => {
    throw new StepModelError('step-model/bad-betas-file', { what, rule, value, file });
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refuse('betas file', `must be JSON as 'stepclock estimate --json' writes it`, `${text.slice(0, 30)}...`);
  }
  if (!isRecord(json)) return refuse('betas file', 'must be one JSON object', json);
  const version = typeof json.schema === 'string' ? SCHEMA_FAMILY.exec(json.schema)?.[1] : undefined;
  if (version === undefined) return refuse('schema', `must be "${BETAS_SCHEMA}"`, json.schema);
  if (Number(version) > 1)
    return refuse('schema', `must be "${BETAS_SCHEMA}"; a newer stepclock wrote this file`, json.schema);
  const { betas } = json;
  if (!isRecord(betas)) return refuse('betas', 'must be an object of coefficients', betas);
  for (const name of ['beta0', 'beta1', 'beta2', 'beta3'] as const) {
    const value = betas[name];
    if (name === 'beta3' && value === undefined) continue;
    if (!(typeof value === 'number' && value >= 0 && value < Infinity)) {
      return refuse(`betas.${name}`, 'must be a number of seconds >= 0', value);
    }
  }
  return json as unknown as BetasFile;
};
