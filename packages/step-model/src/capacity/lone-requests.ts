import type { Betas, Term } from '@stepclock/step-cost';
import { type EngineUnderLoad, isBroken } from './engine-under-load.js';
import { type LoadShape, pickedFrom } from './load-shape.js';
import type { RatedRun } from './operating-figures.js';
import type { Slo } from './slo.js';

/** An SLO that no rate can keep, since requests break it alone. */
export interface Unreachable {
  readonly slo: Slo;
  /** What lone requests have, s. */
  readonly valueSec: number;
  /** The term that stands most in the way, and the share of the value that goes with half of its cost. */
  readonly term: string;
  readonly shareOfHalf: number;
}

/** A p99 has ten of them above it. */
const LONE_REQUESTS = 1000;
/** Its multiples fill the unit interval evenly from the first on, so that what a run leaves out at its ends is no part of the load. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;
/** An hour is longer than any request. */
const APART_SEC = 3600;

/** Requests from all over a load, evenly apart. */
export const loneRequests = (shape: LoadShape): LoadShape => {
  const length = Math.min(shape.length, LONE_REQUESTS);
  const rows = Uint32Array.from({ length }, (_, i) => Math.floor(((i * GOLDEN_RATIO) % 1) * shape.length));
  return pickedFrom(
    shape,
    rows,
    Float64Array.from(rows, (_, i) => i),
  );
};

/** {@link loneRequests} served, one an hour. */
const servedAlone = (engine: EngineUnderLoad, lone: LoadShape, slos: readonly Slo[]): RatedRun =>
  engine(lone, 1 / APART_SEC, slos);

/** The SLOs that lone requests break, each with the term whose cost weighs most in it. */
export const unreachableSlos = (
  betas: Betas,
  terms: readonly Term[],
  lone: LoadShape,
  slos: readonly Slo[],
  engineWith: (betas: Betas) => EngineUnderLoad,
): readonly Unreachable[] => {
  const alone = servedAlone(engineWith(betas), lone, slos);
  return slos.flatMap((slo, i) => {
    const valueSec = alone.slos[i];
    if (valueSec === null || !isBroken(valueSec, slo)) return [];
    // Half of a cost, not none: an engine whose steps take no time cannot be run.
    const spared = terms.map(({ name, label }) => {
      const cheaper = engineWith({ ...betas, [label]: betas[label] / 2 });
      const value = servedAlone(cheaper, lone, [slo]).slos[0] ?? valueSec;
      return { term: name, shareOfHalf: 1 - value / valueSec };
    });
    return [
      { slo, valueSec, ...spared.reduce((most, other) => (other.shareOfHalf > most.shareOfHalf ? other : most)) },
    ];
  });
};
