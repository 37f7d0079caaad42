import { Fault, type FaultParts } from '@stepclock/faults';

/** What this package finds fault with; its codes are `token2metrics/` and one of these. */
export type Token2MetricsRule =
  | 'ambiguous-column'
  | 'bad-model'
  | 'bad-number'
  | 'bad-option'
  | 'bad-tokens'
  | 'missing-column'
  | 'no-prediction'
  | 'no-rows'
  | 'not-enough-rows'
  | 'not-xlsx'
  | 'outside-hull'
  | 'too-large'
  | 'unit-mismatch'
  | 'unknown-metric'
  | 'unknown-model'
  | 'unknown-unit';

/** A fault of this package: `throw fault('bad-tokens', { what: 'output_tokens', rule: 'must be ...', value })`. */
export const fault = (rule: Token2MetricsRule, parts: FaultParts): Fault => new Fault(`token2metrics/${rule}`, parts);
