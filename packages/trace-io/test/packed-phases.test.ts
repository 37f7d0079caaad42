import { joinPhases, type PhaseTable, packPhases, phaseTableFrom, readTrace, unpackPhases } from '@stepclock/trace-io';
import { describe, expect, it } from 'vitest';
import { formatFixtures } from './format-fixtures.js';
import { plain } from './plain-table.js';

/** What arrives in another thread. */
const sent = (phases: PhaseTable): PhaseTable => {
  const { packed, memory } = packPhases(phases);
  return unpackPhases(structuredClone(packed, { transfer: memory }));
};

describe('a packed table', () => {
  const withPhases = formatFixtures().filter(({ expected }) => expected.kind === 'phases');

  it.each(withPhases.map((fixture) => [fixture.name, fixture] as const))(
    'arrives as it was: %s',
    async (_, fixture) => {
      const { phases } = await readTrace(new Blob([new Uint8Array(fixture.bytes)]).stream(), fixture.options);
      if (phases === undefined) throw new Error('no phases');
      const before = plain(phases);
      const arrived = sent(phases);
      expect(plain(arrived)).toEqual(before);
      expect(arrived.requestIds.length).toBe(phases.requestIds.length);
      expect(() => arrived.requestIds.at(arrived.requestIds.length)).toThrow(RangeError);
    },
  );

  it('keeps every kind of name and value, and a table that was never read', () => {
    const row = { phase_type: 'prefill', t_start: 0, t_end: 2, prefill_tokens: 96, decode_tokens: 0 };
    const table = phaseTableFrom([
      { ...row, request_id: 'é\u{1f600}\ufeff', instance_id: '' },
      { ...row, request_id: '', instance_id: 'ÄÖÜ'.repeat(50), cached_tokens: 4 },
      { ...row, request_id: 'x', phase_type: 'decode', decode_tokens: 2 ** 29, instance_id: '', N_steps: 7 },
    ]);
    const before = plain(table);
    // A copy knows nothing of how its columns are kept.
    expect(plain(unpackPhases(packPhases({ ...table }).packed))).toEqual(before);
    expect(plain(joinPhases([{ name: 'one', phases: { ...table } }]))).toEqual(before);
    expect(plain(sent(table))).toEqual(before);
  });
});
