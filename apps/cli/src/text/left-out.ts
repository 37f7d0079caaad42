import { type Exclusion, leftOutOf } from '@stepclock/trace-io';
import type { Session } from '../session/session.js';
import { grouped, percent } from './quantity.js';

/** A larger part of the load than this, and the batches were not what the log shows. */
const WARN_ABOVE = 0.02;

/** What was left out beside `taken` requests, in one line; nothing where all was taken. */
export const leftOutText = (exclusions: readonly Exclusion[], taken: number): readonly string[] => {
  if (exclusions.length === 0) return [];
  const { count } = leftOutOf(exclusions, taken);
  const reasons = exclusions.map(({ count: of, message, load = 0 }) => {
    const pressing = load === 0 ? '' : ` (${load === of ? 'load' : `${grouped(load)} of them load`} on the others)`;
    return `${grouped(of)} ${message}${pressing}`;
  });
  return [`left out: ${grouped(count)} of ${grouped(count + taken)}: ${reasons.join('; ')}`];
};

/** What was left out beside `taken` requests, for JSON. */
export const leftOutJson = (exclusions: readonly Exclusion[], taken: number): object => ({
  ...leftOutOf(exclusions, taken),
  reasons: exclusions.map(({ reason, count, load, lines }) => ({
    reason,
    count,
    ...(load !== undefined && { load }),
    lines,
  })),
});

/**
 * Warns where so many requests were left out that the rest ran in larger batches than it shows.
 *
 * @param seen those among what was left out whose tokens press on the others all the same
 */
export const warnOfLeftOut = (exclusions: readonly Exclusion[], taken: number, log: Session['log'], seen = 0): void => {
  const { ran } = leftOutOf(exclusions, taken);
  const missing = ran - seen;
  const share = missing / (taken + ran);
  if (!(share > WARN_ABOVE)) return;
  log.warn(
    `${percent(share)} of the requests (${grouped(missing)}) are left out, though they may have run in the same batches: decodes at once are then counted too low, and costs per decode come out too high [load-left-out]`,
  );
};
