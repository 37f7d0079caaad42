// Whether a figure meets a target, as draws of it tell.
import { meanOf, tQuantile } from '@stepclock/numerics';

/** Of a hundred figures that lie at a bound of their target, a quick run calls one missed. */
const CONFIDENCE = 0.99;

/** A target of a figure; one that is better the smaller has no `low`. */
export interface Target {
  readonly low?: number;
  readonly high: number;
}

export type Verdict = 'yes' | 'NO' | 'open';

/**
 * The verdict on a figure. A full run goes by the figure itself. A quick one has few draws, whose mean misses a target by chance: it is missed where the
 * whole t-interval of the draws' mean lies outside, and open where the figure misses it but the interval does not.
 *
 * @param figure of all draws together
 * @param draws the figure of each draw; their order means nothing
 */
export const overDraws = (
  figure: number,
  draws: readonly number[],
  { low = Number.NEGATIVE_INFINITY, high }: Target,
  quick: boolean,
): Verdict => {
  if (figure >= low && figure <= high) return 'yes';
  if (!quick) return 'NO';
  const mean = meanOf(draws);
  const sumOfSquares = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  const free = draws.length - 1;
  const reach = tQuantile(CONFIDENCE, free) * Math.sqrt(sumOfSquares / free / draws.length);
  // Without a spread (one draw, NaN) nothing is known.
  return !(mean - reach <= high && mean + reach >= low) && Number.isFinite(reach) ? 'NO' : 'open';
};

/** The verdict on a row whose figures each have a target. */
export const worstOf = (verdicts: readonly Verdict[]): Verdict =>
  verdicts.includes('NO') ? 'NO' : verdicts.includes('open') ? 'open' : 'yes';
