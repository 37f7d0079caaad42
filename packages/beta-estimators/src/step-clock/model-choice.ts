import { mergeReduced, type ReducedRows } from '@stepclock/nnls-solver';
import type { ClusterRows } from './clusters.js';
import type { ClockFit } from './fit-clock.js';
import { blockIntervals } from './intervals.js';
import { reducedBlocks, rowBlocks } from './row-blocks.js';
import { betasOf, predictedSeconds, rowColumns, type StepBetas, type Width } from './row-fit.js';

/** One cluster can be longer than a block should be, so there may be fewer; too few tell nothing. */
const FOLDS = 10;
const FEWEST = 6;
/** The gain must be this many of its own standard errors. */
const CLEAR = 2;

/** Or it must win every block but one, and lose at most this share of the linear model's loss over all of them. */
const FAR_BELOW = 0.5;

/** A term that makes up less of all the time than this is not worth a coefficient. */
const NEGLIGIBLE = 0.01;
/** One that makes up this share is material, and told from zero beyond two standard errors. */
const MATERIAL = 0.05;
const TOLD = 2;

/**
 * Whether the context term predicts blocks that it was not fitted on better than the linear model. Clearly so: by the mean gain,
 * or, since a few blocks can carry most of the loss and make the mean uncertain, by winning nearly all of them. Or, where
 * the gain alone is not clear, if the term is also material and told from zero: every engine reads its cache, so a cost of context is what
 * physics expects. A step without fixed cost is not, and a model that needs one to fit is refused.
 */
export const contextPays = ({ rows, weights, beta }: ClockFit): boolean => {
  const blocks = rowBlocks(rows, FOLDS);
  const count = blocks.length;
  const share = contextShare(rows, beta);
  if (count < FEWEST || !(beta[0] > 0) || !(share > NEGLIGIBLE)) return false;
  const linear = heldOutLoss(rows, 3, weights, blocks);
  const kv = heldOutLoss(rows, 4, weights, blocks);
  const gains = linear.map((loss, b) => loss - kv[b]);
  const mean = gains.reduce((sum, g) => sum + g, 0) / count;
  const variance = gains.reduce((sum, g) => sum + (g - mean) ** 2, 0) / (count - 1);
  const total = linear.reduce((sum, loss) => sum + loss, 0) / count;
  const wins = gains.filter((gain) => gain > 0).length;
  const left = kv.reduce((sum, loss) => sum + loss, 0) / count;
  if (wins >= count - 1 && left < FAR_BELOW * total) return true;
  if (!(mean > LEAST_GAIN * total)) return false;
  if (mean > CLEAR * Math.sqrt(variance / count)) return true;
  return share > MATERIAL && told(rows, weights, beta);
};

const contextShare = (rows: ClusterRows, beta: StepBetas): number => {
  let context = 0;
  let seconds = 0;
  for (let i = 0; i < rows.length; i++) {
    context += beta[3] * rows.contextTokens[i];
    seconds += rows.seconds[i];
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
      const r = rows.seconds[i] - predictedSeconds(rows, beta, i);
      loss += weights[i] * r * r;
    }
    return loss;
  });
};
