import { Fault } from '@stepclock/faults';
import { FARTHEST_SEC, SHORTEST_SEC, WITHIN_CLOCK } from '../bounds/clock-range.js';
import type { RequestRow } from '../tables/request-columns.js';

const TIMES = ['arrivalSec', 'scheduledSec', 'firstTokenSec', 'lastTokenSec'] as const;
export type RequestTime = (typeof TIMES)[number];

/**
 * Refuses requests whose times no clock shows, or whose phases are shorter than any clock tells.
 *
 * @param columnOf the file's name for a time; the table's own where the file has none
 * @throws Fault `trace-io/bad-time`
 */
export function checkTimes(
  row: RequestRow,
  place: { readonly file: string; readonly line: number },
  columnOf: (time: RequestTime) => string = (time) => time,
): void {
  for (const time of TIMES) {
    const sec = row[time];
    if (sec === undefined || Number.isNaN(sec) || Math.abs(sec) <= FARTHEST_SEC) continue;
    throw badTime(columnOf(time), place, sec, `must be ${WITHIN_CLOCK}`);
  }
  const first = row.firstTokenSec ?? Number.NaN;
  const last = row.lastTokenSec ?? Number.NaN;
  const scheduled = row.scheduledSec ?? Number.NaN;
  const start = Number.isNaN(scheduled) ? (row.arrivalSec ?? Number.NaN) : scheduled;
  if (first - start > 0 && first - start < SHORTEST_SEC) {
    throw badTime(
      columnOf('firstTokenSec'),
      place,
      first - start,
      `must be at least ${SHORTEST_SEC} s after the start of the prefill`,
    );
  }
  if (last - first > 0 && last - first < SHORTEST_SEC) {
    throw badTime(
      columnOf('lastTokenSec'),
      place,
      last - first,
      `must be at least ${SHORTEST_SEC} s after the first token`,
    );
  }
}

function badTime(
  column: string,
  place: { readonly file: string; readonly line: number },
  value: number,
  rule: string,
): Fault {
  return new Fault('trace-io/bad-time', { what: column, ...place, column, value, rule });
}
