import { seededRandom } from '@stepclock/numerics';
import { type PhaseTable, phasesOfRequests } from '@stepclock/trace-io';
import { randomNormal } from 'd3-random';
import { BLOCK_TOKENS, type EngineOptions, type ResolvedEngine, resolveEngine } from './engine-options.js';
import { engineSimFault } from './engine-sim-fault.js';
import { type ClosedLoop, type ClusterRun, serveTogether } from './scheduler/cluster.js';
import { joinSteps, type StepTable } from './step-table.js';
import { joinTokenSteps, type TokenSteps } from './token-steps.js';
import { requestsOf, type ServedRequests } from './trace-view.js';
import type { Workload } from './workload.js';

/** How the run is seen from outside; the step log is never touched by it. */
export interface ViewOptions {
  /** The client's view: waiting in the queue is part of the prefill, which starts at the arrival. Default false. */
  readonly queueInPrefill?: boolean;
  /** Times of requests and phases are rounded to multiples of this, s. Default: not rounded. */
  readonly roundToSec?: number;
}

export interface SimulateOptions extends ViewOptions {
  /** Seed of the step noise. Default 0. */
  readonly seed?: number;
  /** Clients that wait for their answers decide when requests arrive, instead of the workload. */
  readonly closedLoop?: ClosedLoop;
}

/** What no log tells, one value a request, in the rows' order of `requests`. */
export interface SimulationTruth {
  readonly preemptions: Uint32Array;
  /** Tokens that had to be computed again because of preemptions; they count as prefill tokens in the step log. */
  readonly recomputedTokens: Float64Array;
}

export interface Simulation {
  readonly requests: ServedRequests;
  readonly phases: PhaseTable;
  readonly steps: StepTable;
  readonly truth: SimulationTruth;
  /** Which steps put out the tokens of which request. */
  readonly tokenSteps: TokenSteps;
  /** The engine of each request, as `steps.instance` counts them; absent where there is one. */
  readonly rank?: Uint32Array;
}

const SHORTEST_FACTOR = 0.2;

const noiseOf = (settings: ResolvedEngine, seed: number, instance: number): (() => number) => {
  if (settings.stepNoise === 0) return () => 1;
  const normal = randomNormal.source(seededRandom(seed, `noise/${instance}`))(1, settings.stepNoise);
  return () => Math.max(SHORTEST_FACTOR, normal());
};

const checkWorkload = (workload: Workload, settings: ResolvedEngine): void => {
  const refuse = (what: string, rule: string, value: number, request: number): never => {
    throw engineSimFault('engine-sim/bad-workload', { what, rule, value, row: request });
  };
  for (let i = 0; i < workload.length; i++) {
    const arrival = workload.arrivalSec[i];
    const prompt = workload.promptTokens[i];
    const output = workload.outputTokens[i];
    const cached = workload.cachedTokens?.[i] ?? 0;
    if (!Number.isFinite(arrival)) refuse('arrivalSec', 'must be finite', arrival, i);
    if (!(Number.isSafeInteger(prompt) && prompt >= 1))
      refuse('promptTokens', 'must be a whole number of at least 1', prompt, i);
    if (!(Number.isSafeInteger(output) && output >= 1))
      refuse('outputTokens', 'must be a whole number of at least 1', output, i);
    if (!(Number.isSafeInteger(cached) && cached >= 0 && cached < prompt)) {
      refuse('cachedTokens', `must be a whole number from 0 to promptTokens - 1 (${prompt - 1})`, cached, i);
    }
    // The last token is put out, never cached.
    const blocks = Math.ceil((prompt + output - 1) / BLOCK_TOKENS);
    if (!(blocks <= settings.kvBlocks)) {
      throw engineSimFault('engine-sim/request-exceeds-kv', {
        what: 'prompt and output',
        rule: `must fit into the KV cache of ${settings.kvBlocks} blocks of ${BLOCK_TOKENS} tokens`,
        value: prompt + output,
        row: i,
      });
    }
  }
};

const checkClosedLoop = ({ clients, turnaroundSec }: ClosedLoop, { length, instance }: Workload): void => {
  const refuse = (what: string, rule: string, value: unknown): never => {
    throw engineSimFault('engine-sim/bad-option', { what, rule, value });
  };
  if (!(Number.isSafeInteger(clients) && clients >= 1))
    refuse('clients', 'must be a whole number of at least 1', clients);
  if (instance !== undefined) refuse('closedLoop', 'must be of one engine, or of some behind a router', 'instances');
  if (turnaroundSec.length !== length) refuse('turnaroundSec', `must have ${length} values`, turnaroundSec.length);
  const odd = turnaroundSec.find((sec) => !(sec >= 0 && sec < Infinity));
  if (odd !== undefined) refuse('turnaroundSec', 'must be finite and at least 0', odd);
};

/** The rows of every engine, in the order of arrival; ties keep the order of the rows. */
const rowsByEngine = ({ length, arrivalSec, instance }: Workload): Uint32Array[] => {
  const order = new Uint32Array(length);
  let isOrdered = true;
  for (let i = 0; i < length; i++) {
    order[i] = i;
    if (i > 0 && arrivalSec[i] < arrivalSec[i - 1]) isOrdered = false;
  }
  if (!isOrdered) order.sort((a, b) => arrivalSec[a] - arrivalSec[b] || a - b);
  if (instance === undefined) return [order];
  const engines = instance.reduce((most, i) => Math.max(most, i + 1), 1);
  const counts = new Uint32Array(engines);
  for (const row of order) counts[instance[row]] = counts[instance[row]] + 1;
  const rows = Array.from(counts, (count) => new Uint32Array(count));
  counts.fill(0);
  for (const row of order) {
    const engine = instance[row];
    const at = counts[engine];
    rows[engine][at] = row;
    counts[engine] = at + 1;
  }
  return rows;
};

const gather = (column: ArrayLike<number>, rows: Uint32Array): Float64Array => {
  const gathered = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) gathered[i] = column[rows[i]];
  return gathered;
};

/**
 * Runs a workload through the engine, step by step, until every request is served.
 *
 * A step serves, in this order: one token for every decode; a chunk for every running prefill; requests from the head of
 * the queue, while the token budget, `maxNumSeqs` and the blocks for the first chunk last. A prefill's last chunk puts out
 * the request's first token. Where blocks run out, the request admitted last is preempted: it goes to the head of the
 * queue, nothing is admitted in that step, and once admitted again it computes its prompt and its output so far as a
 * prefill. `instance` of the workload splits it into engines that know nothing of each other.
 *
 * Time is that of the arrivals; the first step starts with the first arrival. The same seed gives the same answer on every machine.
 *
 * @throws Fault `engine-sim/bad-option`, `engine-sim/bad-workload`, `engine-sim/request-exceeds-kv`, `engine-sim/bad-step-time`
 */
export const simulate = (workload: Workload, engine: EngineOptions, options: SimulateOptions = {}): Simulation => {
  const settings = resolveEngine(engine);
  const { seed = 0, queueInPrefill = false, roundToSec, closedLoop } = options;
  if (!Number.isSafeInteger(seed)) {
    throw engineSimFault('engine-sim/bad-option', { what: 'seed', rule: 'must be a safe integer', value: seed });
  }
  if (roundToSec !== undefined && !(roundToSec > 0 && roundToSec < Infinity)) {
    throw engineSimFault('engine-sim/bad-option', {
      what: 'roundToSec',
      rule: 'must be a finite number above 0',
      value: roundToSec,
    });
  }
  checkWorkload(workload, settings);
  if (closedLoop !== undefined) checkClosedLoop(closedLoop, workload);
  const n = workload.length;
  const cached = workload.cachedTokens ?? new Float64Array(n);
  const arrivalSec = workload.arrivalSec.slice();
  const scheduledSec = new Float64Array(n);
  const firstTokenSec = new Float64Array(n);
  const lastTokenSec = new Float64Array(n);
  const preemptions = new Uint32Array(n);
  const recomputedTokens = new Float64Array(n);
  const rank = new Uint32Array(n);
  const tokenSteps: TokenSteps[] = [];
  let stepOffset = 0;
  let engines = 0;
  const steps = rowsByEngine(workload).flatMap((rows, instance) => {
    const load = {
      arrivalSec: gather(workload.arrivalSec, rows),
      promptTokens: gather(workload.promptTokens, rows),
      cachedTokens: gather(cached, rows),
      outputTokens: gather(workload.outputTokens, rows),
    };
    const noise = (rank: number) => noiseOf(settings, seed, instance * settings.dataParallel + rank);
    const loop = closedLoop && { ...closedLoop, turnaroundSec: gather(closedLoop.turnaroundSec, rows) };
    const run: ClusterRun = serveTogether(load, settings, noise, loop);
    const arrived = settings.arrivalsReadAtSteps ? run.takenInSec : run.arrivalSec;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      arrivalSec[row] = arrived[i];
      scheduledSec[row] = run.scheduledSec[i];
      firstTokenSec[row] = run.firstTokenSec[i];
      lastTokenSec[row] = run.lastTokenSec[i];
      preemptions[row] = run.preemptions[i];
      recomputedTokens[row] = run.recomputedTokens[i];
      rank[row] = engines + run.rank[i];
    }
    engines += settings.dataParallel;
    return run.engines.map((engine) => {
      tokenSteps.push(engine.tokens.table(rows, stepOffset));
      stepOffset += engine.steps.length;
      return engine.steps;
    });
  });
  const requests = requestsOf(
    workload,
    { arrivalSec, scheduledSec, firstTokenSec, lastTokenSec },
    { queueInPrefill, roundToSec },
  );
  return {
    requests,
    phases: phasesOfRequests(requests),
    steps: joinSteps(steps),
    truth: { preemptions, recomputedTokens },
    tokenSteps: joinTokenSteps(tokenSteps),
    ...(engines > 1 && { rank }),
  };
};
