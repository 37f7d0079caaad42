import type { EstimateArgs } from '../commands/estimate.js';
import { UsageError } from '../errors.js';

type Option = keyof EstimateArgs;

const flagOf = (option: Option): string => `--${option.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;

const ONLY_STEP_CLOCK = [
  'model',
  'maxNumBatchedTokens',
  'ci',
  'holdout',
  'window',
  'plot',
] as const satisfies readonly Option[];
const ONLY_PUBLISHED = ['chunkSize', 'correctionMode', 'minDurationSec'] as const satisfies readonly Option[];
const ONLY_ITERATIVE = [
  'initCorrectionMode',
  'maxOuterIters',
  'tol',
  'dampingEta',
] as const satisfies readonly Option[];

/** Options that mean nothing to an algorithm. */
const FOREIGN = {
  'step-clock': [...ONLY_PUBLISHED, 'initCorrectionMode', 'dampingEta'],
  iterative: ONLY_STEP_CLOCK,
  baseline: [...ONLY_STEP_CLOCK, ...ONLY_ITERATIVE],
} as const satisfies Record<string, readonly Option[]>;

const ALTERNATIVES: Readonly<Partial<Record<Option, string>>> = {
  model: 'step-clock',
  maxNumBatchedTokens: 'step-clock',
  ci: 'step-clock',
  holdout: 'step-clock',
  window: 'step-clock',
  plot: 'step-clock',
  chunkSize: 'baseline or iterative',
  correctionMode: 'baseline or iterative',
  minDurationSec: 'baseline or iterative',
  initCorrectionMode: 'iterative',
  maxOuterIters: 'iterative or step-clock',
  tol: 'iterative or step-clock',
  dampingEta: 'iterative',
};

/** An option that the chosen algorithm would ignore is an error: whoever gave it expects it to act. */
export const refuseForeignOptions = (algo: keyof typeof FOREIGN, args: EstimateArgs): void => {
  for (const option of FOREIGN[algo]) {
    if (args[option] !== undefined) {
      throw new UsageError(
        `${flagOf(option)}: does not apply to --algo ${algo}; it belongs to ${ALTERNATIVES[option]}`,
      );
    }
  }
  if (algo === 'baseline' && args.correctionMode === 'beta_informed') {
    throw new UsageError(
      '--correction-mode: must be end, uniform or none for --algo baseline, which has no coefficients to be informed by yet; got beta_informed',
    );
  }
};
