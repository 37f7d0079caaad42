import type { Stretch, StretchFact } from './stretch.js';

/**
 * One term of the cost of a step: `seconds = sum over the terms of coefficient x sum(stretch)`. Everything that estimates, predicts,
 * simulates, exports or explains iterates over terms; nothing else knows one by name.
 */
export interface Term {
  /** Stable, in snake_case: `prefill_step`. */
  readonly name: string;
  /** Name of the coefficient in files and texts: `beta0` to `beta3` for the four that the field knows so, else the term's own name. */
  readonly label: string;
  /** Of the coefficient: `s/step`, `s/token`, ... */
  readonly unit: string;
  /** Short, for tables: `per prefill token`. */
  readonly phrase: string;
  /** Part of a second that the coefficient reads best in. */
  readonly smallUnit: 'us' | 'ns' | 'ps';
  /** One sentence: what the coefficient says. */
  readonly sentence: string;
  /** What the steps of a stretch hold of it, in all. A pure function; linear in the counts of a stretch whose steps are alike. */
  readonly sum: (stretch: Readonly<Stretch>) => number;
  /**
   * `sum` as an expression of SQL, over columns called as the facts in snake_case (`decode_seqs`); `greatest` and `CASE` are what every dialect has.
   * Without one the term is refused by queries that make windows.
   */
  readonly sql?: string;
  /** Facts that `sum` reads and that evidence may lack. */
  readonly needs: readonly StretchFact[];
  /** Decode batches of which it may hold anything: above the first, up to the second. Absent: of any. Spares the call for the others. */
  readonly batches?: readonly [above: number, upTo: number];
  /** Whether the coefficient may be negative. */
  readonly sign: 'non-negative' | 'free';
  /** Standard deviation of its prior around zero, as a share of the coefficient of `step`; null: no prior. */
  readonly priorShare: number | null;
  /**
   * How it comes into a model by itself. `base`: always. `open`: with its family (`decode_seqs_over_*`), where held-out loss says so.
   * `diagnostic`: fitted beside the others to tell something about the log, never kept.
   */
  readonly role: 'base' | 'open' | 'diagnostic';
}
