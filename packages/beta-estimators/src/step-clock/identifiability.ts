import { reduceRows } from '@stepclock/nnls-solver';
import { inverse, Matrix, SingularValueDecomposition } from 'ml-matrix';
import type { ClockProblem } from './clock-problem.js';
import type { ClockState } from './clock-state.js';
import type { ClusterRows } from './clusters.js';
import { rowColumns, type StepBetas, type Width } from './row-fit.js';

export type CoefficientName = 'beta0' | 'beta1' | 'beta2' | 'beta3';
export const COEFFICIENTS: readonly CoefficientName[] = ['beta0', 'beta1', 'beta2', 'beta3'];

/** Two coefficients whose estimates move together: `correlation` of their errors. */
export interface ConfusedPair {
  readonly pair: readonly [CoefficientName, CoefficientName];
  readonly correlation: number;
}

/** What the trace can tell about each coefficient, whatever its noise. */
export interface Identifiability {
  /** Of the weighted design with columns of length 1; null where a column is zero or depends on others. */
  readonly conditionNumber: number | null;
  /**
   * Ranges over the steps seen, from the 0.5th to the 99.5th percentile of segments. Steps are counted to about one, so tokens a step are
   * quotients that may come out above what any step held: where the engine's token budget is known, none exceeds it.
   */
  readonly compositions: {
    readonly prefillTokens: readonly [number, number];
    readonly decodeSeqs: readonly [number, number];
    readonly contextTokens: readonly [number, number];
  };
  readonly confused: readonly ConfusedPair[];
  /** Coefficients that came out as zero although their column is not: the bound holds them. */
  readonly atBound: readonly CoefficientName[];
  /** Coefficients whose column is zero: nothing on this trace tells of them. */
  readonly absent: readonly CoefficientName[];
}

const CONFUSED = 0.98;
/** A smallest singular value below this (columns of length 1) is rounding. */
const DEPENDENT = 1e-7;

/** @param budget tokens a step of the engine, where known */
export const identifiability = (
  problem: ClockProblem,
  state: ClockState,
  rows: ClusterRows,
  weights: Float64Array,
  width: Width,
  beta: StepBetas,
  budget: number | null,
): Identifiability => {
  const { r } = reduceRows(rowColumns(rows, width), rows.seconds, { weights });
  const norms = Array.from({ length: width }, (_, j) => r.getColumnVector(j).norm());
  const present = norms.flatMap((norm, j) => (norm > 0 ? [j] : []));
  const scaled = Matrix.zeros(width, present.length);
  for (const [c, j] of present.entries()) {
    for (let i = 0; i < width; i++) scaled.set(i, c, r.get(i, j) / norms[j]);
  }
  const singular = present.length === 0 ? [] : new SingularValueDecomposition(scaled).diagonal;
  const smallest = singular.at(-1) ?? 0;
  const full = present.length === width && smallest > DEPENDENT;
  const name = (j: number): CoefficientName => COEFFICIENTS[j];
  return {
    conditionNumber: full ? singular[0] / smallest : null,
    compositions: compositions(problem, state, budget ?? Number.POSITIVE_INFINITY),
    confused:
      smallest > DEPENDENT ? confusedPairs(scaled, present.map(name)) : dependentPairs(scaled, present.map(name)),
    atBound: present.filter((j) => beta[j] === 0).map(name),
    absent: norms.flatMap((norm, j) => (norm > 0 ? [] : [name(j)])),
  };
};

/** Pairs whose errors are nearly proportional: correlations from the inverse of the scaled normal matrix. */
const confusedPairs = (scaled: Matrix, names: readonly CoefficientName[]): ConfusedPair[] => {
  const covariance = inverse(scaled.transpose().mmul(scaled));
  return pairs(names.length).flatMap(([i, j]) => {
    const correlation = covariance.get(i, j) / Math.sqrt(covariance.get(i, i) * covariance.get(j, j));
    const pair = [names[i], names[j]] as [CoefficientName, CoefficientName];
    return Math.abs(correlation) > CONFUSED ? [{ pair, correlation }] : [];
  });
};

/** Where the design has no full rank: the pairs of columns that point the same way. */
const dependentPairs = (scaled: Matrix, names: readonly CoefficientName[]): ConfusedPair[] =>
  pairs(names.length).flatMap(([i, j]) => {
    const cosine = scaled.getColumnVector(i).dot(scaled.getColumnVector(j));
    const pair = [names[i], names[j]] as [CoefficientName, CoefficientName];
    return cosine > 1 - DEPENDENT ? [{ pair, correlation: -1 }] : [];
  });

const pairs = (n: number): [number, number][] =>
  Array.from({ length: n }, (_, i) =>
    Array.from({ length: n - i - 1 }, (__, k): [number, number] => [i, i + 1 + k]),
  ).flat();

const compositions = (
  { frame, groups }: ClockProblem,
  { steps, shares, context }: ClockState,
  budget: number,
): Identifiability['compositions'] => {
  const prefill: number[] = [];
  const decodes: number[] = [];
  const contexts: number[] = [];
  const stride = Math.ceil(steps.length / MOST_SEGMENTS);
  for (let j = 0; j < steps.length; j += stride) {
    const k = steps[j];
    if (groups.ofSegment[j] < 0 || !(k >= 0.5)) continue;
    const active = frame.decodes[j];
    prefill.push(Math.min(shares.tokens[j] / k, Math.max(0, budget - active)));
    decodes.push(active);
    contexts.push(context[j]);
  }
  return { prefillTokens: range(prefill), decodeSeqs: range(decodes), contextTokens: range(contexts) };
};

const TAIL = 0.005;
/** Percentiles of a long trace need not look at every segment. */
const MOST_SEGMENTS = 50_000;

const range = (values: readonly number[]): readonly [number, number] => {
  const sorted = Float64Array.from(values).sort();
  const cut = Math.floor(TAIL * sorted.length);
  return [sorted[cut] ?? 0, sorted[sorted.length - 1 - cut] ?? 0];
};
