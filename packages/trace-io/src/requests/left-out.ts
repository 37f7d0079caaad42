import type { Exclusion } from '../trace.js';

/** Never decoded beside others: the same record again, or a request that was turned away or has no token. */
const NEVER_RAN: ReadonlySet<string> = new Set(['duplicate-request', 'rejected', 'no-tokens']);

/** How much of a log its tables do not hold. */
export interface LeftOut {
  readonly count: number;
  /** Those among them that may have run in the same batches as the rest, and do not show there. */
  readonly ran: number;
  /** `ran` of all that may have run. */
  readonly share: number;
}

/** What was left out beside `taken` requests that were not. */
export const leftOutOf = (exclusions: readonly Exclusion[], taken: number): LeftOut => {
  const count = exclusions.reduce((total, exclusion) => total + exclusion.count, 0);
  const ran = exclusions.reduce(
    (total, exclusion) => total + (NEVER_RAN.has(exclusion.reason) ? 0 : exclusion.count - (exclusion.load ?? 0)),
    0,
  );
  return { count, ran, share: ran === 0 ? 0 : ran / (ran + taken) };
};
