import { choleskyFactor, inverseOfFactored, tQuantile } from '@stepclock/numerics';

/** A change that one term alone explains. */
interface Candidate {
  readonly at: number;
  /** Of its coefficient, if it alone changed, s; half of its interval. */
  readonly change: number;
  readonly half: number;
  /** What it leaves unexplained: squares in units of the reach of an interval. */
  readonly rest: number;
}

/** Which single term explains a difference of coefficients best, and which explain it as well. */
export interface LikeliestCause {
  readonly best: Candidate;
  /** Those that the data cannot tell from the best, the likelier first. */
  readonly alternatives: readonly Candidate[];
}

/** Added to the correlations' diagonal, so that terms which move as one have a factor. */
const JITTER = 1e-9;
const NORMAL = 1e9;
/** One change in a hundred that is of one term is taken for one of several. */
const SURELY = 0.99;

/** The quantile of chi squared, by Wilson and Hilferty (1931, doi:10.1073/pnas.17.12.684). */
const chiSquared = (level: number, freedom: number): number => {
  if (freedom === 0) return 0;
  const z = tQuantile(level, NORMAL);
  return freedom * (1 - 2 / (9 * freedom) + z * Math.sqrt(2 / (9 * freedom))) ** 3;
};

/**
 * The term whose change alone is likeliest, by the joint covariance of all differences: terms that rise and fall together hide a change in each
 * other's coefficients, and only all of them together say which it was.
 *
 * @param difference of every coefficient
 * @param spread their covariance, times the squared reach of an interval at the level
 * @param weight what a step holds of each term: a candidate moves the step the way that it moved
 * @param change of the step
 * @returns undefined where no term alone explains the differences, or nothing tells
 */
export const likeliestCause = (
  difference: Float64Array,
  spread: readonly Float64Array[],
  weight: Float64Array,
  change: number,
  level: number,
): LikeliestCause | undefined => {
  const error = spread.map((row, t) => Math.sqrt(row[t]));
  const moving = error.flatMap((sd, t) => (sd > 0 ? [t] : []));
  const n = moving.length;
  const correlation = Float64Array.from({ length: n * n }, (_, k) => {
    const [a, b] = [moving[Math.floor(k / n)], moving[k % n]];
    return a === b ? 1 + JITTER : spread[a][b] / (error[a] * error[b]);
  });
  const factor = choleskyFactor(correlation, n);
  if (factor === undefined || n === 0) return undefined;
  const inverse = inverseOfFactored(factor, n);
  const precision = (i: number, j: number): number => (i >= j ? inverse[i * n + j] : inverse[j * n + i]);
  const scaled = moving.map((t) => difference[t] / error[t]);
  const image = moving.map((_, i) => scaled.reduce((sum, d, j) => sum + precision(i, j) * d, 0));
  const whole = scaled.reduce((sum, d, i) => sum + d * image[i], 0);
  const candidates = moving
    .map((at, i): Candidate => {
      const own = precision(i, i);
      const size = image[i] / own;
      return { at, change: size * error[at], half: error[at] / Math.sqrt(own), rest: whole - size * image[i] };
    })
    .filter(({ at, change: own }) => own * weight[at] * change > 0)
    .sort((a, b) => a.rest - b.rest);
  const [best, ...others] = candidates;
  const reach = tQuantile((1 + level) / 2, NORMAL) ** 2;
  if (best === undefined || best.rest * reach > chiSquared(SURELY, n - 1)) return undefined;
  return { best, alternatives: others.filter(({ rest }) => rest <= best.rest + 1) };
};
