import { tQuantile } from '@stepclock/numerics';
import type { BatchSeen } from './compared-log.js';

/** How two logs' decode batches differ, and what steps of the same batch say. */
export interface BatchesCompared {
  /** Range of the batches that hold nearly all steps. */
  readonly a: readonly [number, number];
  readonly b: readonly [number, number];
  /** Share of the steps that both logs have at the same batches, 0 to 1. */
  readonly overlap: number;
  /** Of the time of a step at the same batch, B over A less one, with its interval; null where too few batches are in both. */
  readonly atSameBatch: { readonly value: number; readonly interval: readonly [number, number] } | null;
}

/** Left out at each end of a log's batches. */
const TAIL = 0.02;
/** A batch with fewer steps tells no mean. */
const ENOUGH_STEPS = 10;
/** Batches of both logs that tell a scatter. */
const ENOUGH_BATCHES = 5;

const rangeOf = (batches: readonly BatchSeen[], steps: number): readonly [number, number] => {
  const sorted = [...batches].sort((x, y) => x.decodeSeqs - y.decodeSeqs);
  const at = (share: number): number => {
    let below = 0;
    for (const one of sorted) {
      below += one.steps;
      if (below >= share * steps) return one.decodeSeqs;
    }
    return sorted[sorted.length - 1].decodeSeqs;
  };
  return [at(TAIL), at(1 - TAIL)];
};

/** @returns undefined where a log does not count its batches */
export const comparedBatches = (
  a: readonly BatchSeen[],
  b: readonly BatchSeen[],
  level: number,
): BatchesCompared | undefined => {
  const [stepsA, stepsB] = [a, b].map((batches) => batches.reduce((sum, { steps }) => sum + steps, 0));
  if (stepsA === 0 || stepsB === 0) return undefined;
  const ofB = new Map(b.map((one) => [one.decodeSeqs, one]));
  const both = a.flatMap((one) => {
    const other = ofB.get(one.decodeSeqs);
    return other === undefined ? [] : [[one, other] as const];
  });
  const overlap = both.reduce((sum, [one, other]) => sum + Math.min(one.steps / stepsA, other.steps / stepsB), 0);
  const told = both.filter(([one, other]) => Math.min(one.steps, other.steps) >= ENOUGH_STEPS);
  const weights = told.map(([one, other]) => (one.steps * other.steps) / (one.steps + other.steps));
  const total = weights.reduce((sum, w) => sum + w, 0);
  const changes = told.map(([one, other]) => other.meanSeconds / one.meanSeconds - 1);
  const value = changes.reduce((sum, change, i) => sum + (weights[i] / total) * change, 0);
  const n = told.length;
  const variance = changes.reduce((sum, change, i) => sum + ((weights[i] / total) * (change - value)) ** 2, 0);
  const half =
    n < ENOUGH_BATCHES ? Number.NaN : tQuantile((1 + level) / 2, n - 1) * Math.sqrt((n / (n - 1)) * variance);
  return {
    a: rangeOf(a, stepsA),
    b: rangeOf(b, stepsB),
    overlap,
    atSameBatch: n < ENOUGH_BATCHES ? null : { value, interval: [value - half, value + half] },
  };
};
