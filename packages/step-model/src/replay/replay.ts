import { type EngineLimits, type Simulation, simulate } from '@stepclock/engine-sim';
import { type Betas, CATALOGUE, type Term } from '@stepclock/step-cost';
import type { RequestTable } from '@stepclock/trace-io';
import { snakeCaseFields } from '../model-file/snake-case.js';
import { closedLoopOf, type FoundLoop } from '../serving/closed-loop.js';
import { pickedRequests, rowsByArrival } from '../serving/picked-requests.js';
import { type LoadCorrections, overheadSecondsOf, workloadOf } from '../serving/replayed-load.js';
import { type SchedulerRules, type TriedRules, tellsScheduling, triedRules } from '../serving/rule-trial.js';
import { vllmDefaults } from '../serving/vllm-defaults.js';
import { carriedStepSeconds } from './carried-cost.js';
import { type ComparedMetric, compareMetric } from './metric-comparison.js';
import { type MetricName, servingMetrics } from './serving-metrics.js';

export const REPLAY_SCHEMA = 'stepclock/replay@1';

/** The engine's limits and rules, as engine-sim takes them. Rules that are left out are tried on the log. */
export type ReplaySettings = EngineLimits;

export interface ReplayOptions extends LoadCorrections {
  /** Seed of the step noise, where `stepNoise` asks for some. Default 0. */
  readonly seed?: number;
  /** Only requests that arrive at or after this time count; all of them are replayed. Seconds on the log's clock. */
  readonly countFromSec?: number;
  /** Only requests that arrive before this time count. */
  readonly countToSec?: number;
  /** Where the labels of the coefficients are looked up. */
  readonly catalogue?: readonly Term[];
  /** Rules that the model says, which stand where the settings leave them out. */
  readonly rules?: Partial<SchedulerRules>;
  /** Clients that wait for their answers; `auto`: where the log shows some; 0: none, requests arrive when the log says. Default auto. */
  readonly concurrency?: number | 'auto';
  /** The engine as the log's settings name it, such as `vLLM 0.19.0`: whose default a rule is that nothing decides. */
  readonly engine?: string;
}

/** A measured run served again by the simulated engine. */
export interface Replay {
  readonly metrics: Readonly<Record<MetricName, ComparedMetric>>;
  /** Requests that count in each metric. */
  readonly counted: Readonly<Record<MetricName, number>>;
  /** Requests replayed. */
  readonly requests: number;
  readonly settings: ReplaySettings & SchedulerRules;
  /** Who decided each rule of the scheduler: the caller, the model, the log's own times, or nobody. */
  readonly rulesFrom: TriedRules['from'];
  /** Mean seconds of the replayed TTFT and latency that lie between client and engine. */
  readonly overheadSec: number;
  readonly promptOffsetTokens: number;
  /** Clients of a closed loop, whose completions decided when requests arrived; null where the log's arrivals did. */
  readonly clients: number | null;
  /** Who said so. */
  readonly clientsFrom: 'given' | 'log' | 'default';
  readonly steps: number;
  readonly preemptions: number;
  readonly preemptedRequests: number;
  readonly recomputedTokens: number;
  readonly simulation: Simulation;
}

const RULES = ['arrivalsReadAtSteps', 'asyncScheduling', 'reserveFullPrompt'] as const;

/** Who decided each rule, where some of those that were given are the model's. */
const sourcesOf = (from: TriedRules['from'], settings: ReplaySettings): TriedRules['from'] => {
  const sources = { ...from };
  for (const rule of RULES) if (from[rule] === 'given' && settings[rule] === undefined) sources[rule] = 'model';
  return sources;
};

/** Requests, from the first on, that try the rules: enough for any of them, and a second's work. */
const TRIED = 10_000;

/** The closed loop that decides when requests arrive; a log that tells engines apart does not tell which of them a client would ask next. */
const loopOf = (requests: RequestTable, concurrency: number | 'auto' = 'auto'): FoundLoop | undefined => {
  if (concurrency === 0 || requests.instance !== undefined) return undefined;
  const found = closedLoopOf(requests);
  return concurrency === 'auto' || concurrency === found?.clients
    ? found
    : { clients: concurrency, turnaroundSec: found?.turnaroundSec ?? 0 };
};

const total = (column: Float64Array): number => column.reduce((a, b) => a + b, 0);

/**
 * Serves a log's requests again: its arrivals and lengths, an engine with the fitted coefficients. What comes out is
 * compared with what the log measured, per metric in mean and percentiles.
 *
 * TTFT = first token - arrival, TPOT = (last - first) / (output tokens - 1), latency = last - arrival. Unless told, the
 * log's own times decide rules of the scheduler (see rule-trial): whether steps are planned one ahead, whether arrivals were
 * written down between two steps, whether prompts wait for all of their blocks.
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
  const {
    seed = 0,
    countFromSec = -Infinity,
    countToSec = Infinity,
    catalogue = CATALOGUE,
    overhead,
    promptOffsetTokens = 0,
  } = options;
  const workload = workloadOf(requests, options);
  const stepSeconds = carriedStepSeconds(betas, catalogue);
  // Where a log tells its engines apart, no router is asked.
  const ranks = requests.instance === undefined ? {} : { dataParallel: 1 };
  const engine = { ...settings, ...ranks, stepSeconds };
  const head = pickedRequests(requests, rowsByArrival(requests).subarray(0, TRIED));
  const known = { ...options.rules, ...engine };
  const tried = triedRules(head, workloadOf(head, options), known, vllmDefaults(options.engine, tellsScheduling(head)));
  const between = Float64Array.from(requests.promptTokens, (tokens) => overheadSecondsOf(overhead, tokens));
  const loop = loopOf(requests, options.concurrency);
  const simulation = simulate(
    workload,
    { ...engine, ...tried.rules },
    { seed, ...(loop && { closedLoop: { ...loop, turnaroundSec: between.map((sec) => sec + loop.turnaroundSec) } }) },
  );

  const measured = servingMetrics(requests);
  const replayed = servingMetrics({ ...simulation.requests, outputTokens: requests.outputTokens }, between);
  const counts = (i: number) => {
    const sec = requests.arrivalSec?.[i] ?? Number.NaN;
    return sec >= countFromSec && sec < countToSec;
  };
  const compared = (name: MetricName) => compareMetric(measured[name], replayed[name], counts);
  const [ttft, tpot, latency] = [compared('ttft'), compared('tpot'), compared('latency')];
  const { steps, truth } = simulation;
  return {
    metrics: { ttft: ttft.figures, tpot: tpot.figures, latency: latency.figures },
    counted: { ttft: ttft.count, tpot: tpot.count, latency: latency.count },
    requests: requests.length,
    settings: { ...settings, ...tried.rules },
    rulesFrom: sourcesOf(tried.from, settings),
    overheadSec: total(between) / between.length,
    promptOffsetTokens,
    clients: loop?.clients ?? null,
    clientsFrom: typeof options.concurrency === 'number' ? 'given' : loop === undefined ? 'default' : 'log',
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
