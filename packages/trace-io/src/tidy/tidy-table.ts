import { Fault } from '@stepclock/faults';
import { type ByteSource, bytesOf, peeked } from '../bytes/input.js';
import type { RowPlan } from '../delimited/column-plan.js';
import { readDelimited } from '../delimited/read-delimited.js';
import { HEAD_BYTES, headOf } from '../formats/head.js';
import { eachJsonLine } from '../json/json-lines.js';
import type { NameColumn } from '../names/name-column.js';
import { NameIndex } from '../names/name-index.js';

/** A table of measurements as it stands in its file: cells are text, and each row knows its line. */
export interface TidyTable {
  /** For messages. */
  readonly file: string;
  readonly length: number;
  /** Column names as the file has them, in its order. */
  readonly names: readonly string[];
  /** The text of a cell; '' where it is empty, null or absent. */
  cell(row: number, column: number): string;
  /** 1-based line of a row. */
  line(row: number): number;
}

export interface ReadTidyOptions {
  /** For messages. */
  readonly fileName?: string;
  /** Called after every chunk with the bytes taken so far. */
  readonly onProgress?: (bytes: number) => void;
}

/**
 * Reads a tidy table, one measurement a row: CSV or TSV with a header, or JSON lines of flat objects. What the columns mean is the caller's.
 *
 * @throws Fault for anything that is no such table: duplicate columns, short or long rows, a nested value, a broken line
 * @example
 * const table = await readTidyTable(new Blob(['batch,step_s\n8,0.02\n']).stream());
 * table.cell(0, table.names.indexOf('batch')); // => '8'
 */
export async function readTidyTable(source: ByteSource, options: ReadTidyOptions = {}): Promise<TidyTable> {
  const { fileName: file = '<input>', onProgress = () => {} } = options;
  const { head, all } = await peeked(bytesOf(source), file, HEAD_BYTES);
  const { firstLine, delimiter } = headOf(head);
  const input = { source: all, file, onProgress };
  const rows = new TidyRows(file);
  if (firstLine.startsWith('{')) {
    await eachJsonLine(input, (record, line) => {
      for (const [name, value] of Object.entries(record.object)) {
        if (value !== null && typeof value === 'object')
          throw record.fault(name, value, 'must be a number, text or true/false');
        rows.put(rows.column(name), value === null ? '' : String(value));
      }
      rows.end(line);
    });
    if (rows.length === 0) {
      throw new Fault('trace-io/no-rows', { what: 'file', file, line: 1, rule: 'must have at least one row' });
    }
    return rows;
  }
  await readDelimited(input, { delimiter, path: 'strict' }, (header, line) => rows.plan(header, line));
  return rows;
}

/** Cells interned over one table of texts: knobs and names repeat. */
class TidyRows implements TidyTable {
  readonly names: string[] = [];
  readonly #columns = new Map<string, number>();
  readonly #texts = new NameIndex();
  readonly #cells: number[][] = [];
  readonly #lines: number[] = [];
  #interned: NameColumn | undefined;

  constructor(readonly file: string) {}

  get length(): number {
    return this.#lines.length;
  }

  cell(row: number, column: number): string {
    this.#interned ??= this.#texts.names();
    const text = this.#cells[column]?.[row] ?? -1;
    return text < 0 ? '' : this.#interned.at(text);
  }

  line(row: number): number {
    return this.#lines[row] ?? 0;
  }

  /** The number of a column, new or known. */
  column(name: string): number {
    const known = this.#columns.get(name);
    if (known !== undefined) return known;
    this.#columns.set(name, this.names.length);
    this.names.push(name);
    this.#cells.push([]);
    return this.names.length - 1;
  }

  /** Sets a cell of the row being read. */
  put(column: number, text: string): void {
    const cells = this.#cells[column] ?? [];
    cells[this.#lines.length] = text === '' ? -1 : this.#texts.internText(text);
  }

  end(line: number): void {
    this.#lines.push(line);
  }

  plan(header: readonly string[], line: number): RowPlan {
    const slots = header.map((name) => {
      if (name === '' || this.#columns.has(name)) {
        throw new Fault('trace-io/duplicate-column', {
          what: 'header',
          file: this.file,
          line,
          column: name,
          value: name,
          rule: 'must give every column a name, and every name once',
        });
      }
      return this.column(name);
    });
    const cells = new Float64Array(header.length);
    return {
      header,
      columns: slots.map((slot) => ({ kind: 'name', slot, emptyAllowed: true, names: this.#texts })),
      cells,
      row: (at) => {
        for (const slot of slots) {
          const text = cells[slot];
          this.#cells[slot][this.#lines.length] = Number.isNaN(text) ? -1 : text;
        }
        this.end(at);
      },
    };
  }
}
