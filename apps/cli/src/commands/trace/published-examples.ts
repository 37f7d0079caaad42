import type { PhaseRow } from '@stepclock/trace-io';

/** The four-phase example of the published quick start, seconds and tokens. */
export const fourPhases: readonly PhaseRow[] = [
  { request_id: 'A', phase_type: 'prefill', t_start: 0.0, t_end: 2.0, prefill_tokens: 96, decode_tokens: 0 },
  { request_id: 'A', phase_type: 'decode', t_start: 2.0, t_end: 6.0, prefill_tokens: 0, decode_tokens: 4 },
  { request_id: 'B', phase_type: 'prefill', t_start: 1.0, t_end: 3.0, prefill_tokens: 64, decode_tokens: 0 },
  { request_id: 'B', phase_type: 'decode', t_start: 3.0, t_end: 5.0, prefill_tokens: 0, decode_tokens: 2 },
];

/** The eight-phase sample trace: four requests that overlap. */
export const eightPhases: readonly PhaseRow[] = [
  { request_id: 'A', phase_type: 'prefill', t_start: 0.0, t_end: 2.0, prefill_tokens: 96, decode_tokens: 0 },
  { request_id: 'A', phase_type: 'decode', t_start: 2.0, t_end: 7.0, prefill_tokens: 0, decode_tokens: 5 },
  { request_id: 'B', phase_type: 'prefill', t_start: 0.8, t_end: 3.2, prefill_tokens: 64, decode_tokens: 0 },
  { request_id: 'B', phase_type: 'decode', t_start: 3.2, t_end: 6.2, prefill_tokens: 0, decode_tokens: 3 },
  { request_id: 'C', phase_type: 'prefill', t_start: 1.6, t_end: 4.6, prefill_tokens: 130, decode_tokens: 0 },
  { request_id: 'C', phase_type: 'decode', t_start: 4.6, t_end: 9.6, prefill_tokens: 0, decode_tokens: 5 },
  { request_id: 'D', phase_type: 'prefill', t_start: 5.0, t_end: 7.5, prefill_tokens: 32, decode_tokens: 0 },
  { request_id: 'D', phase_type: 'decode', t_start: 7.5, t_end: 10.5, prefill_tokens: 0, decode_tokens: 3 },
];
