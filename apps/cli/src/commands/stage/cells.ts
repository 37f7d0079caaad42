import type { KnobTable } from '@stepclock/stage-latency-recalibration';

/** The knobs of a row, in the table's order. */
export const knobCells = (table: KnobTable, row: number): readonly (number | string)[] =>
  table.knobs.map((knob) => (knob.kind === 'numeric' ? knob.values[row] : knob.levels[knob.values[row]]));

/** What a row is called: by its file's own name for it, else by its place. */
export const idOf = (table: KnobTable, row: number): string => table.ids?.[row] ?? `${row + 1}`;

const csvCell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

export const csvText = (rows: readonly (readonly string[])[]): string =>
  `${rows.map((cells) => cells.map(csvCell).join(',')).join('\n')}\n`;
