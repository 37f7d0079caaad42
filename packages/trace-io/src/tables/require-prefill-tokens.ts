import { Fault } from '@stepclock/faults';
import { type PhaseTable, PREFILL } from './phase-table.js';
import { tokensOfRows } from './table-columns.js';

/**
 * Refuses phases of which a prefill has steps and no tokens: all but the published estimators without a correction need them.
 *
 * @throws Fault `trace-io/missing-tokens`
 */
export const requirePrefillTokens = (phases: PhaseTable): void => {
  const tokens = tokensOfRows(phases);
  const row = phases.kind.findIndex((kind, i) => kind === PREFILL && Number.isNaN(tokens(i)));
  if (row < 0) return;
  throw new Fault('trace-io/missing-tokens', {
    what: 'prefill_tokens',
    rule: 'must be given for every prefill',
    value: `none for the prefill of request ${phases.requestIds.at(phases.request[row])}`,
    row,
    hint: 'only the published estimators without a correction do with N_steps alone',
  });
};
