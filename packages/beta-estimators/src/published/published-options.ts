import { Fault } from '@stepclock/faults';
import type { StaticCorrectionMode } from '@stepclock/overlap-pressure';

interface PublishedOptions {
  /** C, prefill tokens per step and request. Positive, finite. */
  readonly chunkSize: number;
  /** Durations below this count as this, seconds. Default 0: as measured. */
  readonly minDurationSec?: number;
}

export interface BaselineOptions extends PublishedOptions {
  /** Where the tokens that last chunks lack are taken off. Default `end`. */
  readonly correctionMode?: StaticCorrectionMode;
}

/** A correction mode of iterative: `beta_informed` takes the missing tokens off on each prefill's last expected step. */
export type IterativeCorrectionMode = StaticCorrectionMode | 'beta_informed';

export interface IterativeOptions extends PublishedOptions {
  /** Default `beta_informed`. */
  readonly correctionMode?: IterativeCorrectionMode;
  /** Correction of the baseline that it starts from. Default `end`. */
  readonly initCorrectionMode?: StaticCorrectionMode;
  /** Rounds at most; a positive integer. Default 25. */
  readonly maxOuterIters?: number;
  /** Stops when the coefficients move less than this, Euclidean, s. Not negative. Default 1e-6. */
  readonly tol?: number;
  /** eta: share of a round's fit that is taken over, in (0, 1]. Default 1. */
  readonly dampingEta?: number;
}

const STATIC_MODES = ['end', 'uniform', 'none'] as const satisfies readonly StaticCorrectionMode[];
const ITERATIVE_MODES = [...STATIC_MODES, 'beta_informed'] as const satisfies readonly IterativeCorrectionMode[];

/** Every option of baseline, with its default where none was given. */
export const resolvedBaseline = (options: BaselineOptions): Required<BaselineOptions> => {
  const { chunkSize, correctionMode = 'end', minDurationSec = 0 } = options;
  const resolved = {
    chunkSize: checked('chunkSize', chunkSize, 'must be positive and finite', (v) => v > 0),
    correctionMode: oneOf('correctionMode', correctionMode, STATIC_MODES, 'baseline'),
    minDurationSec: checked('minDurationSec', minDurationSec, 'must be finite and not negative', (v) => v >= 0),
  };
  refuseOthers('baseline', options, resolved);
  return resolved;
};

/** Every option of iterative, with its default where none was given. */
export const resolvedIterative = (options: IterativeOptions): Required<IterativeOptions> => {
  const { chunkSize, correctionMode = 'beta_informed', initCorrectionMode = 'end', minDurationSec = 0 } = options;
  const { maxOuterIters = 25, tol = 1e-6, dampingEta = 1 } = options;
  const resolved = {
    chunkSize: checked('chunkSize', chunkSize, 'must be positive and finite', (v) => v > 0),
    correctionMode: oneOf('correctionMode', correctionMode, ITERATIVE_MODES, 'iterative'),
    initCorrectionMode: oneOf('initCorrectionMode', initCorrectionMode, STATIC_MODES, 'the baseline it starts from'),
    minDurationSec: checked('minDurationSec', minDurationSec, 'must be finite and not negative', (v) => v >= 0),
    maxOuterIters: checked(
      'maxOuterIters',
      maxOuterIters,
      'must be a positive integer',
      (v) => v >= 1 && Number.isInteger(v),
    ),
    tol: checked('tol', tol, 'must be finite and not negative', (v) => v >= 0),
    dampingEta: checked('dampingEta', dampingEta, 'must be above 0 and at most 1', (v) => v > 0 && v <= 1),
  };
  refuseOthers('iterative', options, resolved);
  return resolved;
};

const checked = (name: string, value: number, rule: string, holds: (value: number) => boolean): number => {
  if (!(Number.isFinite(value) && holds(value))) {
    throw new Fault('beta-estimators/bad-option', { what: name, rule, value });
  }
  return value;
};

const oneOf = <Mode extends string>(name: string, value: Mode, modes: readonly Mode[], whose: string): Mode => {
  if (!modes.includes(value)) {
    const rule = `must be one of ${modes.join(', ')} for ${whose}`;
    throw new Fault('beta-estimators/bad-option', { what: name, rule, value });
  }
  return value;
};

/** An option that would be ignored is an error: whoever gave it expects it to act. */
const refuseOthers = (algo: string, options: object, resolved: object): void => {
  const foreign = Object.entries(options).find(([name, value]) => value !== undefined && !(name in resolved));
  if (foreign !== undefined) {
    const rule = `must not be given to ${algo}, which takes ${Object.keys(resolved).join(', ')}`;
    throw new Fault('beta-estimators/option-does-not-apply', { what: foreign[0], rule, value: foreign[1] });
  }
};
