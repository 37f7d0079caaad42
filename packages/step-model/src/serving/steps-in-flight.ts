import type { Simulation, StepTable, Workload } from '@stepclock/engine-sim';

/** Steps before an arrival that tell how long one is there: the one in flight and those right before it. */
const NEIGHBOURS = 5;

/** Of every engine, its first step and the one after its last; a joined table has them one after another. */
const enginesOf = ({ length, instance }: StepTable): readonly (readonly [number, number])[] => {
  if (instance === undefined) return [[0, length]];
  const engines: [number, number][] = [];
  for (let k = 0; k < length; k++) {
    const engine = instance[k];
    engines[engine] ??= [k, k];
    engines[engine][1] = k + 1;
  }
  return engines;
};

/**
 * How long steps are when each request arrives: the mean of the one in flight and of those right before it; 0 where the engine is idle.
 */
export const busyStepSec = (
  { length, arrivalSec, instance }: Workload,
  { steps, rank = instance }: Pick<Simulation, 'steps' | 'rank'>,
): Float64Array => {
  const { startSec, durationSec } = steps;
  const engines = enginesOf(steps);
  return Float64Array.from({ length }, (_, i) => {
    const [from, to] = engines[rank?.[i] ?? 0] ?? [0, 0];
    const at = arrivalSec[i];
    let [low, high] = [from, to];
    // The last step that starts before the arrival; one that starts with it was planned for it.
    while (low < high) {
      const middle = (low + high) >> 1;
      if (startSec[middle] < at) low = middle + 1;
      else high = middle;
    }
    const last = low - 1;
    if (last < from || startSec[last] + durationSec[last] < at) return 0;
    let sum = 0;
    let count = 0;
    for (let k = last; k >= from && count < NEIGHBOURS; k--, count++) {
      const isNext = count === 0 || startSec[k] + durationSec[k] >= startSec[k + 1];
      if (!isNext) break;
      sum += durationSec[k];
    }
    return sum / count;
  });
};
