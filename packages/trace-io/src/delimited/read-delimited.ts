import { Fault } from '@stepclock/faults';
import { attempted, type Input, startsWithBom } from '../bytes/input.js';
import type { RowPlan } from './column-plan.js';
import { FastRecords } from './fast-records.js';
import { RecordSplitter, takeRecord } from './strict-records.js';

export interface DelimitedOptions {
  readonly delimiter: ',' | '\t' | ';';
  /** `strict` sends every record through d3-dsv: the reference that tests compare the fast path with. */
  readonly path: 'fast' | 'strict';
}

/**
 * Reads delimited text record by record: `plan` turns the header into a row plan, which then takes every row.
 *
 * Bytes pass through one buffer that holds a chunk and the unfinished record before it, so memory does not grow with
 * the file. Returns the number of rows.
 */
export async function readDelimited(
  input: Input,
  options: DelimitedOptions,
  plan: (header: readonly string[], line: number) => RowPlan,
): Promise<number> {
  const reader = new DelimitedReader(input, options, plan);
  let bytesRead = 0;
  for await (const chunk of input.source) {
    reader.take(chunk);
    bytesRead += chunk.length;
    input.onProgress(bytesRead);
  }
  return reader.finish();
}

const LF = 0x0a;
const CR = 0x0d;
/** Blank lines one after another that a file may have. */
const MOST_BLANK_LINES = 2 ** 20;

class DelimitedReader {
  #buffer = new Uint8Array(1 << 17);
  /** Bytes of the buffer that hold an unfinished record. */
  #kept = 0;
  /** Size below which a long unfinished record is not looked at again: scanning it anew with every chunk would be quadratic. */
  #waitFor = 0;
  #line = 1;
  #headerLine = 1;
  #rows = 0;
  /** Blank lines since the last row. */
  #blank = 0;
  #plan: RowPlan | undefined;
  #fast: FastRecords | undefined;
  readonly #splitter: RecordSplitter;

  constructor(
    private readonly input: Input,
    private readonly options: DelimitedOptions,
    private readonly makePlan: (header: readonly string[], line: number) => RowPlan,
  ) {
    this.#splitter = new RecordSplitter(input.file, options.delimiter.charCodeAt(0));
  }

  take(chunk: Uint8Array): void {
    const end = this.#kept + chunk.length;
    if (end + 1 > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(end + 1, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(0, this.#kept));
      this.#buffer = larger;
    }
    this.#buffer.set(chunk, this.#kept);
    this.#kept = end;
    if (end >= this.#waitFor) this.#consume(end, false);
  }

  finish(): number {
    let end = this.#kept;
    // The last record may lack its line end; a line end more is a blank line, which is nothing.
    this.#buffer[end++] = LF;
    this.#consume(end, true);
    if (this.#plan === undefined) {
      throw new Fault('trace-io/empty-file', {
        what: 'file',
        file: this.input.file,
        line: 1,
        rule: 'must have a header and rows',
        hint: 'the file holds nothing but blanks',
      });
    }
    if (this.#rows + (this.#fast?.records ?? 0) === 0) {
      throw new Fault('trace-io/no-rows', {
        what: 'file',
        file: this.input.file,
        line: this.#headerLine,
        rule: 'must have at least one row below the header',
      });
    }
    return this.#rows + (this.#fast?.records ?? 0);
  }

  #consume(end: number, atEnd: boolean): void {
    const buffer = this.#buffer;
    const lastLineEnd = buffer.lastIndexOf(LF, end - 1) + 1;
    let from = this.#plan === undefined ? this.#skipLineEnds(end) : 0;
    while (from < end) {
      if (this.#plan !== undefined && this.#fast !== undefined && from < lastLineEnd) {
        const before = this.#fast.records;
        from = this.#fast.read(buffer, from, lastLineEnd, this.#line);
        this.#line += this.#fast.records - before;
        if (from >= end) break;
      }
      // Only one header; then blocks.
      const block = this.#splitter.split(
        buffer,
        from,
        end,
        this.#line,
        atEnd,
        this.#plan === undefined ? 1 : undefined,
      );
      if (block.next < 0) break;
      this.#countBlank(block.rows.length > 0 ? -this.#blank : block.nextLine - this.#line);
      this.#takeRows(block.rows);
      from = block.next;
      this.#line = block.nextLine;
    }
    this.#kept = end - from;
    this.#waitFor = from === 0 ? 2 * end : 0;
    buffer.copyWithin(0, from, end);
  }

  /** Before the header; where the records begin. */
  #skipLineEnds(end: number): number {
    const buffer = this.#buffer;
    let at = 0;
    // The last byte stays: a line end may go on.
    for (; at < end - 1 && (buffer[at] === LF || buffer[at] === CR); at++) {
      if (buffer[at] === CR && buffer[at + 1] === LF) at++;
      this.#line++;
      this.#countBlank(1);
    }
    return at;
  }

  #countBlank(lines: number): void {
    this.#blank += lines;
    if (this.#blank <= MOST_BLANK_LINES) return;
    const rule = `must have at most ${MOST_BLANK_LINES} blank lines one after another`;
    throw new Fault('trace-io/too-many-blank-lines', { what: 'file', file: this.input.file, line: this.#line, rule });
  }

  #takeRows(rows: readonly { line: number; cells: string[] }[]): void {
    for (const { line, cells } of rows) {
      if (this.#plan === undefined) this.#begin(cells, line);
      else {
        const plan = this.#plan;
        attempted(this.input, line, () => takeRecord(plan, this.input.file, line, cells));
        this.#rows++;
      }
    }
  }

  /** A byte order mark before the header, as Excel's "CSV UTF-8" has it, is passed over. */
  #begin(cells: readonly string[], line: number): void {
    const [first = '', ...rest] = cells;
    const marked = line === 1 && startsWithBom(new TextEncoder().encode(first.slice(0, 1)));
    this.#headerLine = line;
    const header = [marked ? first.slice(1) : first, ...rest].map((name) => name.trim());
    this.#plan = this.makePlan(header, line);
    if (this.options.path === 'fast') this.#fast = new FastRecords(this.#plan, this.options.delimiter.charCodeAt(0));
  }
}
