import { type StageWarning, stageFault } from '../stage-fault.js';
import type { TotalRule } from './decode-steps.js';

/** One knob over the rows: numbers, or codes of named levels. */
export type KnobColumn =
  | { readonly kind: 'numeric'; readonly name: string; readonly values: Float64Array }
  | {
      readonly kind: 'category';
      readonly name: string;
      readonly values: Float64Array;
      readonly levels: readonly string[];
    };

/** The inputs of a prediction: one row a configuration. */
export interface KnobTable {
  readonly length: number;
  readonly knobs: readonly KnobColumn[];
  /** Decode steps of each row; 0 everywhere when no stage counts once a step. */
  readonly decodeSteps: Float64Array;
  /** Where the rows stand, for messages; of merged repeats the first. */
  readonly origin?: { readonly files: readonly string[]; readonly lines: Uint32Array };
  /** Where a column tells: what `decodeSteps` follow from. */
  readonly outputTokens?: Float64Array | undefined;
  /** What a file calls its rows, where it has a name for them. */
  readonly ids?: readonly string[] | undefined;
}

/** The file and line of a row, as far as they are known. */
export const placeOf = ({ origin }: KnobTable, row: number): { readonly file?: string; readonly line?: number } =>
  origin === undefined ? {} : { file: origin.files[row], line: origin.lines[row] };

/** Configurations with the measured time of each stage, milliseconds. */
export interface StageTable extends KnobTable {
  readonly stageNames: readonly string[];
  /** One column a stage, milliseconds, all above 0. */
  readonly stagesMs: readonly Float64Array[];
  readonly total: TotalRule;
  /** Measurements behind each row. */
  readonly repeats: Uint32Array;
  /** Median over configurations with repeats of the relative spread of one measurement, percent; null without repeats. */
  readonly noisePercent: number | null;
  readonly warnings: readonly StageWarning[];
}

/** `T_total` of each row from columns of its stages, milliseconds. */
export const totalsOf = (
  stagesMs: readonly Float64Array[],
  stageNames: readonly string[],
  decodeSteps: Float64Array,
  total: TotalRule,
): Float64Array => {
  const sum = new Float64Array(decodeSteps.length);
  stageNames.forEach((name, k) => {
    const column = stagesMs[k];
    const perStep = total.perStepStages.includes(name);
    for (let i = 0; i < sum.length; i++) {
      sum[i] = sum[i] + (perStep ? decodeSteps[i] : 1) * column[i];
    }
  });
  return sum;
};

/** Name of the total among stages. */
export const TOTAL = 'T_total';

/** Whether a table has measured totals and no stages. */
export const hasTotalsAlone = ({ stageNames }: StageTable): boolean =>
  stageNames.length === 1 && stageNames[0] === TOTAL;

/** The totals of a table as its one stage. */
export const wholeTable = (table: StageTable): StageTable => ({
  ...table,
  stageNames: [TOTAL],
  stagesMs: [measuredTotals(table)],
  total: { ...table.total, perStepStages: [] },
});

/**
 * Predicted times, as they are.
 *
 * @throws Fault `stage/bad-value` at the first that is no time above 0 within a double's range: the model does not describe its configuration
 */
export const checkedTimes = (stage: string, ms: Float64Array): Float64Array => {
  const row = ms.findIndex((time) => !(time > 0 && time < Number.POSITIVE_INFINITY));
  if (row < 0) return ms;
  throw stageFault('stage/bad-value', {
    what: `predicted ${stage}`,
    rule: 'must be a time above 0 ms',
    value: ms[row],
    row,
    hint: 'the model does not hold for this configuration, or its file is damaged',
  });
};

/** Measured totals. */
export const measuredTotals = (table: StageTable): Float64Array =>
  totalsOf(table.stagesMs, table.stageNames, table.decodeSteps, table.total);

const pick = (column: Float64Array, rows: ArrayLike<number>): Float64Array =>
  Float64Array.from({ length: rows.length }, (_, i) => column[rows[i]]);

const pickCounts = (column: Uint32Array, rows: ArrayLike<number>): Uint32Array =>
  Uint32Array.from({ length: rows.length }, (_, i) => column[rows[i]]);

const pickTexts = (texts: readonly string[], rows: ArrayLike<number>): string[] =>
  Array.from({ length: rows.length }, (_, i) => texts[rows[i]]);

/** The numbered rows, in the order asked for. */
export const takeConfigurations = (table: StageTable, rows: ArrayLike<number>): StageTable => ({
  ...table,
  ...takeKnobRows(table, rows),
  stagesMs: table.stagesMs.map((column) => pick(column, rows)),
  repeats: pickCounts(table.repeats, rows),
});

export const takeKnobRows = (table: KnobTable, rows: ArrayLike<number>): KnobTable => ({
  length: rows.length,
  knobs: table.knobs.map((knob) => ({ ...knob, values: pick(knob.values, rows) })),
  decodeSteps: pick(table.decodeSteps, rows),
  ...(table.origin && {
    origin: { files: pickTexts(table.origin.files, rows), lines: pickCounts(table.origin.lines, rows) },
  }),
  ...(table.outputTokens && { outputTokens: pick(table.outputTokens, rows) }),
  ...(table.ids && { ids: pickTexts(table.ids, rows) }),
});
