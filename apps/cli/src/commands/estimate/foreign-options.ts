import { usageFault } from '../../session/errors.js';
import type { Algorithm, EstimateArgs } from './options.js';

type Option = keyof EstimateArgs;

const flagOf = (option: string): string => `--${option.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;

/** The options that not every algorithm has, and the algorithms that have them. */
const PARTICULAR: readonly (readonly [Option, readonly Algorithm[]])[] = [
  ['evidence', ['step-clock']],
  ['model', ['step-clock']],
  ['terms', ['step-clock']],
  ['maxNumBatchedTokens', ['step-clock']],
  ['promptOffset', ['step-clock']],
  ['policy', ['step-clock']],
  ['ci', ['step-clock']],
  ['holdout', ['step-clock']],
  ['window', ['step-clock']],
  ['refine', ['step-clock']],
  ['plot', ['step-clock']],
  ['listWindows', ['step-clock']],
  ['hardware', ['step-clock']],
  ['modelConfig', ['step-clock']],
  ['tensorParallel', ['step-clock']],
  ['chunkSize', ['baseline', 'iterative']],
  ['correctionMode', ['baseline', 'iterative']],
  ['minDurationSec', ['baseline', 'iterative']],
  ['initCorrectionMode', ['iterative']],
  ['maxOuterIters', ['iterative', 'step-clock']],
  ['tol', ['iterative', 'step-clock']],
  ['dampingEta', ['iterative']],
];

/** An option that the chosen algorithm would ignore is an error: whoever gave it expects it to act. */
export const refuseForeignOptions = (algo: Algorithm, args: EstimateArgs): void => {
  for (const [option, owners] of PARTICULAR) {
    if (args[option] !== undefined && !owners.includes(algo)) {
      throw usageFault(flagOf(option), `does not apply to --algo ${algo}; it belongs to ${owners.join(' or ')}`);
    }
  }
  if (algo === 'baseline' && args.correctionMode === 'beta_informed') {
    throw usageFault(
      '--correction-mode',
      'must be end, uniform or none for --algo baseline, which has no coefficients to be informed by yet; got beta_informed',
    );
  }
};

/** What may be asked of windows of steps. */
const OF_WINDOWS = 'traces csv format meta maxBad terms ci json hardware modelConfig tensorParallel'.split(' ');

/** Options that are for requests, where windows of steps are given. */
export const refuseForWindows = (args: EstimateArgs): void => {
  for (const [option, value] of Object.entries(args)) {
    if (value === undefined || OF_WINDOWS.includes(option)) continue;
    throw usageFault(flagOf(option), 'does not apply to windows of steps, of which only sums are known');
  }
};
