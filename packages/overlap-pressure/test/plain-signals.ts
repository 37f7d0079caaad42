import type { PhaseTable } from '@stepclock/trace-io';

/** A signal the slow way: its value between two neighbouring boundaries. */
export interface PlainSegment {
  readonly from: number;
  readonly to: number;
}

/** Sorted distinct boundaries, as a person would write it. */
export const plainTimes = ({ startSec, endSec }: PhaseTable): number[] =>
  [...new Set([...startSec, ...endSec])].sort((a, b) => a - b);

export const plainSegments = (phases: PhaseTable): PlainSegment[] => {
  const times = plainTimes(phases);
  return times.slice(1).map((to, j) => ({ from: times[j], to }));
};

/** Sum of the weights of the phases that cover a segment. */
export const plainActiveSum = (phases: PhaseTable, segment: PlainSegment, weights: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < phases.length; i++) {
    const covers = phases.startSec[i] <= segment.from && phases.endSec[i] >= segment.to;
    if (covers) sum += weights[i];
  }
  return sum;
};

/** The integral of a signal, one value a segment, over phase i: a loop over all segments. */
export const plainIntegral = (phases: PhaseTable, signal: ArrayLike<number>, i: number): number =>
  plainSegments(phases).reduce((sum, { from, to }, j) => {
    const inside = from >= phases.startSec[i] && to <= phases.endSec[i];
    return inside ? sum + signal[j] * (to - from) : sum;
  }, 0);

/** The correction on last steps, tokens/s, one prefill after the other, by walking time forwards. */
export const plainLastStepCorrection = (
  phases: PhaseTable,
  missing: ArrayLike<number>,
  steps: ArrayLike<number>,
  density: ArrayLike<number>,
): number[] => {
  const segments = plainSegments(phases);
  const rate = segments.map(() => 0);
  for (let i = 0; i < phases.length; i++) {
    const mu = missing[i];
    const n = steps[i];
    if (!(mu > 0 && n > 0)) continue;
    const all = plainIntegral(phases, density, i);
    const target = Math.max(all - all / n, 0);
    let passed = 0;
    for (const [j, { from, to }] of segments.entries()) {
      if (from < phases.startSec[i] || to > phases.endSec[i]) continue;
      const here = density[j] * (to - from);
      const inWindow = Math.min(Math.max(passed + here - target, 0), here);
      rate[j] = rate[j] + (mu * inWindow) / (all - target) / (to - from);
      passed += here;
    }
  }
  return rate;
};
