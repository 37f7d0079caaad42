import { Fault, type FaultParts } from '@stepclock/faults';

/** Stable names of what step-model refuses. */
export type StepModelFaultCode =
  | 'step-model/bad-betas-file'
  | 'step-model/bad-bin'
  | 'step-model/bad-change'
  | 'step-model/bad-composition'
  | 'step-model/bad-engine-line'
  | 'step-model/bad-expected-counts'
  | 'step-model/bad-grid'
  | 'step-model/bad-fraction'
  | 'step-model/bad-layout'
  | 'step-model/bad-load-figures'
  | 'step-model/bad-model-config'
  | 'step-model/bad-operating-point'
  | 'step-model/bad-slo'
  | 'step-model/bad-statement'
  | 'step-model/bad-step'
  | 'step-model/bad-window-line'
  | 'step-model/bad-workload-spec'
  | 'step-model/export-needs'
  | 'step-model/no-arrivals'
  | 'step-model/no-context'
  | 'step-model/no-phases'
  | 'step-model/no-requests'
  | 'step-model/no-step-time'
  | 'step-model/no-steps'
  | 'step-model/not-comparable'
  | 'step-model/overlapping-lines'
  | 'step-model/rows-lost'
  | 'step-model/term-not-carried'
  | 'step-model/unknown-format'
  | 'step-model/unknown-hardware';

/** The option, column or field at fault, its value, the rule that it breaks. */
export const stepModelFault = (code: StepModelFaultCode, parts: FaultParts): Fault<StepModelFaultCode> =>
  new Fault(code, parts);
