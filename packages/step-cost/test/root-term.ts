import type { Term } from '../src/index.js';

/** A term of a caller, which the catalogue does not have. */
export const ROOT: Term = {
  name: 'root',
  label: 'root',
  unit: 's',
  phrase: 'per root',
  smallUnit: 'us',
  sentence: 'per square root of the batch',
  sum: ({ steps, decodeSeqs }) => steps * Math.sqrt(decodeSeqs),
  needs: ['decodeSeqs'],
  sign: 'non-negative',
  priorShare: null,
  role: 'open',
};
