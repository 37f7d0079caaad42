import { quantileOf, sortedCopy } from '@stepclock/numerics';
import type { RequestTable } from '@stepclock/trace-io';

/** Clients that each send their next request when they have their answer. */
export interface FoundLoop {
  readonly clients: number;
  /** From a client's last token to its next request, s: the median of the log's. */
  readonly turnaroundSec: number;
}

/** Fewer starts after a completion tell nothing. */
const ENOUGH_STARTS = 20;
/** Nearly every start follows its completion, within a small part of the mean time between two starts. */
const THROUGHOUT = 0.95;
const JUST_AFTER = 0.3;

const mostInFlight = (starts: Float64Array, ends: Float64Array): number => {
  let [ended, most] = [0, 0];
  for (let k = 0; k < starts.length; k++) {
    while (ended < ends.length && ends[ended] <= starts[k]) ended++;
    most = Math.max(most, k + 1 - ended);
  }
  return most;
};

/**
 * The closed loop that a log comes from: of N clients, where request n + N starts just after the n-th completion throughout.
 *
 * @returns undefined where the log is none, or is too short to tell
 */
export const closedLoopOf = ({ length, arrivalSec, lastTokenSec }: RequestTable): FoundLoop | undefined => {
  if (arrivalSec === undefined || lastTokenSec === undefined) return undefined;
  const starts = sortedCopy(arrivalSec);
  const ends = sortedCopy(lastTokenSec.filter((sec) => !Number.isNaN(sec)));
  if (ends.length < length || starts.some(Number.isNaN)) return undefined;
  const clients = mostInFlight(starts, ends);
  const after = length - clients;
  if (after < Math.max(ENOUGH_STARTS, clients)) return undefined;
  const lags = Float64Array.from({ length: after }, (_, k) => starts[k + clients] - ends[k]);
  const meanGap = (starts[length - 1] - starts[clients - 1]) / after;
  if (!(quantileOf(lags, THROUGHOUT) <= JUST_AFTER * meanGap)) return undefined;
  return { clients, turnaroundSec: quantileOf(lags, 0.5) };
};
