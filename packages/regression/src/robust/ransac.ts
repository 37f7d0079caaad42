import { medianOf, seededRandom } from '@stepclock/numerics';
import type { Dataset } from '../data/dataset.js';
import { fault } from '../fault.js';
import { designOf } from '../linear/design.js';
import { LinearModel } from '../linear/linear-model.js';
import type { Term } from '../linear/term.js';
import { above, share, wholeNumberFrom } from '../model/option-checks.js';
import { fitRows, type PlainFit, residualsOf, sampleRows } from './subset-fit.js';

export interface RansacOptions {
  readonly terms?: readonly Term[];
  readonly intercept?: boolean;
  /** Largest residual of an inlier, in the target's unit. Default: the median absolute deviation of the target, which is wide. */
  readonly residualThreshold?: number;
  /** Random subsets at most; default 100. */
  readonly maxTrials?: number;
  /**
   * Stops once a subset without outliers was met with this probability; default 0.99. That takes inliers to be free of noise: with a wide
   * threshold it means two or three trials, at the mercy of the seed. 1 runs all trials.
   */
  readonly stopProbability?: number;
  /** Default 42. */
  readonly seed?: number;
}

/** A consensus fit. */
export interface RansacFit {
  readonly model: LinearModel;
  /** 1 for rows within the threshold of the best subset's model; the model is the least-squares fit of these. */
  readonly inlier: Uint8Array;
  readonly inliers: number;
  readonly residualThreshold: number;
  readonly trials: number;
}

/**
 * Random sample consensus (Fischler and Bolles 1981): fits subsets as small as they can be, keeps the one that most rows agree with, and refits
 * on those. Ties go to the smaller sum of squares of the inliers. Weights are not used.
 *
 * @throws Fault `regression/bad-option` when the target's median deviation is 0 and no threshold is given;
 * `regression/rank-deficient` when no subset determines the coefficients
 */
export const ransac = (data: Dataset, options: RansacOptions = {}): RansacFit => {
  const { intercept = true, seed = 42 } = options;
  const maxTrials = wholeNumberFrom(1, 'maxTrials', options.maxTrials ?? 100);
  const stopProbability = share('stopProbability', options.stopProbability ?? 0.99);
  const { terms, columns, range } = designOf(data, options.terms, intercept);
  const { target } = data;
  const n = target.length;
  const median = medianOf(target);
  const threshold = above(
    0,
    'residualThreshold',
    options.residualThreshold ?? medianOf(target.map((y) => Math.abs(y - median))),
  );
  const size = terms.length + (intercept ? 1 : 0);
  const random = seededRandom(seed, 'ransac');

  let best: { inliers: number; squares: number; fit: PlainFit } | undefined;
  let trials = 0;
  let enough = maxTrials;
  while (trials < Math.min(enough, maxTrials)) {
    trials++;
    const fit = fitRows(columns, target, sampleRows(n, size, random), intercept);
    if (fit === undefined) continue;
    let inliers = 0;
    let squares = 0;
    for (const r of residualsOf(columns, target, fit)) {
      if (!(Math.abs(r) <= threshold)) continue;
      inliers++;
      squares += r * r;
    }
    if (best === undefined || inliers > best.inliers || (inliers === best.inliers && squares < best.squares)) {
      best = { inliers, squares, fit };
      // Of a certainty, no number of trials is enough; where all rows agree the quotient would be none.
      if (stopProbability < 1) enough = Math.log1p(-stopProbability) / Math.log1p(-((inliers / n) ** size));
    }
  }
  const inlier = new Uint8Array(n);
  const rows: number[] = [];
  if (best !== undefined) {
    residualsOf(columns, target, best.fit).forEach((r, i) => {
      if (!(Math.abs(r) <= threshold)) return;
      inlier[i] = 1;
      rows.push(i);
    });
  }
  const fit = best === undefined || rows.length < size ? undefined : fitRows(columns, target, rows, intercept);
  if (fit === undefined) {
    throw fault('regression/rank-deficient', {
      what: 'RANSAC',
      rule: `must find ${size} rows that determine the coefficients, with inliers that do too, in ${trials} trials`,
    });
  }
  return {
    model: new LinearModel({ estimator: 'ransac', terms, ...fit, hasIntercept: intercept }, range),
    inlier,
    inliers: rows.length,
    residualThreshold: threshold,
    trials,
  };
};
