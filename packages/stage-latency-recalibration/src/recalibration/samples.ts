import { type FeatureTable, takeRows } from '@stepclock/regression';
import type { TotalRule } from '../data/decode-steps.js';
import {
  hasTotalsAlone,
  type KnobTable,
  measuredTotals,
  type StageTable,
  TOTAL,
  totalsOf,
} from '../data/stage-table.js';
import type { StageEstimator } from '../estimator/stage-estimator.js';
import { stageFault } from '../stage-fault.js';
import type { StageSamples } from './stage-map.js';

/** What a recalibrated model predicts from: the source model's times and the knobs. */
export interface TransferInput {
  /** One column a stage, ms. */
  readonly sourceMs: readonly Float64Array[];
  /** Standardised, as the source model sees them. */
  readonly knobs: FeatureTable;
  readonly decodeSteps: Float64Array;
}

/** Calibration samples: inputs with what the target GPU took. */
export interface TransferSamples extends TransferInput {
  /** One column a stage, ms; null where the target has totals alone. */
  readonly targetMs: readonly Float64Array[] | null;
  readonly targetTotalMs: Float64Array;
  readonly stageNames: readonly string[];
  readonly total: TotalRule;
}

/** @throws Fault `stage/other-knobs`, `stage/unknown-level`, `stage/not-identifiable` */
export const transferInput = (source: StageEstimator, table: KnobTable): TransferInput => {
  const rows = source.encode(table);
  return {
    sourceMs: source.stageTimes(rows),
    knobs: rows.scaled,
    decodeSteps: table.decodeSteps,
  };
};

/**
 * @throws Fault `stage/other-stages` when the target's stages are not the source model's; as {@link transferInput}
 */
export const transferSamples = (source: StageEstimator, table: StageTable): TransferSamples => {
  const { stageNames } = source;
  const rest = { ...transferInput(source, table), targetTotalMs: measuredTotals(table), stageNames };
  if (hasTotalsAlone(table) && !stageNames.includes(TOTAL))
    return { ...rest, targetMs: null, total: source.parts.total };
  const columns = source.stageNames.map((name) => table.stagesMs[table.stageNames.indexOf(name)]);
  const missing = source.stageNames.filter((_, k) => columns[k] === undefined);
  const extra = table.stageNames.filter((name) => !source.stageNames.includes(name));
  if (missing.length > 0 || extra.length > 0) {
    throw stageFault('stage/other-stages', {
      what: 'stages',
      rule: `must be those of the source (${source.stageNames.join(', ')})`,
      value: table.stageNames.join(', '),
      file: table.origin?.files[0],
    });
  }
  return { ...rest, targetMs: columns, total: table.total };
};

/** Samples of one key look the same to every map. */
export const sampleKeys = ({ knobs }: TransferInput): string[] =>
  Array.from({ length: knobs.length }, (_, i) => knobs.columns.map((column) => column[i]).join('|'));

const pick = (column: Float64Array, rows: ArrayLike<number>): Float64Array =>
  Float64Array.from({ length: rows.length }, (_, i) => column[rows[i]]);

export const takeInput = (input: TransferInput, rows: ArrayLike<number>): TransferInput => ({
  sourceMs: input.sourceMs.map((column) => pick(column, rows)),
  knobs: takeRows(input.knobs, rows),
  decodeSteps: pick(input.decodeSteps, rows),
});

export const takeSamples = (samples: TransferSamples, rows: ArrayLike<number>): TransferSamples => ({
  ...samples,
  ...takeInput(samples, rows),
  targetMs: samples.targetMs?.map((column) => pick(column, rows)) ?? null,
  targetTotalMs: pick(samples.targetTotalMs, rows),
});

/** One stage's samples. */
export const stageSamples = (samples: TransferSamples, k: number): StageSamples => {
  const y = samples.targetMs?.[k];
  if (y === undefined) {
    throw stageFault('stage/missing-stage', {
      what: samples.stageNames[k],
      rule: 'must be measured on the target for this method',
      hint: 'from totals alone, take auto, stage-mix or global-affine',
    });
  }
  return { f: samples.sourceMs[k], y, knobs: samples.knobs };
};

/** The total as the one stage that there is: what can be learnt from totals alone. */
export const wholeSamples = (samples: TransferSamples): TransferSamples => ({
  ...samples,
  sourceMs: [totalsOf(samples.sourceMs, samples.stageNames, samples.decodeSteps, samples.total)],
  targetMs: [samples.targetTotalMs],
  stageNames: [TOTAL],
  total: { ...samples.total, perStepStages: [] },
});
