import { finite, positive } from '@stepclock/model-file';
import * as v from 'valibot';

/** Mean and standard deviation of a column: what a network sees is `(value - mean) / sd`. */
export interface Standardisation {
  readonly mean: number;
  /** 1 for a constant column. */
  readonly sd: number;
}

export const standardisationOf = (column: Float64Array): Standardisation => {
  const n = column.length;
  const mean = column.reduce((sum, value) => sum + value, 0) / n;
  const sd = Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n);
  // A constant's rounding noise is not a scale.
  return { mean, sd: sd > 1e-12 * Math.abs(mean) ? sd : 1 };
};

/** Columns standardised and laid out row by row. */
export const standardisedRows = (
  columns: readonly Float64Array[],
  scales: readonly Standardisation[],
): Float64Array<ArrayBuffer> => {
  const width = columns.length;
  const rows = new Float64Array(width * (columns[0]?.length ?? 0));
  columns.forEach((column, j) => {
    const { mean, sd } = scales[j];
    for (let i = 0; i < column.length; i++) rows[i * width + j] = (column[i] - mean) / sd;
  });
  return rows;
};

/** A standardisation in a model's JSON. */
export const standardisationSchema = v.object({ mean: finite, sd: positive });
