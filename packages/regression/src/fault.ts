import { Fault, type FaultParts } from '@stepclock/faults';

/** Stable codes of this package's faults; the part after the slash names the rule that was broken. */
export type RegressionFaultCode =
  | 'regression/bad-column'
  | 'regression/bad-name'
  | 'regression/bad-option'
  | 'regression/bad-model'
  | 'regression/length-mismatch'
  | 'regression/missing-feature'
  | 'regression/no-rows'
  | 'regression/not-converged'
  | 'regression/not-enough-rows'
  | 'regression/overflow'
  | 'regression/rank-deficient';

/** A fault of this package: `throw fault('regression/bad-option', { what: 'alpha', rule: 'must be above 0', value: alpha })`. */
export const fault = (code: RegressionFaultCode, parts: FaultParts): Fault<RegressionFaultCode> =>
  new Fault(code, parts);
