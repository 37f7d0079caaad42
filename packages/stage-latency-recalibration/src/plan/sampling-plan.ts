import { seededRandom, shuffled } from '@stepclock/numerics';
import type { KnobTable } from '../data/stage-table.js';
import { stageFault } from '../stage-fault.js';

/**
 * Which configurations to measure.
 * - `random`: uniformly without replacement: what the guarantees of the guardrail assume;
 * - `stratified`: every knob's range in equal shares (a Latin hypercube, each point moved to the nearest configuration left);
 * - `space-filling`: each next one farthest from those chosen, from the middle outwards: corners early, good for processes, bad for lines.
 */
export type PlanKind = 'random' | 'stratified' | 'space-filling';

export const PLAN_KINDS: readonly PlanKind[] = ['random', 'stratified', 'space-filling'];

/**
 * Row numbers of the configurations to measure, in the order in which to measure them: the first k are a plan for k.
 *
 * @throws Fault `stage/too-many-samples`
 */
export const samplingPlan = (table: KnobTable, samples: number, kind: PlanKind, seed = 0): Uint32Array => {
  if (!(Number.isSafeInteger(samples) && samples >= 1 && samples <= table.length)) {
    throw stageFault(samples > table.length ? 'stage/too-many-samples' : 'stage/bad-option', {
      what: 'samples',
      rule: `must be a whole number from 1 to the configurations there are (${table.length})`,
      value: samples,
    });
  }
  const random = seededRandom(seed, `plan ${kind}`);
  if (kind === 'random') return shuffled(table.length, random).slice(0, samples);
  const places = placesOf(table);
  return kind === 'stratified' ? latin(places, table.length, samples, random) : farthest(places, table.length, samples);
};

/** Each knob as its rank among its values, from 0 to 1: spacings of a grid rarely mean what they say (64, 144, 576, ...). */
const placesOf = (table: KnobTable): readonly Float64Array[] =>
  table.knobs
    .map(({ values }) => {
      const levels = [...new Set(values)].sort((a, b) => a - b);
      const rank = new Map(levels.map((value, i) => [value, levels.length > 1 ? i / (levels.length - 1) : 0.5]));
      return values.map((value) => rank.get(value) as number);
    })
    .filter((places) => places.some((place) => place !== places[0]));

const squaredDistance = (places: readonly Float64Array[], i: number, to: (knob: number) => number): number =>
  places.reduce((sum, column, k) => sum + (column[i] - to(k)) ** 2, 0);

const latin = (places: readonly Float64Array[], rows: number, samples: number, random: () => number): Uint32Array => {
  const strata = places.map(() => shuffled(samples, random));
  const left = new Set(Array.from({ length: rows }, (_, i) => i));
  return Uint32Array.from({ length: samples }, (_, s) => {
    const point = places.map((_, k) => (strata[k]?.[s] + random()) / samples);
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (const i of left) {
      const distance = squaredDistance(places, i, (k) => point[k]);
      if (distance < least) {
        least = distance;
        best = i;
      }
    }
    left.delete(best);
    return best;
  });
};

const farthest = (places: readonly Float64Array[], rows: number, samples: number): Uint32Array => {
  const nearest = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
  const plan = new Uint32Array(samples);
  let next = argument(rows, (i) => -squaredDistance(places, i, () => 0.5));
  for (let s = 0; s < samples; s++) {
    plan[s] = next;
    const chosen = next;
    for (let i = 0; i < rows; i++) {
      const distance = squaredDistance(places, i, (k) => places[k][chosen]);
      if (distance < nearest[i]) nearest[i] = distance;
    }
    // A configuration that was chosen is no distance from itself; -1 keeps it out among others at no distance.
    nearest[chosen] = -1;
    next = argument(rows, (i) => nearest[i]);
  }
  return plan;
};

/** The first of the largest. */
const argument = (rows: number, value: (i: number) => number): number => {
  let best = 0;
  let most = value(0);
  for (let i = 1; i < rows; i++) {
    const here = value(i);
    if (here > most) {
      most = here;
      best = i;
    }
  }
  return best;
};
