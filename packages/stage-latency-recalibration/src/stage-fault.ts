import { Fault, type FaultParts, type Warning } from '@stepclock/faults';

/** Stable codes of this package's faults; the part after the slash names the rule that was broken. */
export type StageFaultCode =
  | 'stage/no-rows'
  | 'stage/missing-column'
  | 'stage/bad-value'
  | 'stage/missing-stage'
  | 'stage/no-stages'
  | 'stage/no-features'
  | 'stage/bad-option'
  | 'stage/other-knobs'
  | 'stage/other-stages'
  | 'stage/unknown-level'
  | 'stage/not-identifiable'
  | 'stage/too-few-samples'
  | 'stage/too-many-samples'
  | 'stage/bad-model'
  | 'stage/bad-json';

/** A fault of this package: `throw stageFault('stage/no-rows', { what: 'rows', rule: 'must be at least one' })`. */
export const stageFault = (code: StageFaultCode, parts: FaultParts): Fault<StageFaultCode> => new Fault(code, parts);

export type StageWarning = Warning<
  | 'zero-stage'
  | 'missing-stage'
  | 'mixed-repeats'
  | 'decode-convention'
  | 'total-disagrees'
  | 'inducing-points'
  | 'outside-samples'
  | 'recalibrated-anew'
  | 'single-knob-sweep'
  | 'one-knob-at-a-time'
  | 'constant-knob'
  | 'tied-knobs'
  | 'outside-training-range'
  | 'too-many-samples'
  | 'few-configurations'
  | 'odd-configuration'
  | 'far-from-samples'
  | 'not-possible'
  | 'no-answer'
  | 'no-guarantee'
  | 'measure-the-winner'
>;
