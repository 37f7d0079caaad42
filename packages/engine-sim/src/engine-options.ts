import { engineSimFault } from './engine-sim-fault.js';
import { type Coefficients, linearStepSeconds, type StepSeconds } from './step-seconds.js';

/** Tokens of one KV-cache block, as in vLLM. A cache of n tokens has floor(n / 16) blocks. */
export const BLOCK_TOKENS = 16;

/** The limits and rules of the engine's scheduler. Absent limits do not bind, except `maxNumSeqs`. */
export interface EngineLimits {
  /** Most prefill tokens of one request in one step. */
  readonly chunkSize?: number;
  /** Most tokens of one step, decodes included; at least `maxNumSeqs`, as in vLLM, so that no decode ever waits. */
  readonly maxNumBatchedTokens?: number;
  /** Most requests running at once. Default: 256, or `maxNumBatchedTokens` where that is smaller. */
  readonly maxNumSeqs?: number;
  /** Capacity of the KV cache, tokens; used in whole blocks of `BLOCK_TOKENS`. */
  readonly kvTokens?: number;
  /** Standard deviation of the factor that every step's duration is multiplied with: normal around 1, cut at 0.2. Default 0. */
  readonly stepNoise?: number;
  /**
   * Steps are planned one ahead, while the step before is running, as vLLM 0.19 does by default: a request waits one
   * step longer, and one that ended keeps its place for the step that was planned already. Default false.
   */
  readonly asyncScheduling?: boolean;
  /**
   * A request is admitted only when blocks for its whole prompt (once preempted: prompt and output so far) are free, as vLLM 0.19
   * does by default, and not as soon as those for its first chunk are. Default false.
   */
  readonly reserveFullPrompt?: boolean;
  /** A preempted request finds again those of its blocks that were not handed out since, as in vLLM. Default false. */
  readonly prefixCaching?: boolean;
  /** No decode moves in a step that holds prefill, as in vLLM V0 and in SGLang without mixed chunks. Default false. */
  readonly prefillFirst?: boolean;
  /**
   * The arrival times of the workload are those of another engine's step boundaries, as `queued` of a vLLM log is, which its
   * loop writes between two steps. A request is taken in at the boundary nearest to its time, and that boundary is its
   * arrival in the simulated log. Otherwise, at the first one after its time, which would let every request wait for a
   * boundary twice. Default false.
   */
  readonly arrivalsReadAtSteps?: boolean;
  /** Engines side by side behind a router, each with these limits and a KV cache of its own (vLLM's data parallel ranks). Default 1. */
  readonly dataParallel?: number;
  /** Which of them gets a request: the one with the fewest (the first of those), or each in turn. Default least requests. */
  readonly router?: Router;
}

export type Router = 'least-requests' | 'round-robin';

/** What a step costs: by coefficients, or by a function of its composition. */
export type EngineCost =
  | { readonly coefficients: Coefficients; readonly stepSeconds?: undefined }
  | { readonly stepSeconds: StepSeconds; readonly coefficients?: undefined };

/** The engine: what its steps cost, and its limits. */
export type EngineOptions = EngineLimits & EngineCost;

/** `EngineOptions` with every limit a number; those that do not bind are Infinity. */
export interface ResolvedEngine {
  readonly stepSeconds: StepSeconds;
  readonly chunkSize: number;
  readonly maxNumBatchedTokens: number;
  readonly maxNumSeqs: number;
  readonly kvBlocks: number;
  readonly stepNoise: number;
  readonly asyncScheduling: boolean;
  readonly reserveFullPrompt: boolean;
  readonly prefixCaching: boolean;
  readonly prefillFirst: boolean;
  readonly arrivalsReadAtSteps: boolean;
  readonly dataParallel: number;
  readonly router: Router;
}

const DEFAULT_MAX_NUM_SEQS = 256;

const refuse = (what: string, rule: string, value: unknown): never => {
  throw engineSimFault('engine-sim/bad-option', { what, rule, value });
};

const wholeAtLeast = (what: string, least: number, value: number | undefined, otherwise: number): number => {
  if (value === undefined) return otherwise;
  if (!(Number.isSafeInteger(value) && value >= least))
    refuse(what, `must be a whole number of at least ${least}`, value);
  return value;
};

const atLeastZero = (what: string, value: number): number => {
  if (!(value >= 0 && value < Infinity)) refuse(what, 'must be a finite number of at least 0', value);
  return value;
};

/** @throws Fault `engine-sim/bad-option` */
export const resolveEngine = (options: EngineOptions): ResolvedEngine => {
  const stepSeconds = options.stepSeconds ?? linearStepSeconds(options.coefficients);
  const maxNumBatchedTokens = wholeAtLeast('maxNumBatchedTokens', 1, options.maxNumBatchedTokens, Infinity);
  const maxNumSeqs = wholeAtLeast(
    'maxNumSeqs',
    1,
    options.maxNumSeqs,
    Math.min(DEFAULT_MAX_NUM_SEQS, maxNumBatchedTokens),
  );
  if (!(maxNumBatchedTokens >= maxNumSeqs)) {
    refuse('maxNumBatchedTokens', `must be at least maxNumSeqs (${maxNumSeqs})`, maxNumBatchedTokens);
  }
  const kvTokens = wholeAtLeast('kvTokens', BLOCK_TOKENS, options.kvTokens, Infinity);
  return {
    stepSeconds,
    chunkSize: wholeAtLeast('chunkSize', 1, options.chunkSize, Infinity),
    maxNumBatchedTokens,
    maxNumSeqs,
    kvBlocks: Math.floor(kvTokens / BLOCK_TOKENS),
    stepNoise: atLeastZero('stepNoise', options.stepNoise ?? 0),
    asyncScheduling: options.asyncScheduling ?? false,
    reserveFullPrompt: options.reserveFullPrompt ?? false,
    prefixCaching: options.prefixCaching ?? false,
    prefillFirst: options.prefillFirst ?? false,
    arrivalsReadAtSteps: options.arrivalsReadAtSteps ?? false,
    dataParallel: wholeAtLeast('dataParallel', 1, options.dataParallel, 1),
    router: options.router ?? 'least-requests',
  };
};
