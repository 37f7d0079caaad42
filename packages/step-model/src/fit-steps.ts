import { Fault } from '@stepclock/faults';
import { compensatedSum } from '@stepclock/numerics';
import {
  BASE_TERMS,
  type Betas,
  betasOf,
  CATALOGUE,
  fitRows,
  type Identifiability,
  knownTerms,
  type RowTable,
  residualSeconds,
  rowsOf,
  type StepWindow,
  type StretchColumns,
  type Term,
  termsNamed,
  type Weighting,
  windowsOn,
} from '@stepclock/step-cost';
import type { StepColumns } from './step-columns.js';

export interface FitStepsOptions {
  /** A short form of `terms`: `kv` takes the context term, `linear` leaves it out; `auto` (default): as `terms` says. */
  readonly model?: 'auto' | 'linear' | 'kv';
  /** Terms of the cost, by name or label; `auto` (default): the base terms that the log tells, and the families that lower the held-out loss. */
  readonly terms?: readonly string[] | 'auto';
  /** Where terms are looked up. Default: every term that stepclock knows. */
  readonly catalogue?: readonly Term[];
  /** Default `inverse-seconds`: 1 / fitted seconds. */
  readonly weights?: Weighting;
  /** Level of the intervals. Default 0.95. */
  readonly level?: number;
}

type Interval = readonly [number, number];

export interface StepsWarning {
  readonly code: 'empty-steps' | 'unidentified-coefficient' | 'not-identifiable' | 'held-at-zero' | 'no-intervals';
  readonly message: string;
}

/** Coefficients fitted to a step log; `betasFileOf` makes a betas file of it. */
export interface StepsFit {
  readonly algo: 'steps';
  readonly model: 'linear' | 'kv' | 'terms';
  readonly terms: readonly Term[];
  readonly betas: Betas;
  /** Null when the log has fewer than ten blocks of steps. */
  readonly intervals: {
    readonly level: number;
    /** Null where nothing tells of a coefficient. */
    readonly byLabel: Readonly<Record<string, Interval | null>>;
    readonly covariance: readonly (readonly number[])[];
    readonly blocks: number;
  } | null;
  /** The blocks of steps that were fitted, as sums. */
  readonly windows: readonly StepWindow[];
  readonly identifiability: Identifiability & {
    readonly compositions: {
      readonly prefillTokens: Interval;
      readonly decodeSeqs: Interval;
      readonly contextTokens?: Interval;
    };
  };
  readonly diagnostics: {
    /** Steps with work in them. */
    readonly nSteps: number;
    /** Null where all steps took the same time. */
    readonly r2: number | null;
    readonly rmseSeconds: number;
    /** Root mean square of measured / fitted - 1: the relative scatter of a step. */
    readonly relativeRmse: number;
    readonly meanDurationSeconds: number;
  };
  readonly warnings: readonly StepsWarning[];
}

const rangeOf = (column: Float64Array): Interval => [
  column.reduce((least, v) => Math.min(least, v), Infinity),
  column.reduce((most, v) => Math.max(most, v), -Infinity),
];

/** Rows with work in them; an engine may log iterations in which it did nothing. */
const workingRows = (steps: StepColumns): Uint32Array => {
  const rows = Uint32Array.from({ length: steps.length }, (_, i) => i).filter(
    (i) => steps.prefillTokens[i] + steps.decodeTokens[i] > 0,
  );
  if (rows.length === 0) {
    const rule = 'must have a step that processes tokens';
    throw new Fault('step-model/no-steps', { what: 'step log', rule, value: `${steps.length} steps` });
  }
  for (const row of rows) {
    const value = steps.durationSec[row];
    if (value > 0 && value < Infinity) continue;
    throw new Fault('step-model/bad-step', {
      what: 'duration of a step',
      rule: 'must be a number of seconds above 0',
      value,
      row,
    });
  }
  return rows;
};

const stretchesOf = (steps: StepColumns, rows: Uint32Array): StretchColumns => {
  const taken = (column: Float64Array) => Float64Array.from(rows, (i) => column[i]);
  const optional = (column: Float64Array | undefined) => (column === undefined ? undefined : taken(column));
  const prefillTokens = taken(steps.prefillTokens);
  return {
    length: rows.length,
    steps: new Float64Array(rows.length).fill(1),
    decodeSeqs: taken(steps.decodeTokens),
    contextTokens: optional(steps.contextTokens),
    prefillTokens,
    prefillSteps: prefillTokens.map((p) => (p > 0 ? 1 : 0)),
    prefillRequests: optional(steps.prefillRequests),
    prefillContext: optional(steps.prefillContext),
  };
};

/** The terms to fit, and whether all of them stay. */
const termsToFit = (
  { model = 'auto', terms = 'auto', catalogue = CATALOGUE }: FitStepsOptions,
  stretches: StretchColumns,
): { readonly terms: readonly Term[]; readonly choice: 'all' | 'auto' } => {
  const known = (asked: readonly Term[]): readonly Term[] => {
    const told = knownTerms(asked, stretches);
    const missing = asked.find((term) => !told.includes(term));
    if (missing === undefined) return asked;
    const rule = `must be told by the step log: it has no ${missing.needs.find((fact) => stretches[fact] === undefined)}`;
    throw new Fault('step-model/no-context', {
      what: missing.name,
      rule,
      value: terms === 'auto' ? model : terms.join(','),
    });
  };
  if (terms !== 'auto') return { terms: known(termsNamed(terms, catalogue)), choice: 'all' };
  if (model === 'kv') return { terms: known(BASE_TERMS), choice: 'all' };
  const linear = BASE_TERMS.filter(({ needs }) => !needs.includes('contextTokens'));
  if (model === 'linear') return { terms: linear, choice: 'all' };
  return { terms: knownTerms(catalogue, stretches).filter(({ role }) => role !== 'diagnostic'), choice: 'auto' };
};

const diagnosticsOf = (rows: RowTable, coefficients: Float64Array): StepsFit['diagnostics'] => {
  const n = rows.length;
  const residual = residualSeconds(rows, coefficients);
  const mean = compensatedSum(rows.seconds) / n;
  const squares = compensatedSum(residual.map((r) => r * r));
  const total = compensatedSum(rows.seconds.map((sec) => (sec - mean) ** 2));
  const relative = residual.map((r, i) => (r / (rows.seconds[i] - r)) ** 2);
  return {
    nSteps: n,
    r2: total > 0 ? 1 - squares / total : null,
    rmseSeconds: Math.sqrt(squares / n),
    relativeRmse: Math.sqrt(compensatedSum(relative) / n),
    meanDurationSeconds: mean,
  };
};

const warningsOf = (
  empty: number,
  { absent, atBound, dependent }: Identifiability,
  hasIntervals: boolean,
): StepsWarning[] => [
  ...(empty > 0 ? [{ code: 'empty-steps' as const, message: `${empty} steps without tokens are left out.` }] : []),
  ...absent.map((label) => ({
    code: 'unidentified-coefficient' as const,
    message: `${label} cannot be told: its tokens are zero in every step. It is set to 0.`,
  })),
  ...(dependent
    ? [
        {
          code: 'not-identifiable' as const,
          message:
            'The step log does not tell the coefficients apart: what its steps hold rises and falls together. The fitted durations stand, the single coefficients do not.',
        },
      ]
    : []),
  ...atBound.map((label) => ({
    code: 'held-at-zero' as const,
    message: `${label} is held at 0; without the bound it would be negative.`,
  })),
  ...(hasIntervals || dependent
    ? []
    : [
        { code: 'no-intervals' as const, message: 'the log is too short for intervals: fewer than 10 blocks of steps' },
      ]),
];

/**
 * Fits the cost of a step straight to a step log: least squares with bounds and priors, weighted by 1 / fitted seconds, so that the measured time
 * of the log is met, with intervals by leaving out blocks of steps.
 *
 * @param steps an engine's step log, or the true one of a simulation; seconds and tokens
 * @throws Fault `step-model/no-steps`, `step-model/bad-step`, `step-model/no-context`, `step-cost/unknown-term`
 */
export const fitSteps = (steps: StepColumns, options: FitStepsOptions = {}): StepsFit => {
  const working = workingRows(steps);
  const stretches = stretchesOf(steps, working);
  const { terms: asked, choice } = termsToFit(options, stretches);
  const rows = rowsOf(
    stretches,
    Float64Array.from(working, (i) => steps.durationSec[i]),
    asked,
  );
  const { level = 0.95, weights: weighting = 'inverse-seconds', model = 'auto' } = options;
  const fit = fitRows(rows, { level, choice, weighting });
  const terms = fit.of.map((t) => asked[t]);
  const { intervals, identifiability } = fit;
  const p = asked.length;
  const isBase = terms.every((term) => BASE_TERMS.includes(term));
  const reads = terms.some(({ needs }) => needs.includes('contextTokens'));
  return {
    algo: 'steps',
    model: !isBase ? 'terms' : model !== 'auto' ? model : reads ? 'kv' : 'linear',
    terms,
    betas: betasOf(
      terms,
      Float64Array.from(fit.of, (t) => fit.coefficients[t]),
    ),
    intervals: intervals && {
      level,
      byLabel: Object.fromEntries(terms.map(({ label }, k) => [label, intervals.byTerm[fit.of[k]]])),
      covariance: fit.of.map((i) => fit.of.map((j) => intervals.covariance[i * p + j])),
      blocks: intervals.windows,
    },
    windows: windowsOn(fit.windows, fit.of, fit.coefficients),
    identifiability: {
      ...identifiability,
      compositions: {
        prefillTokens: rangeOf(steps.prefillTokens),
        decodeSeqs: rangeOf(steps.decodeTokens),
        ...(steps.contextTokens && { contextTokens: rangeOf(steps.contextTokens) }),
      },
    },
    diagnostics: diagnosticsOf(rows, fit.coefficients),
    warnings: warningsOf(steps.length - working.length, identifiability, intervals !== null),
  };
};
