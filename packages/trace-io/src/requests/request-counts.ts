import { Fault } from '@stepclock/faults';
import { MOST_OUTPUT_TOKENS, MOST_TOKENS, mostSteps, SHORTEST_STEP_SEC } from '../tables/count-range.js';
import type { RequestRow } from '../tables/request-columns.js';

const COUNTS = ['promptTokens', 'cachedTokens', 'outputTokens', 'decodeSteps', 'preemptions'] as const;
const REQUIRED: readonly string[] = ['promptTokens', 'outputTokens'];

/**
 * Refuses requests whose counts no engine has: above 1e9, outputs above 1e7 tokens, and decodes of more steps than their time holds at 10 us each.
 *
 * @throws Fault `trace-io/bad-count`
 */
export function checkCounts(row: RequestRow, place: { readonly file: string; readonly line: number }): void {
  const fault = (column: string, value: unknown, rule: string) =>
    new Fault('trace-io/bad-count', { what: column, ...place, column, value, rule });
  for (const name of COUNTS) {
    const value = row[name] ?? Number.NaN;
    if (Number.isNaN(value) && !REQUIRED.includes(name)) continue;
    const most = name === 'outputTokens' ? MOST_OUTPUT_TOKENS : MOST_TOKENS;
    if (!(value >= 0 && value <= most && Number.isInteger(value))) {
      throw fault(name, value, `must be a whole number from 0 to ${most}`);
    }
  }
  const decodeSec = (row.lastTokenSec ?? Number.NaN) - (row.firstTokenSec ?? Number.NaN);
  const known = row.decodeSteps ?? Number.NaN;
  const [name, steps] = Number.isNaN(known) ? ['outputTokens', row.outputTokens - 1] : ['decodeSteps', known];
  if (decodeSec > 0 && steps > mostSteps(decodeSec)) {
    throw fault(
      name,
      steps,
      `must be at most ${mostSteps(decodeSec)} steps in ${decodeSec} s, ${SHORTEST_STEP_SEC} s each`,
    );
  }
}
