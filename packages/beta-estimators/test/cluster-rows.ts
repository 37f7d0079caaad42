import { BASE_TERMS, type RowTable, type Term } from '@stepclock/step-cost';

/** Steps, prefill tokens, mean decodes and mean context of a step. */
export type ListedRow = readonly [steps: number, prefillTokens: number, decodes: number, context: number];

/** beta0 to beta2, and with beta3. */
export const LINEAR: readonly Term[] = BASE_TERMS.slice(0, 3);
export const KV: readonly Term[] = BASE_TERMS;

/** beta0 to beta3, s. */
export type FourBetas = readonly [number, number, number, number];

export const BETA: FourBetas = [6e-3, 2e-5, 1.2e-4, 1e-7];

/** Rows that last as long as the coefficients say, plus `off` seconds each, which is all of their time unless `onTop`. */
export const rowsOf = (
  list: readonly ListedRow[],
  beta: readonly number[],
  off: readonly number[] = list.map(() => 0),
  onTop = off.every((v) => v === 0),
  terms: readonly Term[] = KV,
): RowTable => {
  const sums = [
    Float64Array.from(list, ([k]) => k),
    Float64Array.from(list, ([, p]) => p),
    Float64Array.from(list, ([k, , n]) => k * n),
    Float64Array.from(list, ([k, , , c]) => k * c),
  ];
  return {
    length: list.length,
    seconds: Float64Array.from(off, (own, i) =>
      onTop ? sums.reduce((sum, column, t) => sum + (beta[t] ?? 0) * column[i], own) : own,
    ),
    steps: sums[0],
    terms,
    sums: sums.slice(0, terms.length),
  };
};

/** Rows whose columns vary independently. */
export const variedRows = (count: number, context: boolean): ListedRow[] =>
  Array.from(
    { length: count },
    (_, i): ListedRow => [
      1 + (i % 7),
      i % 3 === 0 ? 100 + 37 * (i % 29) : 0,
      (i * 5) % 17,
      context ? 1000 + 700 * ((i * 11) % 13) : 0,
    ],
  );
