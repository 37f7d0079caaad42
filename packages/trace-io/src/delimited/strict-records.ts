import { Fault } from '@stepclock/faults';
import { dsvFormat } from 'd3-dsv';
import { decimalNumber } from '../bytes/decimal-number.js';
import type { ColumnPlan, RowPlan } from './column-plan.js';
import { scanRecord } from './record-scan.js';

/** Whole records that go through d3-dsv in one piece: enough to spread its cost, few enough to stay small. */
const BLOCK_RECORDS = 512;
/** A record longer than this is taken for an unterminated quote or the wrong kind of file. */
const LONGEST_RECORD = 16 * 1024 * 1024;

interface SplitBlock {
  readonly next: number;
  readonly nextLine: number;
  readonly rows: readonly { readonly line: number; readonly cells: string[] }[];
}

/** Splits one block of whole records by d3-dsv, after a scan that rules out what d3-dsv passes over in silence. */
export class RecordSplitter {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  readonly #dsv;

  constructor(
    private readonly file: string,
    private readonly delimiter: number,
  ) {
    this.#dsv = dsvFormat(String.fromCharCode(delimiter));
  }

  /**
   * The next records of `bytes[from, to)`, at most `limit`; `next` is -1 when not even one is complete (`atEnd` says that
   * no more bytes come, which makes that an unterminated quote).
   */
  split(bytes: Uint8Array, from: number, to: number, line: number, atEnd: boolean, limit = BLOCK_RECORDS): SplitBlock {
    try {
      return this.#block(bytes, from, to, line, atEnd, limit);
    } catch (error) {
      // The fault may stand behind records whose cells nobody has looked at yet: those go first, one by one.
      if (limit === 1) throw error;
      return this.#block(bytes, from, to, line, atEnd, 1);
    }
  }

  #block(bytes: Uint8Array, from: number, to: number, line: number, atEnd: boolean, limit: number): SplitBlock {
    const lines: number[] = [];
    let next = from;
    let nextLine = line;
    while (lines.length < limit && next < to) {
      const found = scanRecord(bytes, next, to, this.delimiter, { file: this.file, line: nextLine });
      if (found.next < 0) {
        if (atEnd || to - next > LONGEST_RECORD) throw this.#unterminated(nextLine, atEnd);
        break;
      }
      lines.push(nextLine);
      next = found.next;
      nextLine += found.lines;
    }
    if (lines.length === 0) return { next: -1, nextLine: line, rows: [] };
    const rows = this.#dsv.parseRows(this.#decoded(bytes.subarray(from, next), line));
    return {
      next,
      nextLine,
      rows: rows.map((cells, i) => ({ line: lines[i], cells })).filter(({ cells }) => !isBlank(cells)),
    };
  }

  #decoded(bytes: Uint8Array, line: number): string {
    let text: string;
    try {
      text = this.#decoder.decode(bytes);
    } catch {
      throw new Fault('trace-io/not-utf8', {
        what: 'encoding',
        file: this.file,
        line: line + lineOfBadUtf8(bytes),
        rule: 'must be valid UTF-8 text',
      });
    }
    const nul = text.indexOf('\0');
    if (nul >= 0) {
      throw new Fault('trace-io/nul-byte', {
        what: 'encoding',
        file: this.file,
        line: line + lineEnds(text.slice(0, nul)),
        rule: 'must be text without NUL bytes',
        hint: 'UTF-16 files have them: save as UTF-8',
      });
    }
    return text;
  }

  #unterminated(line: number, atEnd: boolean): Fault {
    return atEnd
      ? new Fault('trace-io/unterminated-quote', {
          what: 'quote',
          file: this.file,
          line,
          rule: 'must be closed before the end of the file',
        })
      : new Fault('trace-io/record-too-long', {
          what: 'record',
          file: this.file,
          line,
          rule: `must be at most ${LONGEST_RECORD} bytes`,
          hint: 'is a quote left open?',
        });
  }
}

/** Puts the text cells of one record into the plan's slots and hands the row on, or says what is wrong with it. */
export function takeRecord(plan: RowPlan, file: string, line: number, texts: readonly string[]): void {
  const { columns, header, cells } = plan;
  if (texts.length !== columns.length) {
    throw new Fault(texts.length < columns.length ? 'trace-io/short-row' : 'trace-io/long-row', {
      what: 'row',
      file,
      line,
      value: `${texts.length} cells`,
      rule: `must have ${columns.length} cells, as many as the header has`,
    });
  }
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i];
    if (column.kind !== 'skip') cells[column.slot] = cellValue(column, texts[i], file, line, header[i]);
  }
  plan.row(line);
}

function cellValue(
  column: Exclude<ColumnPlan, { kind: 'skip' }>,
  text: string,
  file: string,
  line: number,
  name: string,
): number {
  const fault = (code: `trace-io/${string}`, rule: string) =>
    new Fault(code, { what: name, file, line, column: name, value: text, rule });
  const trimmed = text.trim();
  if (trimmed === '') {
    if (column.emptyAllowed) return Number.NaN;
    throw fault('trace-io/empty-cell', describe(column)).with({ hint: 'the cell is empty' });
  }
  switch (column.kind) {
    case 'number':
    case 'count': {
      const value = decimalNumber(trimmed);
      if (Number.isNaN(value)) throw fault('trace-io/bad-number', describe(column));
      if (!Number.isFinite(value))
        throw fault('trace-io/bad-number', `${describe(column)} within the range of a double`);
      if (column.kind === 'count' && !(value >= 0 && Number.isSafeInteger(value))) {
        throw fault('trace-io/bad-count', describe(column));
      }
      return value;
    }
    case 'name':
      return column.names.internText(text);
    case 'word': {
      const code = column.words.indexOf(trimmed.toLowerCase());
      if (code < 0) throw fault('trace-io/unknown-word', describe(column));
      return code;
    }
    case 'parsed': {
      const value = column.parse(trimmed);
      if (!Number.isFinite(value)) throw fault('trace-io/bad-value', column.rule);
      return value;
    }
  }
}

function describe(column: Exclude<ColumnPlan, { kind: 'skip' }>): string {
  switch (column.kind) {
    case 'number':
      return 'must be a finite decimal number';
    case 'count':
      return 'must be a whole number >= 0';
    case 'name':
      return 'must be a name';
    case 'word':
      return `must be one of ${column.words.join(', ')} (any case)`;
    case 'parsed':
      return column.rule;
  }
}

function isBlank(cells: readonly string[]): boolean {
  return cells.length === 1 && cells[0].trim() === '';
}

function lineEnds(text: string): number {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0;
}

/** Line ends before the first invalid byte: decode ever longer prefixes line by line. */
function lineOfBadUtf8(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 0;
  let from = 0;
  for (let p = 0; p < bytes.length; p++) {
    if (bytes[p] !== 0x0a) continue;
    try {
      decoder.decode(bytes.subarray(from, p + 1));
    } catch {
      return line;
    }
    line++;
    from = p + 1;
  }
  return line;
}
