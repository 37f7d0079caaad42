import { phaseTableFrom } from '@stepclock/trace-io';
import { describe, expect, it } from 'vitest';
import { loadSummary } from '../src/index.js';

const phases = phaseTableFrom([
  { request_id: 'A', phase_type: 'prefill', t_start: 10, t_end: 11, prefill_tokens: 64, decode_tokens: 0 },
  { request_id: 'A', phase_type: 'decode', t_start: 11, t_end: 14, prefill_tokens: 0, decode_tokens: 3 },
  { request_id: 'B', phase_type: 'prefill', t_start: 12, t_end: 13, prefill_tokens: 64, decode_tokens: 0 },
  { request_id: 'C', phase_type: 'prefill', t_start: 20, t_end: 21, prefill_tokens: 64, decode_tokens: 0 },
]);

describe('loadSummary', () => {
  it('counts span, gaps and busy periods', () => {
    expect(loadSummary(phases)).toMatchObject({
      firstSec: 10,
      lastSec: 21,
      spanSec: 11,
      idleSec: 6,
      busyPeriods: 2,
      longestGapSec: 6,
    });
  });

  it('weighs concurrency by time, over the busy time alone', () => {
    const { prefills, decodes, phases: both } = loadSummary(phases);
    // Busy: 10-14 and 20-21. One prefill for 3 s of 5, one decode for 3 s, both from 12 to 13.
    expect(prefills).toEqual({ mean: 0.6, p50: 1, p90: 1, p99: 1, max: 1 });
    expect(decodes).toEqual({ mean: 0.6, p50: 1, p90: 1, p99: 1, max: 1 });
    expect(both).toEqual({ mean: 1.2, p50: 1, p90: 2, p99: 2, max: 2 });
  });
});
