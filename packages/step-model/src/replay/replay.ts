import { type EngineLimits, type EngineStep, type Simulation, simulate, type Workload } from '@stepclock/engine-sim';
import { type Betas, CATALOGUE, emptyStretch, stretchOfStep, type Term } from '@stepclock/step-cost';
import type { RequestTable } from '@stepclock/trace-io';
import { snakeCaseFields } from '../model-file/snake-case.js';
import { stepModelFault } from '../step-model-fault.js';
import { carriedCost } from './carried-cost.js';
import { type ComparedMetric, compareMetric } from './metric-comparison.js';
import { arrivalsReadAtSteps, detectSchedulerRules } from './scheduler-evidence.js';
import { type MetricName, servingMetrics } from './serving-metrics.js';

export const REPLAY_SCHEMA = 'stepclock/replay@1';

/** The engine's limits and rules, as engine-sim takes them. */
export interface ReplaySettings extends Omit<EngineLimits, 'arrivalsReadAtSteps'> {
  /** Default: what the log itself tells (`schedulingFrom: 'log'`), false where it does not. */
  readonly asyncScheduling?: boolean;
}

export interface ReplayOptions {
  /** Seed of the step noise, where `stepNoise` asks for some. Default 0. */
  readonly seed?: number;
  /** Only requests that arrive at or after this time count; all of them are replayed. Seconds on the log's clock. */
  readonly countFromSec?: number;
  /** Where the labels of the coefficients are looked up. */
  readonly catalogue?: readonly Term[];
}

/** A measured run served again by the simulated engine. */
export interface Replay {
  readonly metrics: Readonly<Record<MetricName, ComparedMetric>>;
  /** Requests that count in each metric. */
  readonly counted: Readonly<Record<MetricName, number>>;
  /** Requests replayed. */
  readonly requests: number;
  readonly settings: ReplaySettings & { readonly asyncScheduling: boolean };
  /** Who said whether scheduling is asynchronous: the caller, the log's own times, or nobody. */
  readonly schedulingFrom: 'given' | 'log' | 'default';
  readonly steps: number;
  readonly preemptions: number;
  readonly preemptedRequests: number;
  readonly recomputedTokens: number;
  readonly simulation: Simulation;
}

const workloadOf = (requests: RequestTable): Workload => {
  const { length, arrivalSec, promptTokens, outputTokens, cachedTokens, instance } = requests;
  if (length === 0) {
    throw stepModelFault('step-model/no-requests', { what: 'requests', rule: 'must have a row', value: length });
  }
  if (arrivalSec === undefined) {
    throw stepModelFault('step-model/no-arrivals', {
      what: 'requests',
      rule: 'must tell when each request arrived, or there is nothing to replay',
      value: 'no arrival times',
    });
  }
  // Near zero, so that times since an epoch do not lose the digits of a step.
  const origin = arrivalSec.reduce((least, sec) => Math.min(least, sec), Infinity);
  return {
    length,
    arrivalSec: arrivalSec.map((sec) => sec - origin),
    promptTokens,
    outputTokens,
    ...(cachedTokens && { cachedTokens: cachedTokens.map((tokens) => (Number.isNaN(tokens) ? 0 : tokens)) }),
    ...(instance && { instance }),
  };
};

const total = (column: Float64Array): number => column.reduce((a, b) => a + b, 0);

/**
 * Serves a log's requests again: its arrivals and lengths, an engine with the fitted coefficients. What comes out is
 * compared with what the log measured, per metric in mean and percentiles.
 *
 * TTFT = first token - arrival, TPOT = (last - first) / (output tokens - 1), latency = last - arrival. Unless told, the
 * log's own times decide two rules (see scheduler-evidence): whether steps are planned one ahead, and whether arrivals were
 * written down between two steps.
 *
 * @param betas seconds per unit of each term, by label
 * @throws Fault `step-model/no-requests`, `step-model/no-arrivals`, `step-model/term-not-carried`, `step-cost/...` where a coefficient is none, or
 *   when a setting or a row cannot be simulated (`engine-sim/bad-option`, `engine-sim/bad-workload`,
 *   `engine-sim/request-exceeds-kv`, `engine-sim/bad-step-time`)
 */
export const replay = (
  requests: RequestTable,
  betas: Betas,
  settings: ReplaySettings = {},
  options: ReplayOptions = {},
): Replay => {
  const workload = workloadOf(requests);
  const { seed = 0, countFromSec = -Infinity, catalogue = CATALOGUE } = options;
  const cost = carriedCost(betas, catalogue);
  const leastStepSec = cost.secondsOf({ ...emptyStretch(), steps: 1 });
  const base = {
    ...settings,
    stepSeconds: (step: EngineStep) => cost.secondsOf(stretchOfStep(step)),
    arrivalsReadAtSteps: arrivalsReadAtSteps(requests, leastStepSec),
  };
  const detected = settings.asyncScheduling === undefined ? detectSchedulerRules(requests, workload, base) : undefined;
  const asyncScheduling = settings.asyncScheduling ?? detected?.asyncScheduling ?? false;
  const simulation = simulate(workload, { ...base, asyncScheduling }, { seed });

  const measured = servingMetrics(requests);
  const replayed = servingMetrics(simulation.requests);
  const counts = (i: number) => (requests.arrivalSec?.[i] ?? Number.NaN) >= countFromSec;
  const compared = (name: MetricName) => compareMetric(measured[name], replayed[name], counts);
  const [ttft, tpot, latency] = [compared('ttft'), compared('tpot'), compared('latency')];
  const { steps, truth } = simulation;
  return {
    metrics: { ttft: ttft.figures, tpot: tpot.figures, latency: latency.figures },
    counted: { ttft: ttft.count, tpot: tpot.count, latency: latency.count },
    requests: requests.length,
    settings: { ...settings, asyncScheduling },
    schedulingFrom: settings.asyncScheduling !== undefined ? 'given' : detected === undefined ? 'default' : 'log',
    steps: steps.length,
    preemptions: total(steps.preemptions),
    preemptedRequests: truth.preemptions.reduce((count, n) => count + (n > 0 ? 1 : 0), 0),
    recomputedTokens: total(truth.recomputedTokens),
    simulation,
  };
};

/** A replay as the JSON object `stepclock/replay@1`: seconds, errors as fractions, null where a figure is not defined. */
export const replayJson = ({ simulation: _, ...replayed }: Replay): { schema: typeof REPLAY_SCHEMA } & object => ({
  schema: REPLAY_SCHEMA,
  ...snakeCaseFields(replayed),
});
