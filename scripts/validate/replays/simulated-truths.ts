import { drawWorkload, type EngineLimits, type Lengths, simulate } from '@stepclock/engine-sim';
import type { RequestTable } from '@stepclock/trace-io';

const COSTS = { beta0: 6e-3, beta1: 20e-6, beta2: 120e-6, beta3: 1e-7 };
/** The simulated engine gives a token a step: of a log that says it gave several, the context is not what it says. */
const WITHOUT_CONTEXT = { ...COSTS, beta3: 0 };

/** A simulated engine and load whose log is served again with the true coefficients. */
export interface SimulatedTruth {
  readonly name: string;
  /** What a log's settings would tell. */
  readonly known: EngineLimits;
  /** What they would not. */
  readonly hidden: EngineLimits;
  readonly coefficients: typeof COSTS;
  readonly log: (seed: number) => RequestTable;
}

interface Load {
  readonly perSec: number;
  readonly output?: Lengths;
  readonly clients?: number;
  readonly tokensPerStep?: number;
}

const PROMPT = { kind: 'lognormal', mean: 400, sigma: 0.7 } as const;
const OUTPUT = { kind: 'lognormal', mean: 80, sigma: 0.6 } as const;
const REQUESTS = 400;

const truth = (name: string, load: Load, known: EngineLimits = {}, hidden: EngineLimits = {}): SimulatedTruth => {
  const limits = { maxNumBatchedTokens: 2048, maxNumSeqs: 128, ...known };
  const coefficients = load.tokensPerStep === undefined ? COSTS : WITHOUT_CONTEXT;
  const log = (seed: number): RequestTable => {
    const { perSec, output = OUTPUT, clients, tokensPerStep = 1 } = load;
    const workload = drawWorkload({
      requests: REQUESTS,
      arrivals: { kind: 'poisson', perSec },
      prompt: PROMPT,
      output,
      seed,
    });
    const turnaroundSec = new Float64Array(REQUESTS).fill(0.001);
    const { requests } = simulate(
      workload,
      { ...limits, ...hidden, coefficients },
      { seed, ...(clients !== undefined && { closedLoop: { clients, turnaroundSec } }) },
    );
    if (tokensPerStep === 1) return requests;
    const decodeSteps = requests.outputTokens.map((tokens) => tokens - 1);
    return {
      ...requests,
      decodeSteps,
      outputTokens: decodeSteps.map((steps) => 1 + Math.round(tokensPerStep * steps)),
    };
  };
  return { name, known: limits, hidden, coefficients, log };
};

const SHORT = { kind: 'lognormal', mean: 5, sigma: 0.4 } as const;
const ASYNC = { asyncScheduling: true };

export const simulatedTruths: readonly SimulatedTruth[] = [
  truth('busy', { perSec: 12 }),
  truth('busy, asynchronous', { perSec: 12 }, {}, ASYNC),
  truth('short outputs', { perSec: 20, output: SHORT }),
  truth('short outputs, asynchronous', { perSec: 20, output: SHORT }, {}, ASYNC),
  truth('idle engine', { perSec: 0.5, output: SHORT }),
  truth('closed loop of 8', { perSec: 100, clients: 8 }),
  truth('prefill first', { perSec: 8 }, { prefillFirst: true }),
  truth('data parallel 2', { perSec: 24 }, { dataParallel: 2 }),
  truth('data parallel 4', { perSec: 48 }, { dataParallel: 4 }),
  truth('speculation, 2.5 tokens a step', { perSec: 12, tokensPerStep: 2.5 }),
];
