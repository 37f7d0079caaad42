import { type EngineLimits, simulate } from '@stepclock/engine-sim';
import type { Betas, Term } from '@stepclock/step-cost';
import { carriedStepSeconds } from '../replay/carried-cost.js';
import { correctedWorkload, type LoadCorrections, overheadSecondsOf } from '../serving/replayed-load.js';
import { type LoadShape, workloadAt } from './load-shape.js';
import { type RatedRun, ratedRun } from './operating-figures.js';
import type { Slo } from './slo.js';

/** An engine that serves any load at any rate. */
export type EngineUnderLoad = (shape: LoadShape, ratePerSec: number, slos: readonly Slo[]) => RatedRun;

export interface EngineUnderLoadOptions {
  readonly limits: EngineLimits;
  readonly catalogue: readonly Term[];
  /** Of the step noise. */
  readonly seed: number;
  /** What stands between the load and the engine. */
  readonly corrections?: LoadCorrections;
}

/**
 * The simulated engine with these coefficients.
 *
 * @throws Fault `step-model/term-not-carried`; its runs those of `simulate`
 */
export const engineUnderLoad = (
  betas: Betas,
  { limits, catalogue, seed, corrections = {} }: EngineUnderLoadOptions,
): EngineUnderLoad => {
  const options = { ...limits, stepSeconds: carriedStepSeconds(betas, catalogue) };
  return (shape, ratePerSec, slos) => {
    const asked = workloadAt(shape, ratePerSec);
    const workload = correctedWorkload(asked, corrections);
    const beforeSec = asked.promptTokens.map((tokens) => overheadSecondsOf(corrections.overhead, tokens));
    const run = simulate(workload, options, { seed });
    return ratedRun(run, asked.arrivalSec, ratePerSec, slos, beforeSec, limits.dataParallel);
  };
};

/** Whether a run breaks an SLO; a metric that no request has breaks none. */
export const isBroken = (valueSec: number | null, { limitSec }: Slo): boolean =>
  valueSec !== null && valueSec > limitSec;

/** By how much a run is above the limit that it breaks most, as a logarithm; 0 or less where it keeps all. */
export const excessOf = (run: RatedRun, slos: readonly Slo[]): number =>
  slos.reduce((most, { limitSec }, i) => Math.max(most, Math.log((run.slos[i] ?? 0) / limitSec)), -Infinity);
