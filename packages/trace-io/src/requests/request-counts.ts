import { Fault } from '@stepclock/faults';
import { MOST_OUTPUT_TOKENS, MOST_TOKENS, mostSteps, SHORTEST_STEP_SEC } from '../bounds/count-range.js';
import type { RequestRow } from '../tables/request-columns.js';

const COUNTS = ['promptTokens', 'cachedTokens', 'outputTokens', 'decodeSteps', 'preemptions'] as const;
const REQUIRED: readonly string[] = ['promptTokens', 'outputTokens'];

/**
 * Refuses requests whose counts no engine has: above 1e9, outputs above 1e7 tokens, and decodes of more steps than their time holds at 10 us each.
 *
 * @throws Fault `trace-io/bad-count`
 */
export function checkCounts(row: RequestRow, place: { readonly file: string; readonly line: number }): void {
  const { promptTokens, outputTokens, cachedTokens = 0, decodeSteps = 0, preemptions = 0 } = row;
  const fits =
    isCount(promptTokens, MOST_TOKENS) &&
    isCount(outputTokens, MOST_OUTPUT_TOKENS) &&
    isCountOrUnknown(cachedTokens) &&
    isCountOrUnknown(decodeSteps) &&
    isCountOrUnknown(preemptions);
  if (!fits) throw badCount(row, place);
  const decodeSec = (row.lastTokenSec ?? Number.NaN) - (row.firstTokenSec ?? Number.NaN);
  const known = row.decodeSteps ?? Number.NaN;
  const steps = Number.isNaN(known) ? outputTokens - 1 : known;
  if (decodeSec > 0 && steps > mostSteps(decodeSec)) {
    const column = Number.isNaN(known) ? 'outputTokens' : 'decodeSteps';
    const rule = `must be at most ${mostSteps(decodeSec)} steps in ${decodeSec} s, ${SHORTEST_STEP_SEC} s each`;
    throw new Fault('trace-io/bad-count', { what: column, ...place, column, value: steps, rule });
  }
}

const isCount = (value: number, most: number): boolean => value >= 0 && value <= most && Number.isInteger(value);

const isCountOrUnknown = (value: number): boolean => Number.isNaN(value) || isCount(value, MOST_TOKENS);

/** What is wrong with the first count that is none. */
function badCount(row: RequestRow, place: { readonly file: string; readonly line: number }): Fault {
  for (const column of COUNTS) {
    const value = row[column] ?? Number.NaN;
    const most = column === 'outputTokens' ? MOST_OUTPUT_TOKENS : MOST_TOKENS;
    if (isCount(value, most) || (Number.isNaN(value) && !REQUIRED.includes(column))) continue;
    const rule = `must be a whole number from 0 to ${most}`;
    return new Fault('trace-io/bad-count', { what: column, ...place, column, value, rule });
  }
  throw new Error('every count is one');
}
