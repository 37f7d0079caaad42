import { takeRows } from '@stepclock/regression';
import { median } from 'd3-array';
import type { MetricRows } from '../model/training-rows.js';
import { fitPhysics } from '../regressors/fit-physics.js';
import { paddedPrompt } from '../regressors/physics.js';
import { inputOf, outputOf } from '../regressors/tokens.js';

/** Relative deviation from what is usual for such a request, `value / usual - 1`, and how much of it is normal. */
export interface RobustResiduals {
  readonly relative: Float64Array;
  /** Deviation, as a share, beyond which a row is an outlier. */
  readonly limit: number;
}

/** Rows with one padded prompt, from which the usual value of a prefill can be read off. */
const BUCKET_ROWS = 5;
const ROBUST_SDS = 6;
/** Turns a median absolute deviation into the standard deviation of normal noise. */
const MAD_TO_SD = 1.4826;
/** Smaller deviations are never called outliers: they do a model no harm. */
const LEAST_LIMIT = 0.2;

/**
 * A prefill is compared with the median of those with the same padded prompt, where there are several; everything else with the physics form,
 * refitted without the outliers until they stand still.
 */
export const robustResiduals = (rows: MetricRows, padding: number): RobustResiduals => {
  const usual = physicsWithoutOutliers(rows, padding);
  if (outputOf(rows.tokens) === undefined) {
    const buckets = new Map<number, number[]>();
    inputOf(rows.tokens)?.forEach((tokens, k) => {
      const prompt = paddedPrompt(tokens, padding);
      const bucket = buckets.get(prompt);
      if (bucket) bucket.push(k);
      else buckets.set(prompt, [k]);
    });
    for (const bucket of buckets.values()) {
      if (bucket.length < BUCKET_ROWS) continue;
      const middle = median(bucket, (k) => rows.target[k]) ?? Number.NaN;
      for (const k of bucket) usual[k] = middle;
    }
  }
  const ratio = rows.target.map((value, k) => value / usual[k]);
  const around = neighbourRatios(rows, ratio);
  // Odd only what deviates from the form and from its neighbours: either alone may be off.
  const relative = ratio.map((r, k) => {
    const [fromForm, fromNeighbours] = [r - 1, r / around[k] - 1];
    return Math.abs(fromForm) < Math.abs(fromNeighbours) ? fromForm : fromNeighbours;
  });
  return { relative, limit: limitOf(relative) };
};

/** Requests of about the same size on either side that a row is compared with. */
const NEIGHBOURS = 3;

/**
 * Median of `value / usual` over the requests nearest in size, the row itself left out: where all of them deviate it is the form that is wrong, not
 * the measurement.
 */
const neighbourRatios = ({ tokens }: MetricRows, ratio: Float64Array): Float64Array => {
  const size = outputOf(tokens) ?? inputOf(tokens) ?? ratio;
  const order = Int32Array.from(ratio.keys()).sort((a, b) => size[a] - size[b] || a - b);
  const around = new Float64Array(ratio.length);
  order.forEach((row, at) => {
    const near = [...order.slice(Math.max(0, at - NEIGHBOURS), at), ...order.slice(at + 1, at + 1 + NEIGHBOURS)];
    around[row] = median(near, (k) => ratio[k]) ?? 1;
  });
  return around;
};

const limitOf = (relative: ArrayLike<number>): number =>
  Math.max(LEAST_LIMIT, ROBUST_SDS * MAD_TO_SD * (median(Array.from(relative), Math.abs) ?? 0));

const physicsWithoutOutliers = ({ metric, tokens, target }: MetricRows, padding: number): Float64Array => {
  let usual = fitPhysics(tokens, target, padding, metric).predict(tokens);
  let kept = target.length;
  for (let round = 0; round < 10; round++) {
    const relative = target.map((value, k) => value / usual[k] - 1);
    const limit = limitOf(relative);
    const good = Int32Array.from(relative.keys()).filter((k) => Math.abs(relative[k]) <= limit);
    // The limit is several times the median deviation: at least half of the rows are good.
    if (good.length === kept) break;
    kept = good.length;
    usual = fitPhysics(
      takeRows(tokens, good),
      Float64Array.from(good, (k) => target[k]),
      padding,
      metric,
    ).predict(tokens);
  }
  return usual;
};
