import { type EngineOptions, type Simulation, simulate, type Workload } from '@stepclock/engine-sim';
import { meanOf, medianOf } from '@stepclock/numerics';
import type { RequestTable } from '@stepclock/trace-io';
import { blockRegression } from './block-regression.js';
import { nearRows } from './client-overhead.js';
import { busyStepSec } from './steps-in-flight.js';

/** Rules of an engine's scheduler that its settings may not tell. */
export interface SchedulerRules {
  readonly arrivalsReadAtSteps: boolean;
  readonly asyncScheduling: boolean;
  readonly reserveFullPrompt: boolean;
}

/** Who decided a rule: the caller, the model that is replayed, the log's own times, or nobody. */
export type DecidedBy = 'given' | 'model' | 'log' | 'default';

export interface TriedRules {
  readonly rules: SchedulerRules;
  readonly from: Readonly<Record<keyof SchedulerRules, DecidedBy>>;
}

/** Fewer requests than this say nothing about the scheduler. */
const ENOUGH_REQUESTS = 20;
/** Standard errors, from blocks of requests, by which a candidate must be the better one. */
const CLEAR = 3;
/** Waits that differ by a smaller share of a step are alike. */
const ALIKE = 0.05;
/** In steps: a candidate whose times are off by no more, in the median, meets the log's. */
const MEETS = 0.25;
/** In steps in flight: beyond, what is left of the times is no step, but a queue or a wrong cost. */
const PLAUSIBLE = 1.75;

/** Rows whose queue is told apart from their prefill: where both times of all of them are equal, it is folded in. */
export const tellsScheduling = ({ arrivalSec, scheduledSec, firstTokenSec }: RequestTable): boolean => {
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

type Times = Pick<RequestTable, 'arrivalSec' | 'scheduledSec' | 'firstTokenSec'>;

const difference = (to: Float64Array | undefined, from: Float64Array | undefined): Float64Array =>
  to === undefined || from === undefined ? new Float64Array(0) : to.map((sec, i) => sec - from[i]);

const waitsOf = ({ arrivalSec, scheduledSec }: Times): Float64Array => difference(scheduledSec, arrivalSec);
const prefillsOf = ({ scheduledSec, firstTokenSec }: Times): Float64Array => difference(firstTokenSec, scheduledSec);
const ttftsOf = ({ arrivalSec, firstTokenSec }: Times): Float64Array => difference(firstTokenSec, arrivalSec);

/** Whether a mean is above 0 (1), below (-1), or neither clearly (0). */
const clearSign = (values: Float64Array): number => {
  const mean = blockRegression(values, [new Float64Array(values.length).fill(1)]);
  if (mean === undefined) return 0;
  const [value] = mean.coefficients;
  return Math.abs(value) > CLEAR * mean.errors[0] ? Math.sign(value) : 0;
};

/**
 * Whether arrivals were written down between two steps, as `queued` is by vLLM's loop. Only requests tell which wait under one rule and not under
 * the other: on an idle engine nobody waits under either.
 */
const readAtSteps = (log: RequestTable, apart: Simulation, read: Simulation): boolean | undefined => {
  const [measured, waitsApart, waitsRead] = [log, apart.requests, read.requests].map(waitsOf);
  const stepSec = meanOf(apart.steps.durationSec);
  // Who waits longer than a step stands in a queue, under either rule.
  const telling = Uint32Array.from(measured.keys()).filter(
    (i) =>
      measured[i] >= 0 &&
      Math.max(waitsApart[i], waitsRead[i]) <= 2 * stepSec &&
      Math.abs(waitsApart[i] - waitsRead[i]) > ALIKE * stepSec,
  );
  const nearer = Float64Array.from(telling, (i) => {
    const away = (waits: Float64Array) => Math.min(Math.abs(measured[i] - waits[i]), stepSec);
    return away(waitsApart) - away(waitsRead);
  });
  const sign = clearSign(nearer);
  return sign === 0 ? undefined : sign > 0;
};

/**
 * Whether steps are planned one ahead: by how many of the steps in flight at its arrival a request is later than in a replay that plans none
 * ahead. An arrival on an idle engine finds none in flight and tells nothing.
 */
const plansAhead = (log: RequestTable, workload: Workload, behind: Simulation): boolean | undefined => {
  const isTold = tellsScheduling(log);
  const spansOf = isTold ? prefillsOf : ttftsOf;
  const measured = spansOf(log);
  if (measured.length === 0) return undefined;
  const replayed = spansOf(behind.requests);
  const late = measured.map((sec, i) => sec - replayed[i]);
  const inFlight = busyStepSec(workload, behind);
  const rows = nearRows(late, 2 * meanOf(behind.steps.durationSec));
  const ofRows = (column: Float64Array) => Float64Array.from(rows, (i) => column[i]);
  // Where the log does not tell when a request was scheduled, a client's overhead may lie in its times.
  const constant = isTold ? [] : [new Float64Array(rows.length).fill(1)];
  const fit = blockRegression(ofRows(late), [ofRows(inFlight), ...constant]);
  if (fit === undefined) return undefined;
  const [steps] = fit.coefficients;
  const [error] = fit.errors;
  if (Math.abs(steps - 0.5) > PLAUSIBLE || !(Math.abs(steps - 0.5) > CLEAR * error)) return undefined;
  return steps > 0.5;
};

/** Where the log tells when requests were scheduled: the candidate whose prefills come nearer to the log's, request by request. */
const nearerAhead = (log: RequestTable, behind: Simulation, ahead: Simulation): boolean | undefined => {
  if (!tellsScheduling(log)) return undefined;
  const stepSec = meanOf(behind.steps.durationSec);
  const [measured, ofBehind, ofAhead] = [log, behind.requests, ahead.requests].map(prefillsOf);
  const isAhead = nearer(measured, ofBehind, ofAhead, 2 * stepSec);
  // Where the costs are wrong, the slower candidate is nearer to a slow log: only one that meets its times is believed.
  const chosen = isAhead === true ? ofAhead : ofBehind;
  const off = measured.map((sec, i) => Math.abs(sec - chosen[i])).filter((sec) => !Number.isNaN(sec));
  return off.length > 0 && medianOf(off) <= MEETS * stepSec ? isAhead : undefined;
};

/** Whether measured times are clearly nearer to those of the second candidate (true) or the first (false), those far from both cut at `most`. */
const nearer = (
  measured: Float64Array,
  first: Float64Array,
  second: Float64Array,
  most: number,
): boolean | undefined => {
  const rows = Uint32Array.from(measured.keys()).filter((i) => measured[i] > 0);
  const away = (times: Float64Array, i: number) => Math.min(Math.abs(measured[i] - times[i]), most);
  const sign = clearSign(Float64Array.from(rows, (i) => away(first, i) - away(second, i)));
  return sign === 0 ? undefined : sign > 0;
};

/** Whether prompts wait until their blocks are free as a whole: the rule whose prefills come nearer to the log's, request by request. */
const reservesPrompts = (log: RequestTable, early: Simulation, whole: Simulation): boolean | undefined => {
  return nearer(prefillsOf(log), prefillsOf(early.requests), prefillsOf(whole.requests), Infinity);
};

/** A rule that is in question, and what decides between the replay without and the replay with it. */
interface Question {
  readonly rule: keyof SchedulerRules;
  readonly decide: (without: Simulation, withIt: () => Simulation) => boolean | undefined;
}

/**
 * The rules under which the engine that wrote a log planned its steps. Each candidate serves the log's requests, and is taken where the log's own
 * times are clearly nearer to its times than to the other's: by three standard errors from blocks of requests. Otherwise the default stands.
 *
 * @param log in the order of arrival
 * @param engine what is known; the rules that it states are not in question, nor is admission where nothing limits the cache
 * @param defaults of rules that nothing decides
 */
export const triedRules = (
  log: RequestTable,
  workload: Workload,
  engine: EngineOptions,
  defaults: SchedulerRules,
): TriedRules => {
  const questions: readonly Question[] = [
    { rule: 'arrivalsReadAtSteps', decide: (apart, read) => readAtSteps(log, apart, read()) },
    {
      rule: 'asyncScheduling',
      decide: (behind, ahead) => plansAhead(log, workload, behind) ?? nearerAhead(log, behind, ahead()),
    },
    { rule: 'reserveFullPrompt', decide: (early, whole) => reservesPrompts(log, early, whole()) },
  ];
  const isInQuestion = {
    arrivalsReadAtSteps: tellsScheduling(log),
    asyncScheduling: true,
    reserveFullPrompt: engine.kvTokens !== undefined && tellsScheduling(log),
  };
  const serve = (rules: SchedulerRules): Simulation => simulate(workload, { ...engine, ...rules, stepNoise: 0 });
  let rules: SchedulerRules = {
    arrivalsReadAtSteps: engine.arrivalsReadAtSteps ?? defaults.arrivalsReadAtSteps,
    asyncScheduling: engine.asyncScheduling ?? defaults.asyncScheduling,
    reserveFullPrompt: engine.reserveFullPrompt ?? defaults.reserveFullPrompt,
  };
  const from: Record<keyof SchedulerRules, DecidedBy> = {
    arrivalsReadAtSteps: 'default',
    asyncScheduling: 'default',
    reserveFullPrompt: 'default',
  };
  for (const { rule, decide } of questions) {
    if (engine[rule] !== undefined) {
      from[rule] = 'given';
      continue;
    }
    if (!isInQuestion[rule] || log.length < ENOUGH_REQUESTS) continue;
    const answer = decide(serve({ ...rules, [rule]: false }), () => serve({ ...rules, [rule]: true }));
    if (answer === undefined) continue;
    rules = { ...rules, [rule]: answer };
    from[rule] = 'log';
  }
  return { rules, from };
};
