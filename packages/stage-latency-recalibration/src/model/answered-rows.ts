import { type Fault, isFault } from '@stepclock/faults';
import { type KnobTable, placeOf, takeKnobRows } from '../data/stage-table.js';
import type { StageWarning } from '../stage-fault.js';

/** What is wrong with one row, and says nothing of the others: a zero under a logarithm, a level never seen, a time below zero. */
const OF_A_ROW: readonly string[] = ['stage/bad-value', 'stage/unknown-level', 'stage/not-identifiable'];

export interface AnsweredRows<Answer> {
  /** Numbers of the rows that there is an answer to, ascending. */
  readonly rows: Uint32Array;
  /** Why there is none to the others, by row number. */
  readonly refused: ReadonlyMap<number, string>;
  /** To `rows` together. */
  readonly answer: Answer;
  readonly warnings: readonly StageWarning[];
}

/**
 * Asks for all rows that have an answer: those that do not are set apart, found by halves.
 *
 * @param ask throws the fault of the first row that has none; it is told the numbers of its rows
 * @throws Fault of the first row where none has an answer, and what is not about a row
 */
export const answeredRows = <Answer>(
  table: KnobTable,
  ask: (asked: KnobTable, numbers: Uint32Array) => Answer,
): AnsweredRows<Answer> => {
  const refused = new Map<number, string>();
  const rows: number[] = [];
  let first: Fault | undefined;
  /** The answer to the rows from `low` to before `high` together; where it fails, its halves are asked. */
  const visit = (low: number, high: number): Answer | undefined => {
    const own = Uint32Array.from({ length: high - low }, (_, i) => low + i);
    try {
      const answer = ask(takeKnobRows(table, own), own);
      for (const row of own) rows.push(row);
      return answer;
    } catch (error) {
      if (!isFault(error) || !OF_A_ROW.includes(error.code)) throw error;
      if (high - low === 1) {
        const fault = error.with({ row: undefined, ...placeOf(table, low) });
        first ??= fault;
        refused.set(low, fault.message);
        return undefined;
      }
      const middle = (low + high) >> 1;
      visit(low, middle);
      visit(middle, high);
      return undefined;
    }
  };
  const whole = visit(0, table.length);
  if (first === undefined && whole !== undefined)
    return { rows: Uint32Array.from(rows), refused, answer: whole, warnings: [] };
  if (rows.length === 0 && first !== undefined) throw first;
  const answered = Uint32Array.from(rows);
  const message = `${refused.size} of ${table.length} rows: the model has no answer, and they are left out; the first: ${first?.message}`;
  return {
    rows: answered,
    refused,
    answer: ask(takeKnobRows(table, answered), answered),
    warnings: [{ code: 'no-answer', message }],
  };
};
