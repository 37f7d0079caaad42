import { configurationFor } from '../configurations/configuration.js';
import { fault } from '../fault.js';
import { tokensAt } from './cells.js';
import { columnCalled, GROUP_COLUMN, INPUT_TOKENS, MODEL_COLUMN, QUESTION_COLUMN } from './column-names.js';
import type { Sheet } from './sheet.js';

/** Prompt lengths from another table, and what its rows were told by, in words. */
export interface JoinedPrompts {
  readonly inputTokens: Float64Array;
  readonly matchedBy: string;
}

/**
 * The prompt lengths of a table's rows, from another table of the same questions: by question where both name it, else by the order within a subject, of which
 * both must have as many, and name them in one order or each in one block.
 *
 * @throws Fault `token2metrics/missing-column` when no table has prompt lengths, `token2metrics/ambiguous-column` when several could be meant,
 *   `token2metrics/no-rows` at the first row that has no partner
 */
export const joinedPrompts = (
  sheet: Sheet,
  rows: readonly number[],
  model: string,
  others: readonly Sheet[],
): JoinedPrompts => {
  const { other, rows: otherRows, input } = partnerOf(model, others);
  const [question, theirQuestion] = [columnCalled(sheet, QUESTION_COLUMN), columnCalled(other, QUESTION_COLUMN)];
  const [subject, theirSubject] = [columnCalled(sheet, GROUP_COLUMN), columnCalled(other, GROUP_COLUMN)];
  const byQuestion = question !== undefined && theirQuestion !== undefined;
  const bySubject = subject !== undefined && theirSubject !== undefined;
  const keysOf = (
    of: Sheet,
    numbers: readonly number[],
    subjectAt: number | undefined,
    questionAt: number | undefined,
  ): string[] => {
    const seen = new Map<string, number>();
    return numbers.map((row) => {
      const group = bySubject && subjectAt !== undefined ? of.cell(row, subjectAt).trim().toLowerCase() : '';
      const place = seen.get(group) ?? 0;
      seen.set(group, place + 1);
      return JSON.stringify([group, byQuestion && questionAt !== undefined ? of.cell(row, questionAt).trim() : place]);
    });
  };
  const theirs = keysOf(other, otherRows, theirSubject, theirQuestion);
  const rowOf = new Map(theirs.map((key, k) => [key, otherRows[k]]));
  const ours = keysOf(sheet, rows, subject, question);
  if (rowOf.size < theirs.length || (!byQuestion && ours.length !== theirs.length)) {
    throw fault('ambiguous-column', {
      what: 'join',
      rule: byQuestion ? 'must name every question once' : 'must have as many rows, or a question_id in both tables',
      value: byQuestion ? `${theirs.length - rowOf.size} repeats` : `${theirs.length} for ${ours.length}`,
      file: other.file,
    });
  }
  if (bySubject && !byQuestion) refuseOtherOrder(sheet, rows, subject, other, otherRows, theirSubject);
  const inputTokens = Float64Array.from(ours, (key, k) => {
    const row = rowOf.get(key);
    if (row !== undefined) return tokensAt(other, row, input, 1);
    throw fault('no-rows', {
      what: 'join',
      rule: `must have the question of every row; ${other.file} has none of this one`,
      value: key,
      file: sheet.file,
      line: sheet.line(rows[k]),
    });
  });
  const names = (at: number | undefined): string[] => (at === undefined ? [] : [sheet.names[at] ?? '']);
  const matchedBy = byQuestion
    ? [...(bySubject ? names(subject) : []), ...names(question)].join(' and ')
    : bySubject
      ? `the order within a ${names(subject)[0]}, of which both have as many rows`
      : 'the order of the rows alone: nothing in the tables says that they are of the same questions';
  return { inputTokens, matchedBy };
};

/** Rows that name their subjects in another order, and not each in one block, are in another order within a subject too. */
const refuseOtherOrder = (
  sheet: Sheet,
  rows: readonly number[],
  subject: number,
  other: Sheet,
  otherRows: readonly number[],
  theirSubject: number,
): void => {
  const ours = rows.map((row) => sheet.cell(row, subject).trim().toLowerCase());
  const theirs = otherRows.map((row) => other.cell(row, theirSubject).trim().toLowerCase());
  const apart = ours.findIndex((name, k) => name !== theirs[k]);
  if (apart < 0 || (inBlocks(ours) && inBlocks(theirs))) return;
  throw fault('ambiguous-column', {
    what: 'join',
    rule: `must have a question_id in both tables, or the same ${sheet.names[subject]} row by row`,
    value: `${ours[apart]} beside ${theirs[apart]}`,
    file: sheet.file,
    line: sheet.line(rows[apart]),
  });
};

const inBlocks = (names: readonly string[]): boolean =>
  names.filter((name, k) => k === 0 || name !== names[k - 1]).length === new Set(names).size;

/** The table, and its rows, of the model of the same name; or the only one. */
const partnerOf = (model: string, others: readonly Sheet[]) => {
  const named = (name: string): string => configurationFor(name)?.name ?? name;
  const tables = others.flatMap((other) => {
    const input = columnCalled(other, INPUT_TOKENS);
    if (input === undefined) return [];
    const column = columnCalled(other, MODEL_COLUMN);
    const rowsOf = new Map<string, number[]>();
    for (let row = 0; row < other.length; row++) {
      const key = named((column === undefined ? '' : other.cell(row, column)) || other.title || '');
      const rows = rowsOf.get(key);
      if (rows) rows.push(row);
      else rowsOf.set(key, [row]);
    }
    return [...rowsOf].map(([name, rows]) => ({ name, other, rows, input }));
  });
  const found = tables.find(({ name }) => name === named(model)) ?? (tables.length === 1 ? tables[0] : undefined);
  if (found) return found;
  throw fault(tables.length === 0 ? 'missing-column' : 'ambiguous-column', {
    what: 'join',
    rule: tables.length === 0 ? 'must have a column input_tokens' : `must have a table of ${model || 'one model only'}`,
    value: tables.map(({ name }) => name).join(', ') || undefined,
    file: others[0]?.file,
  });
};
