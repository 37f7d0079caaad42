import { decimalNumber } from '@stepclock/trace-io';
import type { Finding } from '../quality/finding.js';
import { Token2MetricsError } from '../token2metrics-error.js';
import { type ColumnMap, type ColumnOptions, mapColumns } from './column-map.js';
import { inferTimeUnits } from './infer-units.js';
import type { Measurements } from './measurements.js';
import { METRIC_FACTS, METRICS, type Metric } from './metric.js';
import { looksLikePowerSamples } from './power-samples.js';
import { readSheets, type Sheet } from './sheet.js';
import { type Unit, unitNames } from './units.js';

export interface LoadOptions extends ColumnOptions {
  /** For messages. */
  readonly file?: string;
  /** The model's name, for a file that names it neither in a column nor in the title of a sheet. */
  readonly model?: string;
}

/**
 * Measurements from the bytes of a file: the server sheet (.xlsx with one sheet a model, or CSV), the Jetson CSV, or the tidy form, one table a model.
 *
 * Units come from the columns' names (`ttft_ms`), from `units`, or, where neither tells, from the file's own arithmetic, with a finding that says
 * so; a column whose unit nothing tells is an error. So is a file without input tokens.
 *
 * @throws Token2MetricsError `missing-column`, `ambiguous-column`, `unknown-unit`, `unit-mismatch`, `bad-number`, `bad-tokens`, `no-rows`
 *
 * @example
 * const [table] = await loadMeasurements(bytes, { file: 'run.csv' });
 * table.values.ttft // => Float64Array, seconds
 */
export const loadMeasurements = async (bytes: Uint8Array, options: LoadOptions = {}): Promise<Measurements[]> => {
  const file = options.file ?? '<input>';
  const tables = (await readSheets(bytes, file)).flatMap((sheet) => measurementsOf(sheet, options));
  if (tables.length === 0)
    throw new Token2MetricsError('token2metrics/no-rows', 'file: must have at least one row; got none', { file });
  return tables;
};

const measurementsOf = (sheet: Sheet, options: LoadOptions): Measurements[] => {
  if (looksLikePowerSamples(sheet.names)) {
    throw new Token2MetricsError(
      'token2metrics/missing-column',
      'file: must have one request a row; got samples of a power meter, which loadPowerSamples (--power-samples) reads',
      { file: sheet.file, line: 1 },
    );
  }
  const map = mapColumns(sheet, options);
  const rowsOf = new Map<string, number[]>();
  for (let row = 0; row < sheet.length; row++) {
    const named = map.model === undefined ? '' : sheet.cell(row, map.model);
    const model = named || sheet.title || options.model || '';
    const rows = rowsOf.get(model);
    if (rows) rows.push(row);
    else rowsOf.set(model, [row]);
  }
  return [...rowsOf].map(([model, rows]) => tableOf(sheet, map, model, rows));
};

const tableOf = (sheet: Sheet, map: ColumnMap, model: string, allRows: readonly number[]): Measurements => {
  const findings: Finding[] = [];
  const { batch } = map;
  const position = allRows.map((_, k) => k);
  let rows = allRows;
  let kept = position;
  if (batch !== undefined) {
    kept = position.filter((k) => numberAt(sheet, allRows[k], batch) <= 1);
    rows = kept.map((k) => allRows[k]);
    if (rows.length < allRows.length) findings.push(batchedRows(allRows.length - rows.length));
  }
  if (rows.length === 0) {
    throw new Token2MetricsError(
      'token2metrics/no-rows',
      `${model || 'model'}: must have at least one request measured alone (batch 1); got none`,
      {
        file: sheet.file,
      },
    );
  }
  const numbers = (column: number) => Float64Array.from(rows, (row) => numberAt(sheet, row, column));
  const inputTokens = Float64Array.from(rows, (row) => tokensAt(sheet, row, map.input, 1));
  const output = map.output;
  const outputTokens =
    output === undefined ? undefined : Float64Array.from(rows, (row) => tokensAt(sheet, row, output, 0));
  const raw = Object.fromEntries(
    METRICS.flatMap((metric) => {
      const column = map.metrics[metric];
      return column ? [[metric, { name: column.name, unit: column.unit, raw: numbers(column.index) }]] : [];
    }),
  ) as Partial<Record<Metric, { name: string; unit: Unit | undefined; raw: Float64Array }>>;
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
  const groups = groupsOf(sheet, rows, map.group);
  return {
    model,
    file: sheet.file,
    length: rows.length,
    inputTokens,
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

const batchedRows = (count: number): Finding => ({
  code: 'batched-rows',
  count,
  rows: new Int32Array(0),
  message: `${count} row(s) with a batch above 1 were left out: the model is of one request alone on its device`,
  droppable: false,
});

const inferredUnit = (metric: Metric, column: string, unit: string, evidence: string): Finding => ({
  code: 'unit-inferred',
  metric,
  count: 0,
  rows: new Int32Array(0),
  message: `column ${column} names no unit; taken as ${unit}, which is what ${evidence} says`,
  droppable: false,
});

const undeclared = (sheet: Sheet, metric: Metric, column: string): Token2MetricsError =>
  new Token2MetricsError(
    'token2metrics/unknown-unit',
    `${column}: its name tells no unit, declare it (units: ${column}=${unitNames(METRIC_FACTS[metric].quantity)[0]}); got '${column}'`,
    { file: sheet.file, line: 1, column, expected: 'a declared unit' },
  );

/** How tables write that there is no value. */
const ABSENT = new Set(['', 'nan', 'na', 'n/a', 'null', 'none']);

/** NaN where the cell is empty. */
const numberAt = (sheet: Sheet, row: number, column: number): number => {
  const text = sheet.cell(row, column).trim();
  if (ABSENT.has(text.toLowerCase())) return Number.NaN;
  const value = decimalNumber(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new Token2MetricsError(
    'token2metrics/bad-number',
    `${sheet.names[column]}: must be a number of at least 0; got '${text}'`,
    {
      file: sheet.file,
      line: sheet.line(row),
      column: sheet.names[column] ?? '',
      value: text,
      expected: 'a number of at least 0',
    },
  );
};

const tokensAt = (sheet: Sheet, row: number, column: number, least: number): number => {
  const value = numberAt(sheet, row, column);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new Token2MetricsError(
    'token2metrics/bad-tokens',
    `${sheet.names[column]}: must be a whole number from ${least}; got '${sheet.cell(row, column)}'`,
    {
      file: sheet.file,
      line: sheet.line(row),
      column: sheet.names[column] ?? '',
      value: sheet.cell(row, column),
      expected: `a whole number from ${least}`,
    },
  );
};

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
