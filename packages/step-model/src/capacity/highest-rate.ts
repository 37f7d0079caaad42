/** The highest rate that holds, and one just above it that does not, 1/s. */
export interface RateBracket {
  readonly holds: number;
  /** Infinity where it holds at every rate tried. */
  readonly fails: number;
}

export interface RateSearch {
  /** The rate to start at, 1/s. */
  readonly from: number;
  /** A rate so low that nothing changes below it, 1/s. */
  readonly least: number;
  /** Of the answer, relative. */
  readonly tolerance: number;
  /** The factor of the first step up or down; it grows to 2, which is the default. */
  readonly growth?: number;
}

/** Doublings, more than any engine's rates span. */
const MOST_STEPS = 40;

/**
 * The highest rate at which something holds, by growing steps and then bisection on the logarithm. What holds at a rate is taken to hold below it.
 *
 * @returns undefined where it does not hold at `least` either
 */
export const highestRate = (
  holdsAt: (ratePerSec: number) => boolean,
  { from, least, tolerance, growth = 2 }: RateSearch,
): RateBracket | undefined => {
  let [holds, fails] = [from, from];
  let factor = growth;
  if (holdsAt(from)) {
    for (let steps = 0; fails === holds; steps++) {
      if (steps === MOST_STEPS) return { holds, fails: Infinity };
      fails = factor * holds;
      if (holdsAt(fails)) holds = fails;
      factor = Math.min(2, factor * factor);
    }
  } else {
    do {
      fails = holds;
      if (fails <= least) return undefined;
      holds = Math.max(fails / factor, least);
      factor = Math.min(2, factor * factor);
    } while (!holdsAt(holds));
  }
  while (fails / holds > 1 + tolerance) {
    const middle = Math.sqrt(holds * fails);
    if (holdsAt(middle)) holds = middle;
    else fails = middle;
  }
  return { holds, fails };
};
