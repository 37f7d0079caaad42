import { DECODE, type PhaseTable, PREFILL } from '@stepclock/trace-io';
import { activeCount } from './active-sum.js';
import { timeGrid } from './time-grid.js';

/** A count of active phases over the busy time: every figure is weighted by time. */
export interface Concurrency {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** How busy the engine of a trace was. Times in seconds. */
export interface LoadSummary {
  readonly firstSec: number;
  readonly lastSec: number;
  readonly spanSec: number;
  /** Time with no active phase, all gaps together. */
  readonly idleSec: number;
  /** Stretches between gaps in which some phase is active. */
  readonly busyPeriods: number;
  readonly longestGapSec: number;
  /** Active prefills, decodes and both together while anything is active. */
  readonly prefills: Concurrency;
  readonly decodes: Concurrency;
  readonly phases: Concurrency;
}

/** Time spent at each count, as quantiles. `counts[j]` holds for `lengths[j]` seconds; segments with `busy[j] = 0` are left out. */
const concurrencyOf = (counts: ArrayLike<number>, lengths: Float64Array, busy: ArrayLike<number>): Concurrency => {
  let max = 0;
  for (let j = 0; j < lengths.length; j++) max = Math.max(max, counts[j] as number);
  const timeAt = new Float64Array(max + 1);
  let total = 0;
  let weighted = 0;
  for (let j = 0; j < lengths.length; j++) {
    if (busy[j] === 0) continue;
    const count = counts[j] as number;
    const length = lengths[j] as number;
    timeAt[count] = (timeAt[count] as number) + length;
    total += length;
    weighted += count * length;
  }
  const quantile = (share: number): number => {
    let seen = 0;
    for (let count = 0; count < max; count++) {
      seen += timeAt[count] as number;
      if (seen >= share * total) return count;
    }
    return max;
  };
  return { mean: weighted / total, p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99), max };
};

/**
 * Span, gaps and concurrency of a trace, by one sweep over its boundaries.
 *
 * @throws OverlapError as `timeGrid` does
 */
export const loadSummary = (phases: PhaseTable): LoadSummary => {
  const grid = timeGrid(phases.startSec, phases.endSec);
  const { timesSec, segmentSec, segmentCount } = grid;
  const prefills = activeCount(grid, phases.kind, PREFILL);
  const decodes = activeCount(grid, phases.kind, DECODE);
  const all = prefills.map((n, j) => n + (decodes[j] as number));
  let idleSec = 0;
  let busyPeriods = 1;
  let longestGapSec = 0;
  for (let j = 0; j < segmentCount; j++) {
    if (all[j] !== 0) continue;
    // Nothing starts or ends inside a gap, so that a gap is one segment.
    const gap = segmentSec[j] as number;
    idleSec += gap;
    busyPeriods++;
    longestGapSec = Math.max(longestGapSec, gap);
  }
  const firstSec = timesSec[0] as number;
  const lastSec = timesSec[segmentCount] as number;
  return {
    firstSec,
    lastSec,
    spanSec: lastSec - firstSec,
    idleSec,
    busyPeriods,
    longestGapSec,
    prefills: concurrencyOf(prefills, segmentSec, all),
    decodes: concurrencyOf(decodes, segmentSec, all),
    phases: concurrencyOf(all, segmentSec, all),
  };
};
