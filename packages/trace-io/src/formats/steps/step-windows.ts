import type { Input } from '../../bytes/input.js';
import { type RequestColumn, readRequestRows } from '../../delimited/request-rows.js';
import { eachJsonLine } from '../../json/json-lines.js';
import type { StepWindowLine, Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';
import { refuseNoSteps } from './log-lines.js';

/** The column with the sums of a window. */
export const WINDOW_COLUMN = 'line';

const COLUMNS: readonly RequestColumn<'engine' | 'part' | 'line'>[] = [
  { key: 'engine', names: ['engine'], kind: 'name', required: false, emptyAllowed: true },
  { key: 'part', names: ['part'], kind: 'number', required: true },
  { key: 'line', names: [WINDOW_COLUMN], kind: 'name', required: true },
];

/**
 * What the query of `stepclock sql --dialect` gives, as CSV, TSV, JSON lines or Parquet: a row a window of an engine's steps, `engine`, `part` (its place in
 * time) and `line`, the sums as JSON (`stepclock/windows@1`). It gives `windows`.
 */
export const stepWindows: TraceFormat = {
  name: 'step-windows',
  description: 'windows of steps, as the query of stepclock sql --dialect sums them',
  recognise: ({ headerNames, keys, text }) =>
    [headerNames, keys].some((names) => names.includes('part') && names.includes(WINDOW_COLUMN)) &&
    // ClickHouse escapes the slash.
    /stepclock\\?\/windows@/.test(text),
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const windows: StepWindowLine[] = [];
  if (options.head.firstLine.startsWith('{')) {
    await eachJsonLine(input, (record, line) => {
      const engine = record.text('engine') ?? '';
      windows.push({ engine, part: record.number('part'), text: record.name(WINDOW_COLUMN), line });
    });
  } else {
    const place = { delimiter: options.head.delimiter, path: options.path, mapping: options.columns };
    await readRequestRows(input, place, COLUMNS, (cells, line) => {
      windows.push({
        engine: cells.name('engine') ?? '',
        part: cells.number('part'),
        text: cells.name('line') ?? '',
        line,
      });
    });
  }
  refuseNoSteps(windows, input.file);
  return {
    kind: 'windows',
    facts: { format: 'step-windows', clock: 'sums of durations, seconds', timeUnit: 's', settings: options.settings },
    windows,
    exclusions: [],
  };
}
