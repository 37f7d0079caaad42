import { type EngineLimits, simulate } from '@stepclock/engine-sim';
import { meanOf } from '@stepclock/numerics';
import { type Betas, CATALOGUE, type Term } from '@stepclock/step-cost';
import type { RequestTable } from '@stepclock/trace-io';
import type { TraceWindow } from '../hold-out/hold-out.js';
import { carriedStepSeconds } from '../replay/carried-cost.js';
import { servingMetrics } from '../replay/serving-metrics.js';
import { type MeasuredOverhead, measuredOverhead } from './client-overhead.js';
import { pickedRequests, rowsByArrival } from './picked-requests.js';
import { type LoadCorrections, workloadOf } from './replayed-load.js';
import { type TriedRules, tellsScheduling, triedRules } from './rule-trial.js';
import { vllmDefaults } from './vllm-defaults.js';

/** What a log's own times say of its engine beside the cost of a step. */
export interface MeasuredServing extends TriedRules {
  /** Between client and engine; absent where none is clear, or the log is the engine's own. */
  readonly overhead?: MeasuredOverhead;
}

export interface MeasuredServingOptions extends LoadCorrections {
  /** The part of the log that counts, seconds on its clock; default all of it. */
  readonly window?: TraceWindow;
  /** The engine as the log's settings name it, such as `vLLM 0.19.0`: whose default a rule is that nothing decides. */
  readonly engine?: string;
  readonly catalogue?: readonly Term[];
}

/** Requests that are replayed: some thousand settle the rules and a mean. */
const REPLAYED = 20_000;

/**
 * The rules of the scheduler and the client's overhead by a replay of a log's requests with the coefficients that were fitted to it. The requests
 * before the window are served too, and do not count.
 *
 * @throws Fault as `replay` does
 */
export const measuredServing = (
  requests: RequestTable,
  betas: Betas,
  settings: EngineLimits = {},
  { window: [from, to] = [-Infinity, Infinity], ...options }: MeasuredServingOptions = {},
): MeasuredServing => {
  const { catalogue = CATALOGUE } = options;
  const { arrivalSec } = requests;
  const rows = rowsByArrival(requests).filter((i) => !((arrivalSec?.[i] ?? 0) >= to));
  const log = pickedRequests(requests, rows.subarray(0, REPLAYED));
  const workload = workloadOf(log, options);
  const ranks = requests.instance === undefined ? {} : { dataParallel: 1 };
  const engine = { ...settings, ...ranks, stepSeconds: carriedStepSeconds(betas, catalogue) };
  const counted = from === -Infinity ? log : toldFrom(log, from);
  const { rules, from: decidedBy } = triedRules(
    counted,
    workload,
    engine,
    vllmDefaults(options.engine, tellsScheduling(log)),
  );
  if (tellsScheduling(log)) return { rules, from: decidedBy };
  const { requests: served, steps } = simulate(workload, { ...engine, ...rules, stepNoise: 0 });
  const [measured, replayed] = [servingMetrics(counted).ttft, servingMetrics(served).ttft];
  const late = measured.map((sec, i) => sec - replayed[i]);
  const overhead = measuredOverhead(late, log.promptTokens, meanOf(steps.durationSec));
  return { rules, from: decidedBy, ...(overhead && { overhead }) };
};

/** A log whose times are known of the requests that arrive from then on. */
const toldFrom = (log: RequestTable, fromSec: number): RequestTable => {
  const { arrivalSec, firstTokenSec } = log;
  if (arrivalSec === undefined || firstTokenSec === undefined) return log;
  return { ...log, firstTokenSec: firstTokenSec.map((sec, i) => (arrivalSec[i] >= fromSec ? sec : Number.NaN)) };
};

/** The fields of a betas file in which {@link servingOfModel} finds a measured serving again. */
export const servingJson = ({ rules, from, overhead }: MeasuredServing) => ({
  scheduling: {
    async_scheduling: rules.asyncScheduling,
    reserve_full_prompt: rules.reserveFullPrompt,
    decided_by: { async_scheduling: from.asyncScheduling, reserve_full_prompt: from.reserveFullPrompt },
  },
  ...(overhead && {
    overhead: {
      seconds: overhead.seconds,
      seconds_per_prompt_token: overhead.secondsPerPromptToken,
      standard_error: overhead.errorSec,
    },
  }),
});
