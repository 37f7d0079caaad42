import { decimalNumber, unescapedText } from '@stepclock/trace-io';
import { stepModelFault } from '../step-model-fault.js';
import type { EngineLine } from './engine-line.js';

/**
 * Rows of each engine as their source counts them: `engine TAB count` a line; `\\t`, `\\n`, `\\r` and `\\\\` in a name are read as in the rows.
 *
 * @throws Fault `step-model/bad-expected-counts`
 */
export const parseExpectedCounts = (text: string, file: string): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const [i, raw] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const row = raw.replace(/\r$/, '');
    if (row === '') continue;
    const fault = (rule: string, value: unknown) =>
      stepModelFault('step-model/bad-expected-counts', { what: 'counts', file, line: i + 1, rule, value });
    const tab = row.lastIndexOf('\t');
    if (tab < 0) throw fault('must have an engine and its rows, apart by a tabulator', row);
    const [engine, rows] = [unescapedText(row.slice(0, tab)), decimalNumber(row.slice(tab + 1))];
    if (!(Number.isSafeInteger(rows) && rows >= 0)) throw fault('must be a whole number of rows', row.slice(tab + 1));
    if (counts.has(engine)) throw fault('must name each engine once', engine);
    counts.set(engine, rows);
  }
  return counts;
};

/** Of an engine whose rows are not those that its source counts. */
interface LostRows {
  readonly engine: string;
  readonly expected: number;
  readonly got: number;
}

/** Engines whose lines have other numbers of rows than expected, by name; one that is not expected, or has no line, is among them. */
const lostRows = (lines: Iterable<EngineLine>, expected: ReadonlyMap<string, number>): readonly LostRows[] => {
  const got = new Map<string, number>();
  for (const { engine, rows } of lines) got.set(engine, (got.get(engine) ?? 0) + rows);
  return [...new Set([...expected.keys(), ...got.keys()])]
    .sort()
    .map((engine) => ({ engine, expected: expected.get(engine) ?? 0, got: got.get(engine) ?? 0 }))
    .filter((count) => count.expected !== count.got);
};

/** @throws Fault `step-model/rows-lost` where a count differs */
export const refuseLostRows = (lines: Iterable<EngineLine>, expected: ReadonlyMap<string, number>): void => {
  const lost = lostRows(lines, expected);
  const [first] = lost;
  if (first === undefined) return;
  throw stepModelFault('step-model/rows-lost', {
    what: `rows of engine ${first.engine}`,
    rule: `must be ${first.expected}, as their source counts them`,
    value: first.got,
    hint: lost.length === 1 ? undefined : `and ${lost.length - 1} more engines differ`,
  });
};
