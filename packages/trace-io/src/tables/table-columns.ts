import type { NameColumn } from '../names/name-column.js';
import { DECODE, type PhaseTable, PREFILL } from './phase-table.js';

/** Counts in two bytes while every one fits, then in four, then in eight. */
export type Counts = Uint16Array | Uint32Array | Float64Array;

/** A column for counts of at most `largest`. */
export const countsFor = (largest: number, length: number): Counts => {
  if (largest < 2 ** 16) return new Uint16Array(length);
  return largest < 2 ** 32 ? new Uint32Array(length) : new Float64Array(length);
};

/** A phase table as it is read and kept: one column for the tokens of a row's own kind. */
export interface TableColumns {
  readonly kind: Uint8Array;
  readonly startSec: Float64Array;
  readonly endSec: Float64Array;
  readonly tokens: Counts;
  readonly request: Uint32Array;
  readonly requestIds: NameColumn;
  readonly steps?: Float64Array;
  readonly cachedTokens?: Float64Array;
  readonly cut?: Uint8Array;
  readonly instance?: Uint32Array;
  readonly instanceIds?: NameColumn;
}

const tokensByTable = new WeakMap<PhaseTable, Counts>();

/** The table of these columns. Its two columns of tokens are made when first asked for: a table that is only looked at or written again never holds both. */
export const tableOfColumns = ({ tokens, ...columns }: TableColumns & Pick<PhaseTable, 'lineOf'>): PhaseTable => {
  const { kind } = columns;
  const tokensOf = (wanted: number): (() => Float64Array) => {
    let column: Float64Array | undefined;
    return () => {
      column ??= ownTokens(kind, tokens, wanted);
      return column;
    };
  };
  const prefillTokens = tokensOf(PREFILL);
  const decodeTokens = tokensOf(DECODE);
  const table: PhaseTable = {
    length: kind.length,
    ...columns,
    get prefillTokens() {
      return prefillTokens();
    },
    get decodeTokens() {
      return decodeTokens();
    },
  };
  tokensByTable.set(table, tokens);
  return table;
};

const ownTokens = (kind: Uint8Array, tokens: Counts, wanted: number): Float64Array => {
  const column = new Float64Array(kind.length);
  for (let i = 0; i < column.length; i++) if (kind[i] === wanted) column[i] = tokens[i];
  return column;
};

/** Tokens of a row's own kind, without making the two columns of a table that was read. */
export const tokensOfRows = (phases: PhaseTable): ((row: number) => number) => {
  const kept = tokensByTable.get(phases);
  if (kept !== undefined) return (row) => kept[row];
  const { kind, prefillTokens, decodeTokens } = phases;
  return (row) => (kind[row] === DECODE ? decodeTokens[row] : prefillTokens[row]) as number;
};

/** A table's columns, with the tokens of its rows in one column. */
export const columnsOfTable = (phases: PhaseTable): TableColumns => {
  const { kind, startSec, endSec, request, requestIds, steps, cachedTokens, cut, instance, instanceIds } = phases;
  const tokensOf = tokensOfRows(phases);
  return {
    kind,
    startSec,
    endSec,
    tokens: tokensByTable.get(phases) ?? Float64Array.from({ length: phases.length }, (_, row) => tokensOf(row)),
    request,
    requestIds,
    ...(steps && { steps }),
    ...(cachedTokens && { cachedTokens }),
    ...(cut && { cut }),
    ...(instance && instanceIds && { instance, instanceIds }),
  };
};
