import type { EngineUnderLoad } from '../capacity/engine-under-load.js';
import type { LoadShape } from '../capacity/load-shape.js';
import type { RatedRun } from '../capacity/operating-figures.js';
import type { EngineSetting } from './engine-setting.js';

/** Steps that were simulated. */
export interface StepCount {
  steps: number;
}

/** An engine that serves nothing twice, and counts its steps. */
export const counted = (engine: EngineUnderLoad, count: StepCount): EngineUnderLoad => {
  const served = new Map<LoadShape, Map<string, RatedRun>>();
  return (shape, ratePerSec, slos) => {
    const runs = served.get(shape) ?? new Map<string, RatedRun>();
    served.set(shape, runs);
    const key = `${ratePerSec} ${slos.length}`;
    const before = runs.get(key);
    if (before !== undefined) return before;
    const run = engine(shape, ratePerSec, slos);
    count.steps += run.simulation.steps.length;
    runs.set(key, run);
    return run;
  };
};

/** How far a run came to a setting's limits: what no step reached did not bind. */
export interface Reached {
  readonly setting: EngineSetting;
  readonly requests: number;
  readonly tokens: number;
}

export const reachedBy = (setting: EngineSetting, { simulation: { steps } }: RatedRun): Reached => {
  let [requests, tokens] = [0, 0];
  for (let k = 0; k < steps.length; k++) {
    requests = Math.max(requests, steps.requests[k]);
    tokens = Math.max(tokens, steps.prefillTokens[k] + steps.decodeTokens[k]);
  }
  return { setting, requests, tokens };
};

/** A request that has ended may keep its place for a step. */
const room = (reached: number): number => 1.1 * reached + 2;

/** Whether an engine with a setting does what a run of another did: limits that no step came near are all alike. */
export const doesTheSame = (other: EngineSetting, { setting, requests, tokens }: Reached): boolean => {
  const alike = (limit: number, own: number, reached: number): boolean =>
    limit === own || (own > room(reached) && limit > room(reached));
  return (
    other.policy === setting.policy &&
    alike(other.maxNumSeqs, setting.maxNumSeqs, requests) &&
    alike(other.maxNumBatchedTokens, setting.maxNumBatchedTokens, tokens)
  );
};
