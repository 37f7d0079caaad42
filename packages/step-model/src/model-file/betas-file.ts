import { type ModelFileKind, readModelFile } from '@stepclock/model-file';
import {
  type Betas,
  betasOf,
  CATALOGUE,
  type StepWindow,
  stepCost,
  type Term,
  windowsFile,
} from '@stepclock/step-cost';
import { upgradedFrom1 } from './betas-1.js';
import { type BetasFile, betasSchema } from './betas-schema.js';
import { checkedTerms } from './consistency.js';
import { snakeCaseFields } from './snake-case.js';

export const BETAS_SCHEMA = 'stepclock/betas@2';

const kind: ModelFileKind<typeof betasSchema> = {
  family: 'stepclock/betas',
  version: 2,
  schema: betasSchema,
  code: 'step-model/bad-betas-file',
  described: "a betas file as 'stepclock estimate --json' writes it",
  upgrade: (json, _from, file) => upgradedFrom1(json, file),
};

/**
 * Reads a betas file, of this version or an older one.
 *
 * @param text the file's JSON
 * @param file its name, for messages
 * @param catalogue where its terms are looked up
 * @throws Fault `step-model/bad-betas-file`, with the path of the field: no JSON, another or a newer schema, a field that is missing, no number,
 *   out of range, or at odds with another
 */
export const parseBetasFile = (text: string, file: string, catalogue: readonly Term[] = CATALOGUE): BetasFile => {
  const model = readModelFile(text, kind, file);
  checkedTerms(model, catalogue, file);
  return model;
};

/** The coefficients of a model, all of its terms: seconds per unit, by label. @throws Fault `step-model/bad-betas-file` */
export const betasOfFile = (model: BetasFile, catalogue: readonly Term[] = CATALOGUE): Betas =>
  betasOf(
    checkedTerms(model, catalogue),
    model.terms.map(({ value }) => value),
  );

/** Intervals of coefficients, by label. */
export const intervalsOfFile = (
  model: BetasFile,
  catalogue: readonly Term[] = CATALOGUE,
): Readonly<Record<string, readonly [number, number] | null>> =>
  Object.fromEntries(checkedTerms(model, catalogue).map(({ label }, t) => [label, model.terms[t].interval]));

/** Intervals of coefficients as an estimator gives them. */
export interface EstimatedIntervals {
  readonly level: number;
  /** `[low, high]` of a coefficient, s; null or absent where nothing tells of it. */
  readonly byLabel: Readonly<Record<string, readonly [number, number] | null>>;
  /** In the order of the terms. */
  readonly covariance?: readonly (readonly number[])[] | null;
}

/** What an estimator gives; any further fields are written as they are, with names in snake_case. */
export interface Estimated {
  readonly algo: string;
  readonly model?: string | null;
  /** Seconds per unit of each term, by label. */
  readonly betas: Betas;
  /** The terms, in the order of the covariance; default: those of the labels, in the catalogue's order. */
  readonly terms?: readonly Term[];
  readonly options?: object;
  readonly intervals?: EstimatedIntervals | null;
  /** The sums that the fit was made from. */
  readonly windows?: readonly StepWindow[];
}

/**
 * An estimate as the object of a betas file: snake_case names, SI units.
 *
 * @throws Fault `step-cost/unknown-term`, `step-cost/bad-coefficient`
 */
export const betasFileOf = (estimate: Estimated, catalogue: readonly Term[] = CATALOGUE): BetasFile => {
  const {
    algo,
    model,
    betas: given,
    terms: ordered = catalogue,
    options,
    intervals = null,
    windows = [],
    ...more
  } = estimate;
  const { terms, coefficients } = stepCost(given, ordered);
  const { byLabel = {}, covariance = null, ...others } = intervals ?? {};
  const intervalOf = ({ label }: Term) => byLabel[label] ?? null;
  const repeated = terms.flatMap((term) => {
    const interval = intervalOf(term);
    return term.role === 'base' && interval !== null ? [[term.label, interval] as const] : [];
  });
  // Terms are functions: their names stand above.
  const { terms: _, ...told } = { terms: undefined, ...options };
  return {
    schema: BETAS_SCHEMA,
    algo,
    ...(model !== undefined && { model }),
    betas: baseBetasOf(terms, coefficients),
    terms: terms.map((term, t) => ({
      name: term.name,
      unit: term.unit,
      value: coefficients[t],
      interval: intervalOf(term),
    })),
    covariance,
    intervals: intervals && { ...Object.fromEntries(repeated), ...snakeCaseFields(others), level: intervals.level },
    ...(options !== undefined && { options: snakeCaseFields(told) }),
    ...snakeCaseFields(more),
    ...(windows.length > 0 && { windows: windowsFile(windows) }),
  };
};

/** The first four terms by their names; a model without one of the first three has it at zero. */
const baseBetasOf = (terms: readonly Term[], coefficients: ArrayLike<number>): BetasFile['betas'] => {
  const all = betasOf(terms, coefficients);
  const { beta0 = 0, beta1 = 0, beta2 = 0, beta3 } = all;
  return { beta0, beta1, beta2, ...(beta3 !== undefined && { beta3 }) };
};
