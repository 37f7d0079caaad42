import type { Betas, Term } from '@stepclock/step-cost';
import { type EngineUnderLoad, isBroken } from './engine-under-load.js';
import { headOf, type LoadShape } from './load-shape.js';
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

const LONE_REQUESTS = 300;
/** An hour is longer than any request. */
const APART_SEC = 3600;

/** The first requests of a load, evenly apart. */
export const loneRequests = (shape: LoadShape): LoadShape => {
  const head = headOf(shape, LONE_REQUESTS);
  return { ...head, arrivals: head.arrivals.map((_, i) => i) };
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
