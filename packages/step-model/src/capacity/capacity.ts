import type { EngineLimits } from '@stepclock/engine-sim';
import type { Warning } from '@stepclock/faults';
import { quantileOf, tQuantile } from '@stepclock/numerics';
import { CATALOGUE, type Term } from '@stepclock/step-cost';
import { betasOfFile } from '../model-file/betas-file.js';
import type { BetasFile } from '../model-file/betas-schema.js';
import { checkedTerms } from '../model-file/consistency.js';
import { drawnBetas } from '../replay/coefficient-draws.js';
import type { Band } from '../replay/replay-bands.js';
import { replayWarnings } from '../replay/replay-warnings.js';
import type { ClientOverhead } from '../serving/client-overhead.js';
import { servingOfModel } from '../serving/model-serving.js';
import type { LoadCorrections } from '../serving/replayed-load.js';
import { stepModelFault } from '../step-model-fault.js';
import { drawnRatios } from './drawn-rates.js';
import { engineUnderLoad } from './engine-under-load.js';
import { BATCHES } from './load-error.js';
import { headOf, type LoadShape } from './load-shape.js';
import { loneRequests, type Unreachable, unreachableSlos } from './lone-requests.js';
import type { OperatingFigures, RatedRun } from './operating-figures.js';
import { rateWithinSlos } from './rate-within-slos.js';
import { saturationRate } from './saturation.js';
import { type SettledRate, settledRate } from './settled-rate.js';
import type { Slo } from './slo.js';

export interface CapacityOptions {
  /** Searches with coefficients drawn from their covariance, for the band; default 20, 0 for none. */
  readonly draws?: number;
  /** Of the draws and of the step noise; default 0. */
  readonly seed?: number;
  readonly catalogue?: readonly Term[];
  /** What stands between the load and the engine; default as the model's file says. */
  readonly corrections?: LoadCorrections;
  /** Parts of the work that are done, and all. */
  readonly onProgress?: (done: number, of: number) => void;
}

/** Where a rate may lie, by what the coefficients may be and by what a drawn load leaves open. The arrivals of a log stand as they are. */
export interface RateBand {
  /** That of the model's intervals. */
  readonly level: number;
  readonly draws: number;
  /**
   * Standard error of the rate by the finite load alone, as a share of it; null where the band has the coefficients alone: of a log's own arrivals,
   * where the saturation ends the rate, or where the load is too short to tell.
   */
  readonly loadError: number | null;
  /** The arrivals are a log's own. */
  readonly isOwnLoad: boolean;
  /** Requests/s; 0 where a drawn engine keeps the SLOs at no rate. */
  readonly perSec: Band;
}

/** How much of a load one engine takes within its service level objectives. */
export interface Capacity {
  readonly slos: readonly Slo[];
  /** The highest rate at which every SLO holds, requests/s; null where there is none. */
  readonly ratePerSec: number | null;
  /** Null without a covariance, without draws, or without a rate. */
  readonly band: RateBand | null;
  /** The highest rate that the engine keeps up with, whatever the SLOs, requests/s. */
  readonly saturationPerSec: number;
  /** The SLO that ends the rate: the one furthest above its limit just beyond; null where the engine's saturation does. */
  readonly binding: Slo | null;
  readonly unreachable: readonly Unreachable[];
  /** The load of the log itself, at its mean rate, and whether one engine keeps the SLOs under it; null where the load is no log with arrivals. */
  readonly logLoad: { readonly ratePerSec: number; readonly isFeasible: boolean } | null;
  /** Between client and engine, in every TTFT and latency; null for none. */
  readonly overhead: ClientOverhead | null;
  readonly promptOffsetTokens: number;
  /** At the rate itself; null where there is none. */
  readonly atRate: OperatingFigures | null;
  /** From a tenth of the saturation to a little above it. */
  readonly curve: readonly OperatingFigures[];
  readonly warnings: readonly Warning[];
}

/** Requests that bracket the rate, make the curve and serve the drawn engines; all of the load then settle the rate. */
const BRACKETING = 10_000;
/** Of rates: below what a run leaves open. */
const TOLERANCE = 0.005;
/** More requests move a rate by per cents. */
const CLOSE = 1.05;
const USUAL_DRAWS = 20;
/** Of progress: the search over the first requests, and that over all. */
const PARTS_OF_SEARCH = 2;
/** Of the saturation; the figures bend where the engine fills. */
const CURVE = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1, 1.05];

/**
 * The highest rate of a load at which one engine keeps its service level objectives, by simulation of the engine with the fitted coefficients. Every
 * rate serves the same requests, so that rates compare, and no rate counts beyond the engine's saturation, where the queue grows.
 *
 * @param shape what is asked of the engine: `loadShapeOf` a log, or `loadShapeOfSpec` of a description
 * @param slos of `parseSlos`; at least one
 * @param limits the engine's limits and rules
 * @throws Fault `step-model/bad-slo` without an SLO, `step-model/term-not-carried`, `step-model/bad-betas-file`, or those of the simulation
 *   (`engine-sim/bad-option`, `engine-sim/request-exceeds-kv`, `engine-sim/bad-step-time`)
 *
 * @example
 * capacity(model, loadShapeOfSpec('prompt=600:0.8,output=150:0.7'), parseSlos('ttft:p95:200ms'), { maxNumSeqs: 256 }).ratePerSec // => 8.4
 */
export const capacity = (
  model: BetasFile,
  shape: LoadShape,
  slos: readonly Slo[],
  limits: EngineLimits = {},
  options: CapacityOptions = {},
): Capacity => {
  if (slos.length === 0) {
    throw stepModelFault('step-model/bad-slo', { what: 'SLOs', rule: 'must have one', value: slos.length });
  }
  const { draws = USUAL_DRAWS, seed = 0, catalogue = CATALOGUE, onProgress } = options;
  const { rules, ...said } = servingOfModel(model);
  const { corrections = said } = options;
  const terms = checkedTerms(model, catalogue);
  const betas = betasOfFile(model, catalogue);
  const engineWith = (drawn: typeof betas) =>
    engineUnderLoad(drawn, { limits: { ...rules, ...limits }, catalogue, seed, corrections });
  const engine = engineWith(betas);
  const engines = drawnBetas(model, draws, seed, catalogue)?.map(engineWith) ?? [];
  let done = 0;
  const part = (): void => onProgress?.(done++, PARTS_OF_SEARCH + CURVE.length + engines.length);
  const { overhead = null, promptOffsetTokens = 0 } = corrections;
  part();
  const bracketing = headOf(shape, BRACKETING);
  // Requests that break an SLO alone break it at any rate: no search is worth its time then.
  const unreachable = unreachableSlos(betas, terms, loneRequests(shape), slos, engineWith);
  const bracketed =
    unreachable.length > 0 ? undefined : rateWithinSlos(engine, bracketing, slos, { tolerance: TOLERANCE });
  const near = bracketed?.holdsPerSec;
  part();
  const beginning = {
    tolerance: TOLERANCE,
    // What its first requests cannot keep, the whole load may.
    ...(near !== undefined && { from: near, growth: CLOSE }),
  };
  const settled =
    bracketed && settledRate(engine, shape, slos, beginning, bracketing === shape ? bracketed : undefined);
  const saturationPerSec = settled?.saturationPerSec ?? saturationRate(engine, bracketing);
  const curve = CURVE.map((share) => {
    part();
    return engine(bracketing, share * saturationPerSec, slos).figures;
  });
  const { logPerSec } = shape;
  const logLoad =
    logPerSec === undefined
      ? null
      : { ratePerSec: logPerSec, isFeasible: logPerSec <= (settled?.holdsPerSec ?? Number.NEGATIVE_INFINITY) };
  const common = { slos, saturationPerSec, unreachable, logLoad, overhead, promptOffsetTokens, curve };
  if (settled?.holdsPerSec === undefined || settled.atHolds === undefined) {
    const warnings = replayWarnings(model, engine(bracketing, saturationPerSec, slos), catalogue);
    return { ...common, ratePerSec: null, band: null, binding: null, atRate: null, warnings };
  }
  const { holdsPerSec, atHolds, atFails } = settled;
  const [load, perSec] = near === undefined ? [shape, holdsPerSec] : [bracketing, near];
  const known = { perSec, saturationPerSec: bracketed?.saturationPerSec ?? saturationPerSec };
  const ratios = drawnRatios(engine, engines, load, slos, known, part);
  return {
    ...common,
    ratePerSec: holdsPerSec,
    band: bandOf(ratios, settled, shape, model),
    binding: atFails === undefined ? null : furthestBroken(atFails, slos),
    atRate: atHolds.figures,
    warnings: replayWarnings(model, atHolds, catalogue),
  };
};

/** The SLO that is furthest above its limit. */
const furthestBroken = ({ slos: values }: RatedRun, slos: readonly Slo[]): Slo => {
  const excess = (i: number): number => (values[i] ?? 0) / slos[i].limitSec;
  return slos[slos.reduce((most, _, i) => (excess(i) > excess(most) ? i : most), 0)];
};

const bandOf = (
  ratios: readonly number[],
  { holdsPerSec, loadError }: SettledRate,
  { pattern }: LoadShape,
  { intervals }: BetasFile,
): RateBand | null => {
  if (intervals === null || ratios.length < 2 || holdsPerSec === undefined) return null;
  const { level } = intervals;
  const [low, high] = [(1 - level) / 2, (1 + level) / 2].map((p) => quantileOf(ratios, p));
  // Both errors are independent: squares of the half widths add up. A rate of 0 is no logarithm, and stays.
  const half = Math.log(high / low) / 2;
  const ofLoad = (loadError ?? 0) * tQuantile((1 + level) / 2, BATCHES - 1);
  const widening = Math.exp(half < Infinity ? Math.hypot(half, ofLoad) - half : ofLoad);
  return {
    level,
    draws: ratios.length,
    loadError: loadError ?? null,
    isOwnLoad: pattern.kind === 'log',
    perSec: [(holdsPerSec * low) / widening, holdsPerSec * high * widening],
  };
};
