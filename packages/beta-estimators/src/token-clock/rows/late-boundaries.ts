/** A step is taken to last at least the median less so many lower spreads of what steps last. */
const SPREADS = 3;
/** And at least this part of what is fitted for it. */
const LEAST_PART = 0.3;
/** At most this part: the fit may be a little off, and what is too much adds up from step to step. */
const MOST_PART = 0.9;
const ROUNDS = 3;

/**
 * The ends of steps that reached the client late, by the steps that follow: chunks are late, never early, so an end that leaves the
 * steps after it less time than they need was late itself. A client that stood still shows as a run of such ends.
 *
 * @param endSec end of each step as the client saw it, and `fittedSec` what each step should last
 * @param follows 1 where a step begins at the end of the one before
 * @returns by how much each end is late at least, seconds
 */
export function lateBoundaries(endSec: Float64Array, fittedSec: Float64Array, follows: Uint8Array): Float64Array {
  const length = endSec.length;
  const late = new Float64Array(length);
  // What steps last at least is learnt from those between ends that are not late themselves.
  for (let round = 0; round < ROUNDS; round++) {
    const part = leastPart(endSec, fittedSec, follows, late);
    late.fill(0);
    for (let k = length - 2; k >= 0; k--) {
      if (follows[k + 1] === 0) continue;
      const latest = endSec[k + 1] - late[k + 1] - part * fittedSec[k + 1];
      if (endSec[k] > latest) late[k] = endSec[k] - latest;
    }
  }
  return late;
}

/** What part of its fitted time a step lasts at least. */
function leastPart(endSec: Float64Array, fittedSec: Float64Array, follows: Uint8Array, late: Float64Array): number {
  const all = new Float64Array(endSec.length);
  let count = 0;
  for (let k = 1; k < endSec.length; k++)
    if (follows[k] === 1 && late[k - 1] === 0 && late[k] === 0)
      all[count++] = (endSec[k] - endSec[k - 1]) / fittedSec[k];
  if (count === 0) return LEAST_PART;
  const parts = all.subarray(0, count).sort();
  const median = parts[parts.length >> 1];
  const lower = parts[Math.floor(0.1587 * parts.length)];
  return Math.max(LEAST_PART, Math.min(median - SPREADS * (median - lower), MOST_PART));
}
