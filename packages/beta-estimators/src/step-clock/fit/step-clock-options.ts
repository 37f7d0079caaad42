import { Fault } from '@stepclock/faults';
import { BASE_TERMS, CATALOGUE, type Term, termsNamed } from '@stepclock/step-cost';
import type { Window } from '../trace/trace-columns.js';

/** `linear`: beta0 to beta2. `kv`: a cost per token of context as well. `auto`: kv where the trace tells the context and its counts hold. */
export type StepClockModel = 'linear' | 'kv' | 'auto';

export const STEP_CLOCK_MODELS: readonly StepClockModel[] = ['auto', 'linear', 'kv'];

const POLICIES = ['auto', 'mixed', 'prefill-first'] as const;

export interface StepClockOptions {
  /** A short form of `terms`. Default `auto`. */
  readonly model?: StepClockModel;
  /** Terms of the cost, by name or label, besides which none is fitted; `auto`: as the model says. Default `auto`. */
  readonly terms?: readonly string[] | 'auto';
  /** Where terms are looked up. Default: every term that stepclock knows. */
  readonly catalogue?: readonly Term[];
  /** Token budget of a step, when known: a clock that needs more than that in a step is reported. Positive. */
  readonly maxNumBatchedTokens?: number;
  /** Whether waiting is part of the prefill phases, when known; a warning then says what that costs. Default `unknown`. */
  readonly queueInPrefill?: 'no' | 'yes' | 'unknown';
  /**
   * Tokens that the engine computes of every prompt beyond those that the trace counts (a template); negative: fewer (a cached system prompt). `auto`: as
   * the trace tells, where it does so clearly. Default `auto`; no correction where terms were asked for.
   */
  readonly promptOffset?: number | 'auto';
  /**
   * What a step holds: `mixed`, prefill beside decodes (vLLM); `prefill-first`, prefill alone while decodes wait (SGLang). `auto`: as the trace tells.
   * Default `auto`.
   */
  readonly policy?: (typeof POLICIES)[number];
  /** Level of the intervals, in (0, 1). Default 0.95. */
  readonly ci?: number;
  /** Fit on this part only, seconds on the trace's clock; requests in flight at an edge press, but give no count. */
  readonly window?: Window;
  /**
   * Passes go on until no coefficient changes by more than this share of itself, and only then count as converged. Not negative. Default: two passes
   * under pooled terms, and up to six while a coefficient moves by more than 5e-3; converged where the last one did not, or moved none by more than a
   * fifth of its interval.
   */
  readonly tol?: number;
  /** Passes at most, the windows' own included; a positive integer. Default 25. */
  readonly maxOuterIters?: number;
  /** Called with the share of the work that is done, from 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

export interface ResolvedStepClockOptions {
  readonly model: StepClockModel;
  readonly terms: readonly Term[];
  /** Whether the terms were asked for, so that no others come in. */
  readonly isAsked: boolean;
  readonly maxNumBatchedTokens: number | null;
  readonly queueInPrefill: 'no' | 'yes' | 'unknown';
  readonly promptOffset: number | 'auto';
  readonly policy: (typeof POLICIES)[number];
  readonly ci: number;
  readonly window: Window | null;
  /** Null: the default. */
  readonly tol: number | null;
  readonly maxOuterIters: number;
}

const QUEUE = ['no', 'yes', 'unknown'] as const;
/** Rounds at most unless told otherwise. */
const DEFAULT_ROUNDS = 25;

/** Every option with its default. @throws Fault `beta-estimators/bad-option`, `step-cost/unknown-term` */
export const resolvedStepClock = (options: StepClockOptions): ResolvedStepClockOptions => {
  const { model = 'auto', terms = 'auto', catalogue = CATALOGUE, maxNumBatchedTokens = null } = options;
  const {
    promptOffset = 'auto',
    queueInPrefill = 'unknown',
    policy = 'auto',
    ci = 0.95,
    window = null,
    tol,
    maxOuterIters = DEFAULT_ROUNDS,
  } = options;
  check('model', STEP_CLOCK_MODELS.includes(model), `must be one of ${STEP_CLOCK_MODELS.join(', ')}`, model);
  check('terms', terms === 'auto' || model === 'auto', 'must not be given beside a model', model);
  check('queueInPrefill', QUEUE.includes(queueInPrefill), `must be one of ${QUEUE.join(', ')}`, queueInPrefill);
  check('policy', POLICIES.includes(policy), `must be one of ${POLICIES.join(', ')}`, policy);
  check(
    'maxNumBatchedTokens',
    maxNumBatchedTokens === null || (maxNumBatchedTokens > 0 && maxNumBatchedTokens < Number.POSITIVE_INFINITY),
    'must be positive and finite',
    maxNumBatchedTokens,
  );
  check(
    'promptOffset',
    promptOffset === 'auto' || Number.isSafeInteger(promptOffset),
    'must be auto or a whole number of tokens',
    promptOffset,
  );
  check('ci', ci > 0 && ci < 1, 'must be above 0 and below 1', ci);
  check('window', window === null || window[0] < window[1], 'must start before it ends', window?.join(':'));
  check(
    'tol',
    tol === undefined || (tol >= 0 && tol < Number.POSITIVE_INFINITY),
    'must be finite and not negative',
    tol,
  );
  check(
    'maxOuterIters',
    Number.isSafeInteger(maxOuterIters) && maxOuterIters >= 1,
    'must be a positive integer',
    maxOuterIters,
  );
  const asked = terms === 'auto' ? termsOfModel(model) : termsNamed(terms, catalogue);
  check(
    'terms',
    asked.some(({ name }) => name === 'step'),
    'must have the term step',
    asked.map((t) => t.name).join(','),
  );
  return {
    model,
    terms: asked,
    isAsked: terms !== 'auto' || model !== 'auto',
    maxNumBatchedTokens,
    queueInPrefill,
    promptOffset,
    policy,
    ci,
    window,
    tol: tol ?? null,
    maxOuterIters,
  };
};

const termsOfModel = (model: StepClockModel): readonly Term[] =>
  model === 'linear' ? BASE_TERMS.filter(({ needs }) => !needs.includes('contextTokens')) : BASE_TERMS;

const check = (what: string, holds: boolean, rule: string, value: unknown): void => {
  if (!holds) throw new Fault('beta-estimators/bad-option', { what, rule, value });
};
