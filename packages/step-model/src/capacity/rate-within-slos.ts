import { type EngineUnderLoad, isBroken } from './engine-under-load.js';
import { highestRate, type RateSearch } from './highest-rate.js';
import type { LoadShape } from './load-shape.js';
import { saturationRate } from './saturation.js';
import type { Slo } from './slo.js';

/** The search ends at this share of the saturation, where requests are alone. */
const LEAST_SHARE = 1 / 256;

/** The highest rate of an engine within its SLOs. */
export interface RateWithinSlos {
  readonly saturationPerSec: number;
  /** Undefined where the SLOs hold at no rate. */
  readonly holdsPerSec: number | undefined;
  /** A rate just above at which one does not; undefined where it is the saturation that ends it. */
  readonly failsPerSec: number | undefined;
}

/** How a search begins: at the saturation and down by halves, or close to a rate that is known. */
export type Beginning = Pick<RateSearch, 'tolerance' | 'growth'> & { readonly from?: number };

/** Whether every SLO holds at a rate. */
export const keepsAll = (engine: EngineUnderLoad, shape: LoadShape, rate: number, slos: readonly Slo[]): boolean => {
  const run = engine(shape, rate, slos);
  return slos.every((slo, i) => !isBroken(run.slos[i], slo));
};

/** Searches the highest rate at which every SLO holds; none counts beyond the saturation, where the queue grows. */
export const rateWithinSlos = (
  engine: EngineUnderLoad,
  shape: LoadShape,
  slos: readonly Slo[],
  beginning: Beginning,
): RateWithinSlos => {
  const saturationPerSec = saturationRate(engine, shape);
  const holdsAt = (rate: number): boolean => rate <= saturationPerSec && keepsAll(engine, shape, rate, slos);
  const { from = saturationPerSec, ...search } = beginning;
  const found = highestRate(holdsAt, {
    from: Math.min(from, saturationPerSec),
    least: LEAST_SHARE * saturationPerSec,
    ...search,
  });
  const bySlo = found !== undefined && found.fails <= saturationPerSec;
  return { saturationPerSec, holdsPerSec: found?.holds, failsPerSec: bySlo ? found.fails : undefined };
};
