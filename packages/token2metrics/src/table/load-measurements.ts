import { didYouMean, type Fault } from '@stepclock/faults';
import { fault } from '../fault.js';
import type { Finding } from '../quality/finding.js';
import { mixedRepeats } from '../quality/mixed-repeats.js';
import { emptyCells, numberAt, tokensAt } from './cells.js';
import { type ColumnMap, type ColumnOptions, mapColumns } from './column-map.js';
import { dataSheets } from './data-sheets.js';
import { inferTimeUnits } from './infer-units.js';
import { joinedPrompts } from './join-prompts.js';
import { batchedRows, inferredUnit, joined, otherSheets, withoutAnswers, withoutPrompts } from './load-findings.js';
import type { Measurements } from './measurements.js';
import { METRIC_FACTS, METRICS, type Metric } from './metric.js';
import { looksLikePowerSamples } from './power-samples.js';
import { readSheets, refuseRepeats, type Sheet } from './sheet.js';
import { type Unit, unitNames } from './units.js';

export interface LoadOptions extends ColumnOptions {
  /** For messages. */
  readonly file?: string;
  /** The model's name, for a file that names it neither in a column nor in the title of a sheet. */
  readonly model?: string;
  /** The sheet of a workbook; default every one whose header fits. */
  readonly sheet?: string;
  /** A table of the same questions, for the prompt lengths that the file itself does not have. */
  readonly join?: { readonly bytes: Uint8Array; readonly file: string };
}

/**
 * Measurements from the bytes of a file: the server sheet (.xlsx with one sheet a model, or CSV), the Jetson CSV, or the tidy form, one table a model.
 *
 * Units come from the columns' names (`ttft_ms`), from `units`, or, where neither tells, from the file's own arithmetic, with a finding that says
 * so; a column whose unit nothing tells is an error. Without input tokens only decode times can be learnt.
 *
 * @throws Fault `missing-column`, `ambiguous-column`, `unknown-unit`, `unit-mismatch`, `bad-number`, `bad-tokens`, `bad-option`, `too-large`, `no-rows`
 *
 * @example
 * const [table] = await loadMeasurements(bytes, { file: 'run.csv' });
 * table.values.ttft // => Float64Array, seconds
 */
export const loadMeasurements = async (bytes: Uint8Array, options: LoadOptions = {}): Promise<Measurements[]> => {
  const file = options.file ?? '<input>';
  const sheets = await readSheets(bytes, file, options.sheet);
  const others = options.join && (await readSheets(options.join.bytes, options.join.file));
  // A workbook may hold a summary, notes, a chart's data: what has the columns of measurements is taken.
  const taken = options.sheet === undefined ? dataSheets(sheets) : sheets;
  const passedOver = sheets.filter((sheet) => !taken.includes(sheet));
  const tables = taken.flatMap((sheet) => measurementsOf(sheet, options, others));
  const [first, ...rest] = tables;
  if (!first) throw fault('no-rows', { what: 'file', rule: 'must have at least one row', file });
  if (passedOver.length === 0) return tables;
  return [{ ...first, findings: [...first.findings, otherSheets(passedOver)] }, ...rest];
};

const measurementsOf = (sheet: Sheet, options: LoadOptions, others: readonly Sheet[] | undefined): Measurements[] => {
  refuseRepeats(sheet);
  if (looksLikePowerSamples(sheet.names)) {
    throw fault('missing-column', {
      what: 'file',
      rule: 'must have one request a row',
      value: 'samples of a power meter, which loadPowerSamples (--power-samples) reads',
      file: sheet.file,
      line: 1,
    });
  }
  const map = mapColumns(sheet, options);
  requireTokens(sheet, map, others !== undefined);
  const rowsOf = new Map<string, number[]>();
  for (let row = 0; row < sheet.length; row++) {
    const named = map.model === undefined ? '' : sheet.cell(row, map.model);
    const model = named || sheet.title || options.model || '';
    const rows = rowsOf.get(model);
    if (rows) rows.push(row);
    else rowsOf.set(model, [row]);
  }
  return [...rowsOf].map(([model, rows]) => tableOf(sheet, map, model, rows, others));
};

const requireTokens = (sheet: Sheet, map: ColumnMap, joined: boolean): void => {
  const { input, output } = map;
  const { decode } = map.metrics;
  // A column that is known for another is not meant: output_tokens is near input_tokens.
  const known = new Set([input, output, map.tokensPerSecond, ...Object.values(map.metrics).map(({ index }) => index)]);
  const unknown = sheet.names.filter((_, index) => !known.has(index));
  const missing = (what: string, rule: string, otherwise?: string): Fault => {
    const { hint = otherwise } = didYouMean(what, unknown);
    return fault('missing-column', {
      what,
      rule,
      value: `columns ${sheet.names.join(', ')}`,
      file: sheet.file,
      line: 1,
      ...(hint === undefined ? {} : { hint }),
    });
  };
  if (output === undefined && decode) throw missing('output_tokens', `must be there: ${decode.name} grows with them`);
  if (input === undefined && !joined && !decode) {
    throw missing(
      'input_tokens',
      'must be there: every request needs its prompt length, which cannot be made up',
      'only decode times can be learnt without; --join takes prompt lengths from a table of the same questions',
    );
  }
};

const tableOf = (
  sheet: Sheet,
  map: ColumnMap,
  model: string,
  allRows: readonly number[],
  others: readonly Sheet[] | undefined,
): Measurements => {
  const findings: Finding[] = [];
  const { batch, input, output } = map;
  const kept = allRows.map((_, k) => k).filter((k) => batch === undefined || numberAt(sheet, allRows[k], batch) <= 1);
  const rows = kept.map((k) => allRows[k]);
  if (rows.length < allRows.length) findings.push(batchedRows(allRows.length - rows.length));
  if (rows.length === 0) {
    throw fault('no-rows', {
      what: model || 'model',
      rule: 'must have at least one request measured alone (batch 1)',
      file: sheet.file,
    });
  }
  const numbers = (column: number) => Float64Array.from(rows, (row) => numberAt(sheet, row, column));
  const prompts = input === undefined && others ? joinedPrompts(sheet, allRows, model, others) : undefined;
  const inputTokens =
    input === undefined
      ? prompts && Float64Array.from(kept, (k) => prompts.inputTokens[k])
      : Float64Array.from(rows, (row) => tokensAt(sheet, row, input, 1));
  const outputTokens =
    output === undefined ? undefined : Float64Array.from(rows, (row) => tokensAt(sheet, row, output, 0));
  if (prompts) findings.push(joined(prompts, others?.[0]?.file));
  if (!inputTokens) findings.push(withoutPrompts);
  else if (!outputTokens && METRICS.some((metric) => metric !== 'ttft' && map.metrics[metric]))
    findings.push(withoutAnswers);
  const raw: Partial<Record<Metric, { name: string; unit: Unit | undefined; raw: Float64Array }>> = {};
  for (const metric of METRICS) {
    const column = map.metrics[metric];
    if (!column) continue;
    raw[metric] = { name: column.name, unit: column.unit, raw: numbers(column.index) };
    findings.push(...emptyCells(sheet, rows, column.index, metric));
  }
  const tokensPerSecond = map.tokensPerSecond === undefined ? undefined : numbers(map.tokensPerSecond);
  const times = inferTimeUnits({ file: sheet.file, columns: raw, outputTokens, tokensPerSecond });

  const values: Partial<Record<Metric, Float64Array>> = {};
  const sources: Partial<Record<Metric, { column: string; unit: string }>> = {};
  for (const metric of METRICS) {
    const column = raw[metric];
    if (!column) continue;
    const inferred = times[metric];
    const unit = inferred?.unit ?? column.unit;
    if (!unit) throw undeclared(sheet, metric, column.name);
    values[metric] = column.raw.map((value) => value * unit.factor);
    sources[metric] = { column: column.name, unit: unit.name };
    if (inferred?.evidence !== undefined)
      findings.push(inferredUnit(metric, column.name, unit.name, inferred.evidence));
  }
  const timed = (['total', 'decode', 'ttft'] as const).find((metric) => values[metric] !== undefined);
  const timeValues = timed && values[timed];
  if (timed && timeValues) {
    const used = [input, output, batch, map.model, map.group, map.tokensPerSecond].concat(
      Object.values(map.metrics).map(({ index }) => index),
    );
    const tokens = timed === 'ttft' ? [inputTokens] : [inputTokens, outputTokens];
    // Of prompts that nobody counted, equal answers are no repeats.
    if (inputTokens) findings.push(...mixedRepeats({ sheet, rows, metric: timed, values: timeValues, tokens, used }));
  }
  const groups = groupsOf(sheet, rows, map.group);
  return {
    model,
    file: sheet.file,
    length: rows.length,
    ...(inputTokens ? { inputTokens } : {}),
    ...(outputTokens ? { outputTokens } : {}),
    values,
    position: Int32Array.from(kept),
    line: Int32Array.from(rows, (row) => sheet.line(row)),
    group: groups.numbers,
    groupNames: groups.names,
    sources,
    findings,
  };
};

const undeclared = (sheet: Sheet, metric: Metric, column: string): Fault =>
  fault('unknown-unit', {
    what: column,
    rule: `must have a unit in its name or a declared one (units: ${column}=${unitNames(METRIC_FACTS[metric].quantity)[0]})`,
    file: sheet.file,
    line: 1,
  });

const groupsOf = (sheet: Sheet, rows: readonly number[], column: number | undefined) => {
  const names: string[] = [];
  const known = new Map<string, number>();
  const numbers = Int32Array.from(rows, (row) => {
    const name = column === undefined ? '' : sheet.cell(row, column);
    let number = known.get(name);
    if (number === undefined) {
      number = names.length;
      known.set(name, number);
      names.push(name);
    }
    return number;
  });
  return { numbers, names };
};
