import { Fault } from '@stepclock/faults';
import { FARTHEST_SEC } from '../../bounds/clock-range.js';
import type { StepRow } from '../../tables/step-columns.js';

/** What a row of a table of steps may tell, by the names that `--map` takes. */
export const STEP_NUMBERS = [
  'start',
  'end',
  'seconds',
  'prefill_tokens',
  'prefill_requests',
  'prefill_context',
  'decode_seqs',
  'context_tokens',
  'iteration',
] as const;
export type StepNumber = (typeof STEP_NUMBERS)[number];

/** Those that are counts of whole things. A sum of positions, and the context by usage of a cache, need not be whole. */
export const STEP_COUNTS: readonly StepNumber[] = ['prefill_tokens', 'prefill_requests', 'decode_seqs', 'iteration'];

/**
 * A step from the cells of its row; NaN where the row has none. It lasts `seconds`, or from `start` to `end`.
 *
 * @param perSecond of the unit of the times
 * @param nameOf what the file calls a cell
 * @throws Fault `trace-io/bad-time`, `trace-io/missing-column`, `trace-io/bad-count`
 */
export function stepOfCells(
  value: (key: StepNumber) => number,
  perSecond: number,
  place: { readonly file: string; readonly line: number },
  nameOf: (key: StepNumber) => string,
): StepRow {
  const within = (key: 'start' | 'end' | 'seconds', seconds: number, least: number): number => {
    // Negated, so that an absent column (NaN) passes.
    if (!(seconds < least || seconds > FARTHEST_SEC)) return seconds;
    const rule = `must be seconds from ${least} to ${FARTHEST_SEC}`;
    throw new Fault('trace-io/bad-time', {
      what: `${key} of a step`,
      ...place,
      column: nameOf(key),
      value: seconds,
      rule,
    });
  };
  const startSec = within('start', value('start') / perSecond, -FARTHEST_SEC);
  const endSec = within('end', value('end') / perSecond, -FARTHEST_SEC);
  const given = within('seconds', value('seconds') / perSecond, 0);
  const durationSec = Number.isNaN(given) ? within('seconds', endSec - startSec, 0) : given;
  if (Number.isNaN(durationSec)) {
    const rule = 'must have seconds, or a start and an end';
    throw new Fault('trace-io/missing-column', { what: 'step', ...place, value: durationSec, rule });
  }
  const count = (key: StepNumber): number => {
    const number = value(key);
    if (!(number < 0)) return number;
    throw new Fault('trace-io/bad-count', {
      what: key,
      ...place,
      column: nameOf(key),
      value: number,
      rule: 'must be at least 0',
    });
  };
  return {
    durationSec,
    prefillTokens: count('prefill_tokens'),
    decodeTokens: count('decode_seqs'),
    startSec: Number.isNaN(startSec) ? endSec - durationSec : startSec,
    contextTokens: count('context_tokens'),
    prefillRequests: count('prefill_requests'),
    prefillContext: count('prefill_context'),
    iteration: count('iteration'),
  };
}
