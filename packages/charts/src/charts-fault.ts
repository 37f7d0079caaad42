import { Fault } from '@stepclock/faults';

/** What can be wrong with the input of a chart. */
export type ChartsFaultCode =
  | 'charts/empty'
  | 'charts/length-mismatch'
  | 'charts/not-finite'
  | 'charts/bad-option'
  | 'charts/font-unreadable';

/** The fault of an input that cannot be drawn truthfully; nothing is dropped or guessed in silence. */
export const chartsFault = (
  code: ChartsFaultCode,
  what: string,
  rule: string,
  value?: unknown,
): Fault<ChartsFaultCode> => new Fault(code, { what, rule, value });
