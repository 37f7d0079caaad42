import { CATALOGUE, mergeWindows, readWindows, type Term } from '@stepclock/step-cost';
import type { BetasFile } from '../model-file/betas-schema.js';
import { checkedTerms } from '../model-file/consistency.js';
import { reachOf } from '../prediction/predict-step-time.js';
import type { Band } from '../replay/replay-bands.js';
import { stepModelFault } from '../step-model-fault.js';

/** A difference with its interval, at the level of the models'. */
export interface Change {
  readonly value: number;
  readonly interval: Band;
  /** Whether the interval leaves out zero. */
  readonly isClear: boolean;
}

/** One coefficient of both models, s per unit; a model without the term has it at zero. */
export interface TermChange {
  readonly term: string;
  readonly label: string;
  readonly unit: string;
  readonly a: number;
  readonly b: number;
  readonly change: Change;
}

/** What a term adds to the change of the mean step, as a share of A's step. */
interface TermShare {
  readonly term: string;
  readonly label: string;
  readonly share: Change;
}

/** The mean step of one workload, by both engines. */
export interface SameWorkload {
  /** Whose steps. */
  readonly of: 'a' | 'b';
  readonly aSec: number;
  readonly bSec: number;
  /** B over A, less one. */
  readonly change: Change;
  /** Adds up to the change. */
  readonly byTerm: readonly TermShare[];
  /** The term with the largest share of those whose own interval leaves out zero; null where the change is not clear or no term's is. */
  readonly cause: TermShare | null;
}

/** Two models of engines, B against A. */
export interface ModelComparison {
  readonly level: number;
  readonly terms: readonly TermChange[];
  readonly workloads: readonly [SameWorkload, SameWorkload];
  /** The mean step of B's log over that of A's, less one, and the parts of it: A's engine under B's load, then B's engine. */
  readonly meanStep: { readonly change: number; readonly ofWorkload: number; readonly ofEngine: number };
}

/** A model as the comparison reads it: one number and one variance a term of both. */
interface Side {
  readonly coefficients: Float64Array;
  /** Of the coefficients, times the squared reach of the model's own intervals. */
  readonly spread: readonly Float64Array[];
  /** Of each coefficient, what its interval reaches to one side: for one that is held at its bound the whole interval. NaN: the model does not have it. */
  readonly half: Float64Array;
  /** What a mean step of its log holds of each term. */
  readonly step: Float64Array;
  readonly level: number;
}

const missing = (name: string, what: string) =>
  stepModelFault('step-model/not-comparable', {
    what: name,
    rule: `must have ${what} to be compared`,
    value: null,
    hint: "estimate it again by 'stepclock estimate LOG --json'",
  });

const sideOf = (model: BetasFile, name: string, union: readonly Term[], catalogue: readonly Term[]): Side => {
  const { covariance, intervals, windows } = model;
  if (covariance === null || intervals === null) throw missing(name, 'a covariance and intervals');
  if (!windows || windows.windows.length === 0 || windows.weighting === 'none') {
    throw missing(name, 'windows, the sums that it was fitted from, weighted by seconds,');
  }
  const place = checkedTerms(model, catalogue).map((term) => union.indexOf(term));
  const p = union.length;
  const coefficients = new Float64Array(p);
  const spread = Array.from({ length: p }, () => new Float64Array(p));
  const half = new Float64Array(p).fill(Number.NaN);
  const reach = reachOf(model.terms, covariance);
  for (const [t, at] of place.entries()) {
    const { value, interval } = model.terms[t];
    coefficients[at] = value;
    half[at] =
      covariance[t][t] > 0 ? reach * Math.sqrt(covariance[t][t]) : Math.max(0, (interval?.[1] ?? value) - value);
    for (const [u, other] of place.entries()) spread[at][other] = reach * reach * covariance[t][u];
  }
  return { coefficients, spread, half, step: meanStepOf(windows, union, catalogue), level: intervals.level };
};

/** What the mean step of a log holds. */
const meanStepOf = (
  file: NonNullable<BetasFile['windows']>,
  union: readonly Term[],
  catalogue: readonly Term[],
): Float64Array => {
  const { terms, sums, steps } = mergeWindows(readWindows(file, catalogue));
  return Float64Array.from(union, (term) => {
    const t = terms.findIndex(({ name }) => name === term.name);
    return t < 0 ? 0 : sums[t] / steps;
  });
};

const dot = (x: ArrayLike<number>, y: ArrayLike<number>): number => {
  let sum = 0;
  for (let t = 0; t < x.length; t++) sum += x[t] * y[t];
  return sum;
};

/** x' S x. */
const quadratic = (spread: readonly Float64Array[], x: Float64Array): number =>
  Math.max(
    0,
    dot(
      x,
      Float64Array.from(spread, (row) => dot(row, x)),
    ),
  );

const changeOf = (value: number, half: number): Change => ({
  value,
  interval: [value - half, value + half],
  isClear: Math.abs(value) > half,
});

/** Half of the interval of a coefficient's change. What one model does not have may be there, as large as the other has it: others took its place. */
const halfOfChange = (a: Side, b: Side, t: number): number => {
  const own = (side: Side, other: Side): number =>
    Number.isNaN(side.half[t]) ? Math.abs(other.coefficients[t]) : side.half[t];
  return Math.hypot(own(a, b), own(b, a));
};

const sameWorkload = (of: 'a' | 'b', step: Float64Array, a: Side, b: Side, union: readonly Term[]): SameWorkload => {
  const [aSec, bSec] = [dot(step, a.coefficients), dot(step, b.coefficients)];
  const ratio = bSec / aSec;
  const half = Math.sqrt(quadratic(b.spread, step) + ratio * ratio * quadratic(a.spread, step)) / aSec;
  const byTerm = union.map((term, t) => {
    const difference = b.coefficients[t] - a.coefficients[t];
    const share = changeOf((step[t] * difference) / aSec, (step[t] * halfOfChange(a, b, t)) / aSec);
    return { term: term.name, label: term.label, share };
  });
  const change = changeOf(ratio - 1, half);
  const size = ({ share }: TermShare): number => Math.abs(share.value);
  // A cause of the other sign is none.
  const clear = byTerm.filter(({ share }) => change.isClear && share.isClear && share.value * change.value > 0);
  const cause = clear.length === 0 ? null : clear.reduce((most, other) => (size(other) > size(most) ? other : most));
  return { of, aSec, bSec, change, byTerm, cause };
};

/**
 * What differs between two engines, or one engine at two times, by their models: every coefficient, and the mean step under each of the two workloads,
 * so that a slower engine is told from a heavier load. Intervals are of the level that the models state, as if their logs were independent.
 *
 * @throws Fault `step-model/not-comparable` where a model has no covariance or no windows, or their levels differ; `step-model/bad-betas-file`
 */
export const compareModels = (
  a: BetasFile,
  b: BetasFile,
  names: readonly [string, string] = ['A', 'B'],
  catalogue: readonly Term[] = CATALOGUE,
): ModelComparison => {
  const used = new Set([...checkedTerms(a, catalogue), ...checkedTerms(b, catalogue)]);
  const union = catalogue.filter((term) => used.has(term));
  const [sideA, sideB] = [sideOf(a, names[0], union, catalogue), sideOf(b, names[1], union, catalogue)];
  if (sideA.level !== sideB.level) {
    const rule = `must have intervals of the level of ${names[0]} (${sideA.level}) to be compared`;
    throw stepModelFault('step-model/not-comparable', { what: names[1], rule, value: sideB.level });
  }
  const terms = union.map(({ name, label, unit }, t) => {
    const [valueA, valueB] = [sideA.coefficients[t], sideB.coefficients[t]];
    const change = changeOf(valueB - valueA, halfOfChange(sideA, sideB, t));
    return { term: name, label, unit, a: valueA, b: valueB, change };
  });
  const onA = sameWorkload('a', sideA.step, sideA, sideB, union);
  const onB = sameWorkload('b', sideB.step, sideA, sideB, union);
  return {
    level: sideA.level,
    terms,
    workloads: [onA, onB],
    meanStep: {
      change: onB.bSec / onA.aSec - 1,
      ofWorkload: onB.aSec / onA.aSec - 1,
      ofEngine: (onB.bSec - onB.aSec) / onA.aSec,
    },
  };
};

/**
 * How many times the data of both logs an interval as narrow as a threshold takes, by its half width over the threshold, squared; at least 1.
 */
export const dataNeeded = ({ interval }: Change, threshold: number): number =>
  Math.max(1, ((interval[1] - interval[0]) / 2 / threshold) ** 2);
