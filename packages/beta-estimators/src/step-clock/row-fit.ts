import { nnlsReduced, type ReducedRows, reduceRows } from '@stepclock/nnls-solver';
import type { ClusterRows } from './clusters.js';

/** Coefficients of a step, s: beta0, beta1, beta2, beta3 (0 in the linear model). */
export type StepBetas = readonly [beta0: number, beta1: number, beta2: number, beta3: number];

/** Coefficients that a model has: 3 for `linear`, 4 for `kv`. */
export type Width = 3 | 4;

export const predictedSeconds = (rows: ClusterRows, beta: StepBetas, i: number): number =>
  beta[0] * rows.steps[i] +
  beta[1] * rows.prefillTokens[i] +
  beta[2] * rows.decodeTokens[i] +
  beta[3] * rows.contextTokens[i];

/**
 * Weights of the rows: the inverse of their predicted time. They suit steps that vary in proportion to their length nearly as
 * well as the exact ones would, and with them the residuals sum to zero: whatever the model lacks, the time of the whole trace
 * is met, which is what a replay or a capacity plan lives on.
 */
export const rowWeights = (rows: ClusterRows, beta: StepBetas | undefined): Float64Array => {
  const weights = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const seconds = beta === undefined ? rows.seconds[i] : predictedSeconds(rows, beta, i);
    weights[i] = rows.steps[i] > 0 && seconds > 0 ? 1 / seconds : 0;
  }
  return weights;
};

/**
 * Weights of the rows of an undisturbed clock: halfway (geometrically) between the inverse of their steps, which suits steps
 * that all vary by the same time, and the inverse of their time. What varies with the length of a step is the noise; what
 * does not is what a linear model lacks on a real engine, and there the many short steps must not decide what the long ones
 * cost.
 */
export const evenWeights = (rows: ClusterRows, beta: StepBetas | undefined): Float64Array =>
  rowWeights(rows, beta).map((weight, i) => Math.sqrt(weight / Math.max(rows.steps[i], Number.MIN_VALUE)));

export const rowColumns = (rows: ClusterRows, width: Width): Float64Array[] =>
  [rows.steps, rows.prefillTokens, rows.decodeTokens, rows.contextTokens].slice(0, width);

/** Coefficients of a reduced system, none negative. */
export const betasOf = (reduced: ReducedRows): StepBetas => {
  const { x } = nnlsReduced(reduced);
  return [x[0] ?? 0, x[1] ?? 0, x[2] ?? 0, x[3] ?? 0];
};

export const fitRows = (rows: ClusterRows, width: Width, weights: Float64Array): StepBetas =>
  betasOf(reduceRows(rowColumns(rows, width), rows.seconds, { weights }));
