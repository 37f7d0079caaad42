import { type EngineUnderLoad, excessOf } from './engine-under-load.js';
import { highestRate, type RateSearch } from './highest-rate.js';
import type { LoadShape } from './load-shape.js';
import type { RatedRun } from './operating-figures.js';
import { saturationRate } from './saturation.js';
import type { Slo } from './slo.js';

/** The search ends at this share of the saturation, where requests are alone. */
const LEAST_SHARE = 1 / 256;

/** The highest rate of an engine within its SLOs. */
export interface RateWithinSlos {
  readonly saturationPerSec: number;
  /** Undefined where the SLOs hold at no rate. */
  readonly holdsPerSec: number | undefined;
  /** The run at that rate. */
  readonly atHolds: RatedRun | undefined;
  /** A run just above it that breaks an SLO; undefined where it is the saturation that ends the rate. */
  readonly atFails: RatedRun | undefined;
}

/** How a search begins: at the saturation and down by halves, or close to a rate that is known. */
export type Beginning = Pick<RateSearch, 'tolerance' | 'growth'> & {
  readonly from?: number;
  /** Where it is known already. */
  readonly saturationPerSec?: number;
};

/** Whether every SLO holds at a rate. */
export const keepsAll = (engine: EngineUnderLoad, shape: LoadShape, rate: number, slos: readonly Slo[]): boolean =>
  excessOf(engine(shape, rate, slos), slos) <= 0;

/** Searches the highest rate at which every SLO holds; none counts beyond the saturation, where the queue grows. */
export const rateWithinSlos = (
  engine: EngineUnderLoad,
  shape: LoadShape,
  slos: readonly Slo[],
  beginning: Beginning,
): RateWithinSlos => {
  const { saturationPerSec = saturationRate(engine, shape), from = saturationPerSec, ...search } = beginning;
  // Of all runs the two nearest to the rate, from either side: each holds every step of a long load.
  let atHolds: RatedRun | undefined;
  let atFails: RatedRun | undefined;
  const excessAt = (rate: number): number => {
    if (rate > saturationPerSec) return Infinity;
    const run = engine(shape, rate, slos);
    const excess = excessOf(run, slos);
    if (excess > 0) atFails = rate < (atFails?.figures.ratePerSec ?? Infinity) ? run : atFails;
    else atHolds = rate > (atHolds?.figures.ratePerSec ?? 0) ? run : atHolds;
    return excess;
  };
  const found = highestRate(excessAt, {
    from: Math.min(from, saturationPerSec),
    least: LEAST_SHARE * saturationPerSec,
    ...search,
  });
  return {
    saturationPerSec,
    holdsPerSec: found?.holds,
    atHolds,
    atFails: found && atFails,
  };
};
