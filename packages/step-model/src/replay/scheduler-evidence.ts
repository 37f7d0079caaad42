import { type EngineOptions, simulate, type Workload } from '@stepclock/engine-sim';
import type { RequestTable } from '@stepclock/trace-io';

/** Fewer requests than this say nothing about the scheduler. */
const ENOUGH_REQUESTS = 20;

/** Waits below this share of the shortest step are none: the request was scheduled in the moment that it was queued. */
const NO_WAIT = 0.05;

const meanOf = (values: Float64Array): number => values.reduce((sum, v) => sum + v, 0) / values.length;

/** Rows whose queue is told apart from their prefill: where both times of all of them are equal, it is folded in. */
const tellsScheduling = ({ arrivalSec, scheduledSec, firstTokenSec }: RequestTable): boolean => {
  if (arrivalSec === undefined || scheduledSec === undefined || firstTokenSec === undefined) return false;
  let known = 0;
  let waits = 0;
  for (let i = 0; i < scheduledSec.length; i++) {
    if (!(firstTokenSec[i] > scheduledSec[i])) continue;
    known++;
    if (scheduledSec[i] !== arrivalSec[i]) waits++;
  }
  return known >= ENOUGH_REQUESTS && waits > 0;
};

/** Mean of first token - scheduled over the rows in which the log has both. */
const meanPrefillSec = (times: Pick<RequestTable, 'scheduledSec' | 'firstTokenSec'>, log: RequestTable): number => {
  const span = ({ firstTokenSec, scheduledSec }: typeof times, i: number) =>
    firstTokenSec === undefined || scheduledSec === undefined ? Number.NaN : firstTokenSec[i] - scheduledSec[i];
  const rows = Uint32Array.from({ length: log.length }, (_, i) => i).filter((i) => span(log, i) > 0);
  return meanOf(Float64Array.from(rows, (i) => span(times, i)));
};

/** Rules of vLLM's scheduler that changed with its versions. */
export interface SchedulerRules {
  readonly asyncScheduling: boolean;
  readonly reserveFullPrompt: boolean;
}

/**
 * The rules under which the engine that wrote a log planned its steps: of those in question the ones whose replay comes nearest
 * to the log in the mean time from scheduled to first token. Planning one step ahead adds the step in flight to it;
 * admission of prompts that do not fit as a whole adds the waits of those preempted half-way. Undefined where the log
 * does not tell when requests were scheduled, or has fewer than 20 of them.
 *
 * @param engine what is known; the rules that it states are not in question, nor is admission where nothing limits the cache
 */
export const detectSchedulerRules = (
  log: RequestTable,
  workload: Workload,
  engine: EngineOptions,
): SchedulerRules | undefined => {
  if (!tellsScheduling(log)) return undefined;
  const measured = meanPrefillSec(log, log);
  const inQuestion = (known: boolean | undefined) => (known === undefined ? [false, true] : [known]);
  const admission = inQuestion(engine.kvTokens === undefined ? false : engine.reserveFullPrompt);
  const candidates = inQuestion(engine.asyncScheduling).flatMap((asyncScheduling) =>
    admission.map((reserveFullPrompt) => {
      const rules = { asyncScheduling, reserveFullPrompt };
      const { requests } = simulate(workload, { ...engine, ...rules, stepNoise: 0 });
      return { rules, distance: Math.abs(Math.log(meanPrefillSec(requests, log) / measured)) };
    }),
  );
  return candidates.reduce((best, other) => (other.distance < best.distance ? other : best)).rules;
};

/**
 * Whether arrivals were written down between two steps, as `queued` is by vLLM's loop: of the requests that were scheduled
 * within the shortest step of their arrival, most then did not wait at all, while arrivals at any time wait for the step in flight.
 */
export const arrivalsReadAtSteps = (log: RequestTable, leastStepSec: number): boolean => {
  const { arrivalSec, scheduledSec } = log;
  if (arrivalSec === undefined || scheduledSec === undefined || !tellsScheduling(log)) return false;
  const waits = scheduledSec.map((sec, i) => sec - arrivalSec[i]).filter((sec) => sec < leastStepSec);
  const none = waits.filter((sec) => sec < NO_WAIT * leastStepSec);
  return waits.length >= ENOUGH_REQUESTS && none.length > waits.length / 2;
};
