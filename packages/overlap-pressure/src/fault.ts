import { Fault, type FaultParts } from '@stepclock/faults';

/** What was wrong with phases from which no signal can be computed; stable, for programs to act on. */
export type OverlapFaultCode =
  | 'overlap-pressure/no-phases'
  | 'overlap-pressure/bad-time'
  | 'overlap-pressure/bad-count'
  | 'overlap-pressure/bad-chunk-size'
  | 'overlap-pressure/length-mismatch';

/** A fault of this package. */
export const fault = (code: OverlapFaultCode, parts: FaultParts): Fault<OverlapFaultCode> => new Fault(code, parts);
