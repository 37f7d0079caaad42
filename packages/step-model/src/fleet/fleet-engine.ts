import {
  CATALOGUE,
  fitWindows,
  mergeWindows,
  REBUILT_STEPS_FLOOR_SHARE,
  readWindows,
  type StepWindow,
  type Term,
  windowsOn,
} from '@stepclock/step-cost';
import { checkedTerms } from '../model-file/consistency.js';
import { reachOf } from '../prediction/predict-step-time.js';
import { stepModelFault } from '../step-model-fault.js';
import { type Drift, drift } from './drift.js';
import type { EngineLine } from './engine-line.js';

/** One engine of a fleet, from all of its lines. */
export interface FleetEngine {
  readonly name: string;
  readonly label: string | null;
  readonly rows: number;
  readonly used: number;
  /** Start of its first and of its last row, s; null where no line tells. */
  readonly startSec: readonly [number, number] | null;
  readonly terms: readonly Term[];
  /** By term, s. */
  readonly coefficients: Float64Array;
  /** Of the coefficients, as the model's intervals reach: scaled so that a normal quantile gives them; s^2. */
  readonly covariance: readonly Float64Array[];
  /** What its steps hold of each term, all together, and how many there are. */
  readonly sums: Float64Array;
  readonly steps: number;
  /** Null with fewer than ten windows. */
  readonly drift: Drift | null;
  /** What it was told of its engine, and how it was estimated: alike for engines of one kind. */
  readonly settings: string;
}

/** The quantile that 95 % intervals of a normal reach to. */
const NORMAL_95 = 1.959964;

type Modelled = EngineLine & { readonly model: NonNullable<EngineLine['model']> };

/** Whether a line has a model that can be pooled. */
export const isModelled = (line: EngineLine): line is Modelled => line.model !== null;

/**
 * An engine from its lines: of one line its own model; of several the regression of the sum of their windows, on the terms that all of them have.
 *
 * @param lines of one engine, at least one
 * @returns undefined where a model has no windows or no covariance, so that nothing can be pooled
 * @throws Fault `step-model/overlapping-lines` where two lines cover the same time, `step-model/bad-betas-file`, `step-cost/bad-windows`
 */
export const fleetEngine = (
  lines: readonly Modelled[],
  catalogue: readonly Term[] = CATALOGUE,
): FleetEngine | undefined => {
  const inTime = [...lines].sort((a, b) => startOf(a) - startOf(b));
  refuseOverlap(inTime);
  const parts = inTime.map((line) => partOf(line, catalogue));
  if (!parts.every((part) => part !== undefined)) return undefined;
  const terms = catalogue.filter((term) => parts.every((part) => part.terms.includes(term)));
  const windows = parts.flatMap((part) => windowsOn(part.windows, indicesOf(terms, part.terms), part.coefficients));
  const fit = parts.length === 1 ? ownFit(inTime[0], terms) : refitted(windows);
  if (fit === undefined) return undefined;
  const all = mergeWindows(windows);
  return {
    name: inTime[0].engine,
    label: inTime[0].label,
    rows: lines.reduce((sum, { rows }) => sum + rows, 0),
    used: lines.reduce((sum, { used }) => sum + used, 0),
    startSec: spanOf(inTime),
    terms,
    ...fit,
    sums: all.sums,
    steps: all.steps,
    drift: drift(windows, fit.coefficients),
    settings: [...new Set(inTime.map(settingsOf))].join('; '),
  };
};

const startOf = ({ start_seconds: start }: EngineLine): number => start?.[0] ?? Number.NEGATIVE_INFINITY;

/** Lines of one engine are of different times: the same rows twice would pass for twice the evidence. */
const refuseOverlap = (lines: readonly EngineLine[]): void => {
  for (const [i, line] of lines.entries()) {
    const before = lines[i - 1];
    if (before === undefined) continue;
    const last = before.start_seconds?.[1] ?? Number.NaN;
    const first = line.start_seconds?.[0] ?? Number.NaN;
    if (first > last) continue;
    throw stepModelFault('step-model/overlapping-lines', {
      what: `lines of engine ${line.engine}`,
      rule: `must be of different times; one ends at ${last} s`,
      value: `another from ${first} s`,
      hint: 'a line stands twice, or rows of one time went to two processes',
    });
  }
};

interface Part {
  readonly terms: readonly Term[];
  readonly coefficients: Float64Array;
  readonly windows: readonly StepWindow[];
}

const partOf = ({ model }: Modelled, catalogue: readonly Term[]): Part | undefined => {
  if (!model.windows || model.windows.windows.length === 0 || model.covariance === null) return undefined;
  const terms = checkedTerms(model, catalogue);
  const windows = readWindows(model.windows, catalogue);
  const inWindows = windows[0].terms;
  const valueIn = (term: Term): number => {
    const t = terms.indexOf(term);
    return t < 0 ? 0 : model.terms[t].value;
  };
  return { terms: inWindows, coefficients: Float64Array.from(inWindows, valueIn), windows };
};

const indicesOf = (terms: readonly Term[], among: readonly Term[]): readonly number[] =>
  terms.map((term) => among.indexOf(term));

/** A coefficient at its bound has no variance, and an upper end. */
const varianceOf = (value: number, interval: readonly [number, number] | null): number =>
  value === 0 ? ((interval?.[1] ?? 0) / NORMAL_95) ** 2 : value;

const ownFit = ({ model }: Modelled, terms: readonly Term[]) => {
  const own = checkedTerms(model, terms);
  const reach = reachOf(model.terms, model.covariance ?? []) / NORMAL_95;
  const at = terms.map((term) => own.indexOf(term));
  return {
    coefficients: Float64Array.from(at, (t) => (t < 0 ? 0 : model.terms[t].value)),
    covariance: at.map((t, i) =>
      Float64Array.from(at, (u, j) => {
        if (t < 0 || u < 0) return 0;
        const value = reach * reach * (model.covariance?.[t][u] ?? 0);
        return i === j ? varianceOf(value, model.terms[t].interval) : value;
      }),
    ),
  };
};

const refitted = (windows: readonly StepWindow[]) => {
  const { coefficients, intervals } = fitWindows(windows, { choice: 'all', floorShare: REBUILT_STEPS_FLOOR_SHARE });
  if (intervals === null) return undefined;
  const p = coefficients.length;
  const ends = intervals.byTerm;
  const covariance = Array.from({ length: p }, (_, i) =>
    Float64Array.from({ length: p }, (_, j) => {
      const value = intervals.covariance[i * p + j];
      return i === j ? varianceOf(value, ends[i]) : value;
    }),
  );
  return { coefficients, covariance };
};

const spanOf = (lines: readonly EngineLine[]): readonly [number, number] | null => {
  const starts = lines.flatMap(({ start_seconds: start }) => start ?? []);
  return starts.length === 0 ? null : [Math.min(...starts), Math.max(...starts)];
};

/** Options of an estimate that are told to it; the others are what it found in the log (a prompt offset). */
const TOLD = ['model', 'max_num_batched_tokens', 'queue_in_prefill', 'ci', 'tol', 'max_outer_iters'] as const;

const settingsOf = ({ model, stepclock_version: version }: Modelled): string => {
  const options: Readonly<Record<string, unknown>> = { ...objectOf(model.options) };
  return JSON.stringify([model.algo, model.limits ?? null, TOLD.map((name) => options[name] ?? null), version]);
};

const objectOf = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});
