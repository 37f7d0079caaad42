import { listed } from '@stepclock/faults';
import { fault } from '../fault.js';

/**
 * Named feature columns of equal length. Column `j` is called `names[j]`; every value is finite.
 * Build one with {@link featureTable}, which checks that.
 */
export interface FeatureTable {
  /** Rows. */
  readonly length: number;
  readonly names: readonly string[];
  readonly columns: readonly Float64Array[];
}

/** @throws Fault `regression/bad-column` at the first value that is none */
const checkFinite = (name: string, column: Float64Array): void => {
  for (let i = 0; i < column.length; i++) {
    const value = column[i];
    if (!Number.isFinite(value)) {
      throw fault('regression/bad-column', { what: name, rule: 'must be a finite number', value, row: i });
    }
  }
};

/** A copy-free check of one numeric column: finite values, and as many as `length` asks for. */
export const checkedColumn = (name: string, column: Float64Array, length: number): Float64Array => {
  if (column.length !== length) {
    const rule = `must have as many rows as the first column (${length})`;
    throw fault('regression/length-mismatch', { what: name, rule, value: column.length });
  }
  checkFinite(name, column);
  return column;
};

/**
 * Names and columns as a feature table. The columns are kept, not copied: do not write to them afterwards.
 *
 * @param names one a column; non-empty and distinct
 * @param columns equal lengths, finite values
 * @throws Fault `regression/bad-name`, `regression/length-mismatch`, `regression/bad-column`, each with the feature and the row
 *
 * @example
 * featureTable(['batch_size', 'sequence_length'], [Float64Array.of(1, 8), Float64Array.of(128, 512)]).length // => 2
 */
export const featureTable = (names: readonly string[], columns: readonly Float64Array[]): FeatureTable => {
  if (names.length !== columns.length) {
    const rule = `must be one a column (${columns.length})`;
    throw fault('regression/length-mismatch', { what: 'names', rule, value: names.length });
  }
  const seen = new Set<string>();
  for (const name of names) {
    if (name === '' || seen.has(name)) {
      throw fault('regression/bad-name', { what: 'names', rule: 'must be distinct and not empty', value: name });
    }
    seen.add(name);
  }
  const length = columns[0]?.length ?? 0;
  columns.forEach((column, j) => {
    checkedColumn(names[j] ?? '', column, length);
  });
  return { length, names: [...names], columns: [...columns] };
};

/**
 * The same from an object of plain or typed arrays, in the object's order of keys.
 *
 * @example
 * featuresOf({ batch_size: [1, 8], sequence_length: [128, 512] }).names // => ['batch_size', 'sequence_length']
 */
export const featuresOf = (columns: Readonly<Record<string, ArrayLike<number>>>): FeatureTable => {
  const names = Object.keys(columns);
  return featureTable(
    names,
    names.map((name) => Float64Array.from(columns[name] ?? [])),
  );
};

/** The named columns, in this order: how a model finds its features in a table that may hold more. */
export const selectFeatures = (table: FeatureTable, names: readonly string[]): FeatureTable => {
  const columns = names.map((name) => {
    const column = table.columns[table.names.indexOf(name)];
    if (column === undefined) {
      const hint = `its features are ${listed(table.names) || 'none'}`;
      throw fault('regression/missing-feature', { what: name, rule: 'must be a feature of the table', hint });
    }
    return column;
  });
  return { length: table.length, names: [...names], columns };
};

/** The numbered entries of a column, in the order asked for. */
export const takeValues = (column: Float64Array, rows: ArrayLike<number>): Float64Array => {
  const taken = new Float64Array(rows.length);
  for (let k = 0; k < rows.length; k++) taken[k] = column[rows[k]];
  return taken;
};

/** The numbered rows, in the order asked for; a row may be asked for more than once (bootstrap). */
export const takeRows = (table: FeatureTable, rows: ArrayLike<number>): FeatureTable => ({
  length: rows.length,
  names: table.names,
  columns: table.columns.map((column) => takeValues(column, rows)),
});
