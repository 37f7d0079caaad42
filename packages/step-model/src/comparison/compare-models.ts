import { CATALOGUE, type Term } from '@stepclock/step-cost';
import type { BetasFile } from '../model-file/betas-schema.js';
import type { Band } from '../replay/replay-bands.js';
import { stepModelFault } from '../step-model-fault.js';
import { type ComparedLog, comparedLogOf } from './compared-log.js';
import { type EngineSide, engineSideOf } from './engine-side.js';
import { likeliestCause } from './likeliest-cause.js';
import { type BatchesCompared, comparedBatches } from './same-batches.js';

/** A difference with its interval, at the level of the models'. */
export interface Change {
  readonly value: number;
  readonly interval: Band;
  /** Whether the interval leaves out zero. */
  readonly isClear: boolean;
}

/** One coefficient of both models, s per unit. */
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

/** The term whose change alone explains all differences best. */
export interface Cause extends TermShare {
  /** Labels of terms that explain them as well: the logs do not tell which of all it is. */
  readonly alternatives: readonly string[];
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
  /** Null where the change is not clear, or no term alone explains it. */
  readonly cause: Cause | null;
}

/** Two models of engines, B against A. */
export interface ModelComparison {
  readonly level: number;
  readonly terms: readonly TermChange[];
  /** Labels of terms that only one side's logs tell: the others take their cost over, and intervals are wider by it. */
  readonly leftOut: readonly string[];
  readonly workloads: readonly [SameWorkload, SameWorkload];
  /** The mean step of B's log over that of A's, less one, and the parts of it: A's engine under B's load, then B's engine. */
  readonly meanStep: { readonly change: number; readonly ofWorkload: number; readonly ofEngine: number };
  /** Null where a log does not count its batches. */
  readonly batches: BatchesCompared | null;
  /** Whether the logs' batches have so little in common that a curve of the batch may pass for a slower engine. */
  readonly isAcrossBatches: boolean;
  /** Requests of the two sides; null where a file does not count them. */
  readonly requests: readonly [number | null, number | null];
}

/** Below, the two logs hardly tell of the same steps. */
const SAME_STEPS = 0.5;

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

const sameWorkload = (
  of: 'a' | 'b',
  step: Float64Array,
  a: EngineSide,
  b: EngineSide,
  terms: readonly Term[],
  level: number,
): SameWorkload => {
  const [aSec, bSec] = [dot(step, a.coefficients), dot(step, b.coefficients)];
  const ratio = bSec / aSec;
  const known = Math.sqrt(quadratic(b.spread, step) + ratio * ratio * quadratic(a.spread, step));
  const half = (known + a.leftOutSec + b.leftOutSec) / aSec;
  const change = changeOf(ratio - 1, half);
  const difference = b.coefficients.map((value, t) => value - a.coefficients[t]);
  const spread = a.spread.map((row, t) => row.map((value, u) => value + b.spread[t][u]));
  const shareOf = (t: number, value: number, own: number) => ({
    term: terms[t].name,
    label: terms[t].label,
    share: changeOf((step[t] * value) / aSec, (step[t] * own) / aSec),
  });
  const byTerm = terms.map((_, t) => shareOf(t, difference[t], Math.sqrt(spread[t][t])));
  const found = change.isClear ? likeliestCause(difference, spread, step, change.value, level) : undefined;
  const cause = found && {
    ...shareOf(found.best.at, found.best.change, found.best.half),
    alternatives: found.alternatives.map(({ at }) => terms[at].label),
  };
  return { of, aSec, bSec, change, byTerm, cause: cause ?? null };
};

/** The level of all logs. @throws Fault `step-model/not-comparable` */
const levelOf = (sides: readonly (readonly [string, readonly ComparedLog[]])[]): number => {
  const stated = sides.flatMap(([name, logs]) =>
    logs.flatMap(({ level }) => (level === null ? [] : [{ name, level }])),
  );
  const [first = { name: '', level: 0.95 }] = stated;
  const other = stated.find(({ level }) => level !== first.level);
  if (other === undefined) return first.level;
  const rule = `must have intervals of the level of ${first.name} (${first.level}) to be compared`;
  throw stepModelFault('step-model/not-comparable', { what: other.name, rule, value: other.level });
};

/**
 * What differs between two engines, or one engine at two times, by the sums that their models were fitted from: every coefficient, and the mean step
 * under each of the two workloads, so that a slower engine is told from a heavier load. Both sides are fitted with the same terms. Logs are taken as
 * independent, and what one clock errs by alike on both sides as no difference.
 *
 * @param a one or several logs of the engine to compare with
 * @throws Fault `step-model/not-comparable` where a log has too few windows, one of no weights, or their levels differ
 */
export const compareLogs = (
  a: readonly ComparedLog[],
  b: readonly ComparedLog[],
  names: readonly [string, string] = ['A', 'B'],
  catalogue: readonly Term[] = CATALOGUE,
): ModelComparison => {
  const logs = [...a, ...b];
  const level = levelOf([
    [names[0], a],
    [names[1], b],
  ]);
  const used = catalogue.filter((term) => logs.some(({ terms }) => terms.includes(term)));
  const terms = used.filter((term) => logs.every(({ windows: [{ terms: own }] }) => own.includes(term)));
  const hasOtherClock = new Set(logs.flatMap(({ algo }) => algo ?? [])).size > 1;
  const [sideA, sideB] = ([a, b] as const).map((side, i) => engineSideOf(side, terms, names[i], level, hasOtherClock));
  const changes = terms.map(({ name, label, unit }, t) => {
    const [valueA, valueB] = [sideA.coefficients[t], sideB.coefficients[t]];
    const half = Math.sqrt(sideA.spread[t][t] + sideB.spread[t][t]);
    return { term: name, label, unit, a: valueA, b: valueB, change: changeOf(valueB - valueA, half) };
  });
  const onA = sameWorkload('a', sideA.step, sideA, sideB, terms, level);
  const onB = sameWorkload('b', sideB.step, sideA, sideB, terms, level);
  const batches = comparedBatches(sideA.batches, sideB.batches, level) ?? null;
  return {
    level,
    terms: changes,
    leftOut: used.filter((term) => !terms.includes(term)).map(({ label }) => label),
    workloads: [onA, onB],
    meanStep: {
      change: onB.bSec / onA.aSec - 1,
      ofWorkload: onB.aSec / onA.aSec - 1,
      ofEngine: (onB.bSec - onB.aSec) / onA.aSec,
    },
    batches,
    isAcrossBatches: batches !== null && batches.overlap < SAME_STEPS,
    requests: [sideA.requests, sideB.requests],
  };
};

/** {@link compareLogs} of two models. */
export const compareModels = (
  a: BetasFile,
  b: BetasFile,
  names: readonly [string, string] = ['A', 'B'],
  catalogue: readonly Term[] = CATALOGUE,
): ModelComparison =>
  compareLogs([comparedLogOf(a, names[0], catalogue)], [comparedLogOf(b, names[1], catalogue)], names, catalogue);
