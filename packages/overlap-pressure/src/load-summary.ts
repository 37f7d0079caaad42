import { DECODE, type PhaseTable } from '@stepclock/trace-io';
import { boundaryBatches } from './boundary-batches.js';
import { fault } from './fault.js';

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

/** Time spent at each count of active phases. */
class TimeAtCounts {
  #timeAt = new Float64Array(64);
  #max = 0;
  #total = 0;
  #weighted = 0;

  add(count: number, lengthSec: number): void {
    if (count >= this.#timeAt.length) {
      const longer = new Float64Array(2 * count);
      longer.set(this.#timeAt);
      this.#timeAt = longer;
    }
    this.#timeAt[count] = this.#timeAt[count] + lengthSec;
    this.#max = Math.max(this.#max, count);
    this.#total += lengthSec;
    this.#weighted += count * lengthSec;
  }

  concurrency(): Concurrency {
    const max = this.#max;
    const quantile = (share: number): number => {
      let seen = 0;
      for (let count = 0; count < max; count++) {
        seen += this.#timeAt[count];
        if (seen >= share * this.#total) return count;
      }
      return max;
    };
    return { mean: this.#weighted / this.#total, p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99), max };
  }
}

/**
 * Span, gaps and concurrency of a trace, by one sweep over its boundaries, in linear time. The sweep takes `boundariesAtOnce` of them at a time, so that it costs
 * megabytes however long the trace is; the figures do not depend on it.
 *
 * @throws Fault as `timeGrid` does
 */
export const loadSummary = (phases: PhaseTable, boundariesAtOnce = 2 ** 20): LoadSummary => {
  const { startSec, endSec, kind } = phases;
  if (phases.length === 0) {
    throw fault('overlap-pressure/no-phases', { what: 'phases', rule: 'must be at least one', value: 0 });
  }
  const prefills = new TimeAtCounts();
  const decodes = new TimeAtCounts();
  const both = new TimeAtCounts();
  let firstSec = Number.NaN;
  let atSec = Number.NaN;
  let idleSec = 0;
  let busyPeriods = 1;
  let longestGapSec = 0;
  let prefilling = 0;
  let decoding = 0;
  for (const { timesSec, origin, order } of boundaryBatches(startSec, endSec, boundariesAtOnce)) {
    for (const boundary of order) {
      const t = timesSec[boundary];
      const lengthSec = t - atSec;
      if (lengthSec > 0) {
        const active = prefilling + decoding;
        if (active > 0) {
          prefills.add(prefilling, lengthSec);
          decodes.add(decoding, lengthSec);
          both.add(active, lengthSec);
        } else {
          // Nothing starts or ends inside a gap, so that a gap is one segment.
          idleSec += lengthSec;
          busyPeriods++;
          longestGapSec = Math.max(longestGapSec, lengthSec);
        }
      }
      if (Number.isNaN(atSec)) firstSec = t;
      atSec = t;
      const from = origin[boundary];
      const change = (from & 1) === 0 ? 1 : -1;
      if (kind[from >>> 1] === DECODE) decoding += change;
      else prefilling += change;
    }
  }
  return {
    firstSec,
    lastSec: atSec,
    spanSec: atSec - firstSec,
    idleSec,
    busyPeriods,
    longestGapSec,
    prefills: prefills.concurrency(),
    decodes: decodes.concurrency(),
    phases: both.concurrency(),
  };
};
