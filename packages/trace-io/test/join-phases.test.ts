import { describe, expect, it } from 'vitest';
import { joinPhases, phaseTableFrom } from '../src/index.js';

const row = { request_id: 'A', phase_type: 'prefill', t_start: 0, t_end: 2, prefill_tokens: 96, decode_tokens: 0 };

describe('joinPhases', () => {
  it('makes each table an engine, and keeps requests of the same name apart', () => {
    const a = phaseTableFrom([row]);
    const b = phaseTableFrom([
      { ...row, cached_tokens: 3 },
      { ...row, request_id: 'B', phase_type: 'decode', decode_tokens: 4, prefill_tokens: 0, N_steps: 5 },
    ]);
    const joined = joinPhases([
      { name: 'a.csv', phases: a },
      { name: 'b.csv', phases: b },
    ]);
    expect(joined.length).toBe(3);
    expect([...joined.request].map((r) => joined.requestIds.at(r))).toEqual(['A', 'A', 'B']);
    expect(new Set(joined.request).size).toBe(3);
    expect([...(joined.instance ?? [])].map((i) => joined.instanceIds?.at(i))).toEqual(['a.csv', 'b.csv', 'b.csv']);
    expect([...(joined.steps ?? [])]).toEqual([Number.NaN, Number.NaN, 5]);
    expect([...(joined.cachedTokens ?? [])]).toEqual([0, 3, 0]);
  });

  it('prefixes the engines that a table had already', () => {
    const two = phaseTableFrom([
      { ...row, instance_id: 'x' },
      { ...row, instance_id: 'y' },
    ]);
    const joined = joinPhases([
      { name: 'f', phases: two },
      { name: 'g', phases: phaseTableFrom([row]) },
    ]);
    expect(Array.from({ length: 3 }, (_, i) => joined.instanceIds?.at(i))).toEqual(['f:x', 'f:y', 'g']);
  });

  it('leaves a single table as it is, and refuses none', () => {
    const phases = phaseTableFrom([row]);
    expect(joinPhases([{ name: 'a', phases }])).toBe(phases);
    expect(() => joinPhases([])).toThrow('parts: must have at least one table; got none');
  });
});
