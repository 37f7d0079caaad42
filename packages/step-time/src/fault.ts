import { Fault, type FaultParts } from '@stepclock/faults';

/** Stable codes of this package's faults; those of the regression (rank!) pass through with their own. */
export type StepTimeFaultCode =
  | 'step-time/missing-column'
  | 'step-time/ambiguous-column'
  | 'step-time/bad-number'
  | 'step-time/bad-option'
  | 'step-time/bad-model-file'
  | 'step-time/no-rows';

export const stepTimeFault = (code: StepTimeFaultCode, parts: FaultParts): Fault<StepTimeFaultCode> =>
  new Fault(code, parts);
