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
/** Of the tolerance: so far beyond the rate that a line foretells lies the next one. */
const BEYOND = 0.4;

/** A rate that was tried: its logarithm, and by how much it was too much (0 or less: it held). */
interface Tried {
  readonly rate: number;
  readonly at: number;
  readonly excess: number;
}

/** Where the line through two points is zero; undefined where it tells nothing. */
const zeroOf = (a: Tried, b: Tried): number | undefined => {
  const slope = (b.excess - a.excess) / (b.at - a.at);
  return slope > 0 && Number.isFinite(slope) ? b.at - b.excess / slope : undefined;
};

/**
 * The highest rate at which something holds, by growing steps and then, on the logarithm, by the line through both ends of what is left; by halving
 * where lines do not close in. What holds at a rate is taken to hold below it.
 *
 * @param excessAt by how much a rate is too much, at best continuous: 0 or less where it holds; above 0, Infinity included, where it does not
 * @returns undefined where it does not hold at `least` either
 */
export const highestRate = (
  excessAt: (ratePerSec: number) => number,
  { from, least, tolerance, growth = 2 }: RateSearch,
): RateBracket | undefined => {
  const tried = (rate: number): Tried => ({ rate, at: Math.log(rate), excess: excessAt(rate) });
  const margin = BEYOND * Math.log1p(tolerance);
  let factor = growth;
  let before = tried(from);
  const isUp = before.excess <= 0;
  const beyond = (): Tried => {
    const next = isUp ? factor * before.rate : Math.max(before.rate / factor, least);
    factor = Math.min(2, factor * factor);
    return tried(next);
  };
  if (!isUp && from <= least) return undefined;
  let last = beyond();
  for (let steps = 1; last.excess <= 0 === isUp; steps++) {
    if (isUp && steps === MOST_STEPS) return { holds: last.rate, fails: Infinity };
    if (!isUp && last.rate <= least) return undefined;
    before = last;
    last = beyond();
  }
  let [holds, fails] = isUp ? [before, last] : [last, before];
  // Two lines in a row that leave more than half are followed by a halving.
  let idle = 0;
  while (fails.rate / holds.rate > 1 + tolerance) {
    const width = fails.at - holds.at;
    const zero = idle < 2 ? zeroOf(holds, fails) : undefined;
    // A little beyond the zero as seen from the nearer end, so that the other end comes close.
    const wanted = zero === undefined ? holds.at + width / 2 : zero + (zero - holds.at < width / 2 ? margin : -margin);
    const next = tried(Math.exp(Math.min(Math.max(wanted, holds.at + margin), fails.at - margin)));
    if (next.excess <= 0) holds = next;
    else fails = next;
    idle = fails.at - holds.at > width / 2 ? idle + 1 : 0;
  }
  return { holds: holds.rate, fails: fails.rate };
};
