import type { NameIndex } from '../names/name-index.js';

/**
 * How the cells of one column of a delimited file are read. Every kind but `skip` puts one number a row into `slot`:
 * - `number`: a finite decimal number;
 * - `count`: a whole number >= 0;
 * - `name`: text, interned in `names`; the slot gets its index;
 * - `word`: one of `words` in any case; the slot gets its position;
 * - `parsed`: any text, by a function that gives NaN where the text breaks the `rule`.
 */
export type ColumnPlan =
  | { readonly kind: 'skip' }
  | ({ readonly slot: number; readonly emptyAllowed: boolean } & (
      | { readonly kind: 'number' | 'count' }
      | { readonly kind: 'name'; readonly names: NameIndex }
      | { readonly kind: 'word'; readonly words: readonly string[] }
      | { readonly kind: 'parsed'; readonly parse: (text: string) => number; readonly rule: string }
    ));

/** A delimited file, as its header says: one plan a column, and what to do with each row's slots. */
export interface RowPlan {
  readonly columns: readonly ColumnPlan[];
  /** Names of the columns as the header has them. */
  readonly header: readonly string[];
  /** One value a slot; NaN where an allowed-empty cell is empty or the file lacks the column. Reused from row to row. */
  readonly cells: Float64Array;
  /** Takes the row whose values stand in `cells`. */
  readonly row: (line: number) => void;
}
