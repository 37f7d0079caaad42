import { attempted, type Input } from '../bytes/input.js';
import { NameIndex } from '../names/name-index.js';
import type { ColumnPlan } from './column-plan.js';
import { type KnownColumn, resolveHeader } from './header.js';
import { readDelimited } from './read-delimited.js';

/** How a column of a request file is read. */
type CellKind = 'number' | 'count' | 'name' | { readonly parse: (text: string) => number; readonly rule: string };

export interface RequestColumn<Key extends string> extends KnownColumn<Key> {
  readonly kind: CellKind;
  /** Whether a cell may be empty (NaN then). */
  readonly emptyAllowed?: boolean;
}

/** One row of a request file: numbers by key (NaN where empty or absent), names as text (`undefined` where absent). */
export interface RequestCells<Key extends string> {
  number(key: Key): number;
  name(key: Key): string | undefined;
  /** The numbers by the place of their column among the known: for readers of millions of rows. */
  readonly numbers: Float64Array;
}

/**
 * Reads delimited text of one request a row, columns by name.
 *
 * @returns the keys that the header has
 */
export async function readRequestRows<Key extends string>(
  input: Input,
  options: {
    readonly delimiter: ',' | '\t' | ';';
    readonly path: 'fast' | 'strict';
    readonly mapping: Readonly<Record<string, string>>;
  },
  known: readonly RequestColumn<Key>[],
  row: (cells: RequestCells<Key>, line: number) => void,
): Promise<readonly Key[]> {
  let found: readonly Key[] = [];
  await readDelimited(input, { delimiter: options.delimiter, path: options.path }, (header, line) => {
    const keys = resolveHeader(header, known, options.mapping, { file: input.file, line });
    found = keys.filter((key) => key !== undefined);
    const slots = new Map(known.map(({ key }, slot) => [key, slot]));
    const names = new Map(known.filter(({ kind }) => kind === 'name').map(({ key }) => [key, new NameIndex()]));
    const cells = new Float64Array(known.length).fill(Number.NaN);
    const slotOf = (key: Key): number => slots.get(key) ?? -1;
    const at: RequestCells<Key> = {
      numbers: cells,
      number: (key) => cells[slotOf(key)] ?? Number.NaN,
      name: (key) => {
        const index = cells[slotOf(key)] ?? Number.NaN;
        return Number.isNaN(index) ? undefined : names.get(key)?.nameAt(index);
      },
    };
    const planOf = (key: Key | undefined): ColumnPlan => {
      const column = known.find((candidate) => candidate.key === key);
      if (column === undefined || key === undefined) return { kind: 'skip' };
      const slot = slotOf(key);
      const emptyAllowed = column.emptyAllowed ?? false;
      const { kind } = column;
      if (typeof kind === 'object') return { kind: 'parsed', slot, emptyAllowed, ...kind };
      const index = names.get(key);
      if (kind === 'name' && index !== undefined) return { kind: 'name', slot, emptyAllowed, names: index };
      return { kind: kind === 'count' ? 'count' : 'number', slot, emptyAllowed };
    };
    return {
      columns: keys.map(planOf),
      header,
      cells,
      row: (rowLine) => attempted(input, rowLine, () => row(at, rowLine)),
    };
  });
  return found;
}
