import { type EngineOptions, simulate, type Workload } from '@stepclock/engine-sim';
import type { RequestTable } from '@stepclock/trace-io';

/** Fewer requests than this say nothing about the scheduler. */
const ENOUGH_REQUESTS = 20;

/** Waits below this share of beta0 are none: the request was scheduled in the moment that it was queued. */
const NO_WAIT = 0.05;

const meanOf = (values: Float64Array): number => values.reduce((sum, v) => sum + v, 0) / values.length;

/** Rows whose queue is told apart from their prefill: where both times of all of them are equal, it is folded in. */
const tellsScheduling = ({ arrivalSec, scheduledSec, firstTokenSec }: RequestTable): boolean => {
  if (arrivalSec === undefined || scheduledSec === undefined || firstTokenSec === undefined) return false;
  let known = 0;
  let waits = 0;
  for (let i = 0; i < scheduledSec.length; i++) {
    if (!((firstTokenSec[i] as number) > (scheduledSec[i] as number))) continue;
    known++;
    if (scheduledSec[i] !== arrivalSec[i]) waits++;
  }
  return known >= ENOUGH_REQUESTS && waits > 0;
};

/** Mean of first token - scheduled over the rows in which the log has both. */
const meanPrefillSec = (times: Pick<RequestTable, 'scheduledSec' | 'firstTokenSec'>, log: RequestTable): number => {
  const span = (t: typeof times, i: number) => (t.firstTokenSec?.[i] as number) - (t.scheduledSec?.[i] as number);
  const rows = Uint32Array.from({ length: log.length }, (_, i) => i).filter((i) => span(log, i) > 0);
  return meanOf(Float64Array.from(rows, (i) => span(times, i)));
};

/**
 * Whether the engine that wrote a log planned its steps one ahead (vLLM's asynchronous scheduling): then the time from
 * scheduled to first token holds one more step, the one in flight. Both kinds are replayed, and the one whose mean is nearer
 * to the log's has it. Undefined where the log does not tell when requests were scheduled, or has fewer than 20 of them.
 *
 * With a limited KV cache both are replayed with full-prompt admission, so that prompts preempted half-way do not blur the mean.
 */
export const detectAsyncScheduling = (
  log: RequestTable,
  workload: Workload,
  engine: EngineOptions,
): boolean | undefined => {
  if (!tellsScheduling(log)) return undefined;
  const measured = meanPrefillSec(log, log);
  const distance = (asyncScheduling: boolean): number => {
    const { requests } = simulate(workload, { ...engine, asyncScheduling, reserveFullPrompt: true, stepNoise: 0 });
    return Math.abs(Math.log(meanPrefillSec(requests, log) / measured));
  };
  return distance(true) < distance(false);
};

/**
 * Whether arrivals were written down between two steps, as `queued` is by vLLM's loop: of the requests that were scheduled
 * within beta0 of their arrival, most then did not wait at all, while arrivals at any time wait for the step in flight.
 */
export const arrivalsReadAtSteps = (log: RequestTable, beta0: number): boolean => {
  const { arrivalSec, scheduledSec } = log;
  if (arrivalSec === undefined || scheduledSec === undefined || !tellsScheduling(log)) return false;
  const waits = scheduledSec.map((sec, i) => sec - (arrivalSec[i] as number)).filter((sec) => sec < beta0);
  const none = waits.filter((sec) => sec < NO_WAIT * beta0);
  return waits.length >= ENOUGH_REQUESTS && none.length > waits.length / 2;
};
