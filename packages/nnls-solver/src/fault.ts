import { Fault, type FaultParts } from '@stepclock/faults';

/** What was wrong with a problem that has no answer in finite numbers; stable, for programs to act on. */
export type NnlsFaultCode =
  | 'nnls-solver/length-mismatch'
  | 'nnls-solver/not-finite'
  | 'nnls-solver/bad-weight'
  | 'nnls-solver/bad-rows'
  | 'nnls-solver/overflow';

/** A fault of this package. */
export const fault = (code: NnlsFaultCode, parts: FaultParts): Fault<NnlsFaultCode> => new Fault(code, parts);
