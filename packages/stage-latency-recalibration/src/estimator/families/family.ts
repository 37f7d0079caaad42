import type { FeatureTable } from '@stepclock/regression';

/**
 * Forms of a stage's latency:
 * - `linear`, `polynomial` (degree 2): of the knobs, in ms, ridge;
 * - `log-polynomial`: log ms, degree 2 of the knobs' logarithms, ridge;
 * - `physics`: non-negative sum of knobs, their products and squares, least relative error: costs add up and none is negative;
 * - `gaussian-process`: log ms over the knobs' logarithms;
 * - `mlp`: one network over the knobs' logarithms with log ms of every stage as outputs; `mlp-separate`: a network a stage.
 */
export type Family =
  | 'linear'
  | 'polynomial'
  | 'log-polynomial'
  | 'physics'
  | 'gaussian-process'
  | 'mlp'
  | 'mlp-separate';

export const FAMILIES: readonly Family[] = [
  'linear',
  'polynomial',
  'log-polynomial',
  'physics',
  'gaussian-process',
  'mlp',
  'mlp-separate',
];

/** Those that are tried unless told otherwise: without the networks a stage, which take as many times longer as there are stages. */
export const DEFAULT_FAMILIES: readonly Family[] = FAMILIES.filter((family) => family !== 'mlp-separate');

/** A configuration as the forms see it. */
export interface EncodedRows {
  /** Standardised logarithms. */
  readonly scaled: FeatureTable;
  /** The knobs as they are. */
  readonly raw: FeatureTable;
}

/** One stage's latency from encoded knobs. */
export interface StagePredictor {
  readonly family: Family;
  /** Milliseconds, above 0. */
  predictMs(rows: EncodedRows): Float64Array;
  /** A plain object; {@link StagePredictor.family} says how to read it. */
  toJSON(): object;
}

/** Fits all stages at once, so that a family may share work between them. */
export type FamilyFit = (
  rows: EncodedRows,
  stagesMs: readonly Float64Array[],
  context: FitContext,
) => readonly StagePredictor[];

interface FitContext {
  readonly seed: number;
  /** Predictors of the same family on nearly the same rows, to start from. */
  readonly near?: readonly StagePredictor[] | undefined;
}
