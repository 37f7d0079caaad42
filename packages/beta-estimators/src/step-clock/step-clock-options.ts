import { EstimatorError } from '../estimator-error.js';
import type { Window } from './trace-columns.js';

/** `linear`: beta0 to beta2. `kv`: a cost per token of context as well. `auto`: kv where cross-validation says that it pays. */
export type StepClockModel = 'linear' | 'kv' | 'auto';

export interface StepClockOptions {
  /** Default `auto`. */
  readonly model?: StepClockModel;
  /** Token budget of a step, when known: a clock that needs more than that in a step is reported. Positive. */
  readonly maxNumBatchedTokens?: number;
  /** Whether waiting is part of the prefill phases, when known; a warning then says what that costs. Default `unknown`. */
  readonly queueInPrefill?: 'no' | 'yes' | 'unknown';
  /** Level of the intervals, in (0, 1). Default 0.95. */
  readonly ci?: number;
  /** Fit on this part only, seconds on the trace's clock; requests in flight at an edge press, but give no count. */
  readonly window?: Window;
  /** Stops when no coefficient changes by more than this share of itself. Not negative. Default 1e-6. */
  readonly tol?: number;
  /** Rounds at most; a positive integer. Default 25. */
  readonly maxOuterIters?: number;
  /** Called with the share of the work that is done, from 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

export interface ResolvedStepClockOptions {
  readonly model: StepClockModel;
  readonly maxNumBatchedTokens: number | null;
  readonly queueInPrefill: 'no' | 'yes' | 'unknown';
  readonly ci: number;
  readonly window: Window | null;
  readonly tol: number;
  readonly maxOuterIters: number;
}

const MODELS: readonly StepClockModel[] = ['linear', 'kv', 'auto'];
const QUEUE = ['no', 'yes', 'unknown'] as const;

/** Every option with its default. @throws EstimatorError `beta-estimators/bad-option` */
export const resolvedStepClock = (options: StepClockOptions): ResolvedStepClockOptions => {
  const { model = 'auto', maxNumBatchedTokens = null, queueInPrefill = 'unknown', ci = 0.95 } = options;
  const { window = null, tol = 1e-6, maxOuterIters = 25 } = options;
  check('model', MODELS.includes(model), `must be one of ${MODELS.join(', ')}`, model);
  check('queueInPrefill', QUEUE.includes(queueInPrefill), `must be one of ${QUEUE.join(', ')}`, queueInPrefill);
  check(
    'maxNumBatchedTokens',
    maxNumBatchedTokens === null || (maxNumBatchedTokens > 0 && maxNumBatchedTokens < Number.POSITIVE_INFINITY),
    'must be positive and finite',
    maxNumBatchedTokens,
  );
  check('ci', ci > 0 && ci < 1, 'must be above 0 and below 1', ci);
  check('window', window === null || window[0] < window[1], 'must start before it ends', window?.join(':'));
  check('tol', tol >= 0 && tol < Number.POSITIVE_INFINITY, 'must be finite and not negative', tol);
  check(
    'maxOuterIters',
    Number.isSafeInteger(maxOuterIters) && maxOuterIters >= 1,
    'must be a positive integer',
    maxOuterIters,
  );
  return { model, maxNumBatchedTokens, queueInPrefill, ci, window, tol, maxOuterIters };
};

const check = (name: string, holds: boolean, rule: string, value: unknown): void => {
  if (!holds) throw new EstimatorError('beta-estimators/bad-option', `${name}: ${rule}; got ${String(value)}`);
};
