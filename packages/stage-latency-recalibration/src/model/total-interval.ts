import type { KnobTable } from '../data/stage-table.js';
import { INTERVAL_LEVEL } from '../estimator/conformal-ranks.js';
import { jackknifeBounds } from '../guardrail/bounds.js';
import { transferInput } from '../recalibration/samples.js';
import type { StageModel } from './stage-model.js';

/** Bounds of a total from both sides, ms: a share `level` of configurations like those measured lies between them. */
export interface IntervalMs {
  readonly level: number;
  readonly lowMs: Float64Array;
  readonly highMs: Float64Array;
}

/**
 * The 90 % interval of the total, from configurations (samples, where the model was carried over) that were left out; null where they are fewer than
 * 19, or the file does not hold what they say. One bound alone at 90 % is what the guardrail draws: two of those hold 80 %.
 */
export const totalInterval = (model: StageModel, knobs: KnobTable, totalMs: Float64Array): IntervalMs | null => {
  const { source, transfer } = model;
  if (transfer !== undefined) {
    if (transfer.cross === undefined) return null;
    const bounder = jackknifeBounds(transfer.recalibration, transfer.cross, (1 + INTERVAL_LEVEL) / 2);
    if (!bounder.enough) return null;
    const { lowerMs, upperMs } = bounder.bounds(transferInput(source, knobs));
    return { level: INTERVAL_LEVEL, lowMs: lowerMs, highMs: upperMs };
  }
  const interval = source.parts.totalInterval;
  if (interval === undefined) return null;
  const { level, low, high } = interval;
  return { level, lowMs: totalMs.map((ms) => ms * low), highMs: totalMs.map((ms) => ms * high) };
};
