import { mergeReduced, type ReducedRows } from '@stepclock/nnls-solver';
import type { ClusterRows } from './clusters.js';
import type { ClockFit } from './fit-clock.js';
import { blockIntervals } from './intervals.js';
import { reducedBlocks, rowBlocks } from './row-blocks.js';
import { betasOf, predictedSeconds, rowColumns, type StepBetas, type Width } from './row-fit.js';

const FOLDS = 10;
/** The gain must be this many of its own standard errors. */
const CLEAR = 2;

/** Or it must win nearly every block, and lose at most this share of the linear model's loss over all of them. */
const NEARLY_EVERY = 9;
const FAR_BELOW = 0.5;

/** A term is material when it makes up this share of all the time, and told from zero beyond two standard errors. */
const MATERIAL = 0.05;
const TOLD = 2;

/**
 * Whether the context term predicts blocks that it was not fitted on better than the linear model. Clearly so: by the mean gain,
 * or, since a few blocks can carry most of the loss and make the mean uncertain, by winning nearly all of them. Or, where
 * the gain alone is not clear, if the term is also material and told from zero: every engine reads its cache, so a cost of context is what
 * physics expects, but a step without fixed cost is not, and a model that needs one to fit is refused.
 */
export const contextPays = ({ rows, weights, beta }: ClockFit): boolean => {
  const blocks = rowBlocks(rows, FOLDS);
  if (blocks.length < FOLDS || !(beta[0] > 0)) return false;
  const linear = heldOutLoss(rows, 3, weights, blocks);
  const kv = heldOutLoss(rows, 4, weights, blocks);
  const gains = linear.map((loss, b) => loss - (kv[b] as number));
  const mean = gains.reduce((sum, g) => sum + g, 0) / FOLDS;
  const variance = gains.reduce((sum, g) => sum + (g - mean) ** 2, 0) / (FOLDS - 1);
  const total = linear.reduce((sum, loss) => sum + loss, 0) / FOLDS;
  const wins = gains.filter((gain) => gain > 0).length;
  const left = kv.reduce((sum, loss) => sum + loss, 0) / FOLDS;
  if (wins >= NEARLY_EVERY && left < FAR_BELOW * total) return true;
  if (!(mean > LEAST_GAIN * total)) return false;
  if (mean > CLEAR * Math.sqrt(variance / FOLDS)) return true;
  return contextShare(rows, beta) > MATERIAL && told(rows, weights, beta);
};

const contextShare = (rows: ClusterRows, beta: StepBetas): number => {
  let context = 0;
  let seconds = 0;
  for (let i = 0; i < rows.length; i++) {
    context += beta[3] * (rows.contextTokens[i] as number);
    seconds += rows.seconds[i] as number;
  }
  return context / seconds;
};

const told = (rows: ClusterRows, weights: Float64Array, beta: StepBetas): boolean => {
  const variance = blockIntervals(rows, 4, weights, beta, 0.95)?.covariance[3]?.[3];
  return variance !== undefined && beta[3] > TOLD * Math.sqrt(variance);
};

/** A gain of rounding errors is none. */
const LEAST_GAIN = 1e-3;

const heldOutLoss = (
  rows: ClusterRows,
  width: Width,
  weights: Float64Array,
  blocks: readonly (readonly [number, number])[],
): number[] => {
  const parts: ReducedRows[] = reducedBlocks(rowColumns(rows, width), rows.seconds, weights, blocks);
  return blocks.map(([from, to], b) => {
    const beta = betasOf(mergeReduced(parts.filter((_, other) => other !== b)));
    let loss = 0;
    for (let i = from; i < to; i++) {
      const r = (rows.seconds[i] as number) - predictedSeconds(rows, beta, i);
      loss += (weights[i] as number) * r * r;
    }
    return loss;
  });
};
