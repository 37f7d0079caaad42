import { Fault, type FaultParts } from '@stepclock/faults';

/** Stable names of what engine-sim refuses. */
export type EngineSimFaultCode =
  | 'engine-sim/bad-option'
  | 'engine-sim/bad-step-time'
  | 'engine-sim/bad-workload'
  | 'engine-sim/request-exceeds-kv'
  | 'engine-sim/unknown-scenario';

/** The option or column at fault, its value, the rule that it breaks; `row` is the request. */
export const engineSimFault = (code: EngineSimFaultCode, parts: FaultParts): Fault<EngineSimFaultCode> =>
  new Fault(code, parts);
