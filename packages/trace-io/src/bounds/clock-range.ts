/**
 * The farthest that a time may lie from its clock's zero, s: three thousand years, sixty times the age of the epoch. Beyond it neighbouring doubles
 * lie more than 10 us apart and sums of squares run out of range; what stands there is another unit (epoch milliseconds or nanoseconds) or no time.
 */
export const FARTHEST_SEC = 1e11;

/** The shortest that a phase may last, s: no clock tells less, and rates over less run out of range. */
export const SHORTEST_SEC = 1e-12;

/** The rule in words. */
export const WITHIN_CLOCK = `seconds, at most ${FARTHEST_SEC} from the clock's zero (milliseconds since the epoch?)`;

/** Whether [start, end) can be a phase: on a clock, and not empty. */
export function isPhase(startSec: number, endSec: number): boolean {
  return endSec - startSec >= SHORTEST_SEC && startSec >= -FARTHEST_SEC && endSec <= FARTHEST_SEC;
}

/** How many of a file's units of time a second has. */
export const UNITS_PER_SEC = { s: 1, ms: 1e3, us: 1e6, ns: 1e9 } as const;

export const UNIT_WORDS = { s: 'seconds', ms: 'milliseconds', us: 'microseconds', ns: 'nanoseconds' } as const;
