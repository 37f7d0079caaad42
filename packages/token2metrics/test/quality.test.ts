import { describe, expect, it } from 'vitest';
import { inspectPowerRuns } from '../src/quality/power-samples.js';
import { dropFlagged, qualityFindings } from '../src/quality/quality.js';
import { rowsWith } from '../src/table/measurements.js';
import { bundled, loadOne } from './bundled.js';

const codes = (findings: readonly { readonly code: string }[]) => findings.map(({ code }) => code);

/** A clean sweep: 0.1 s + 1 ms/token of padded prompt; 200 ms a decode step. */
const sweep = (change: (row: number) => string | undefined): string =>
  [
    'input_tokens,output_tokens,ttft_ms,decode_time_ms,energy_j,power_w',
    ...Array.from({ length: 40 }, (_, i) => {
      const input = 128 * (i + 1);
      const output = 20 + ((7 * i) % 40);
      return (
        change(i) ??
        `${input},${output},${100 + input},${200 * (output - 1)},${((10 + i / 10) * (100 + input + 200 * (output - 1))) / 1000},${10 + i / 10}`
      );
    }),
  ].join('\n');

describe('qualityFindings', () => {
  it('finds exactly the faults that the bundled set was given', async () => {
    const table = await bundled('8B');
    const findings = qualityFindings(table);
    expect(codes(findings)).toEqual([
      'warm-up',
      'stall',
      'off-by-one-decode',
      'rows-without-power',
      'rows-without-energy',
    ]);
    expect([...(findings[0]?.rows ?? [])]).toEqual([30]);
    expect([...(findings[1]?.rows ?? [])]).toEqual([100]);
    expect([...(findings[3]?.rows ?? [])]).toEqual([50, 51, 52, 53]);
    expect(findings[1]?.message).toContain('the worst took 2.23 s, 9.00 times the usual (337 input tokens, line 342)');
  });

  it('drops what it may drop and nothing else', async () => {
    const table = await bundled('8B');
    const cleaned = dropFlagged(table, qualityFindings(table));
    expect(cleaned.length).toBe(table.length - 2);
    expect([...cleaned.position].includes(100)).toBe(false);
    expect(cleaned.position[100]).toBe(102);
    expect(codes(qualityFindings(cleaned))).not.toContain('stall');
  });

  it('says nothing of slow rows on a clean sweep', async () => {
    expect(codes(qualityFindings(await loadOne(sweep(() => undefined))))).toEqual(['off-by-one-decode']);
  });

  it('names a stall among single measurements of each prompt', async () => {
    const stalled = await loadOne(sweep((i) => (i === 20 ? '2688,40,22500,7800,50,12' : undefined)));
    const [stall] = qualityFindings(stalled);
    expect(stall?.code).toBe('stall');
    expect([...(stall?.rows ?? [])]).toEqual([20]);
  });

  it('counts decode steps: none for one token, one less than tokens, or as many as tokens', async () => {
    const single = await loadOne(sweep((i) => (i === 3 ? '512,1,612,0,6.12,10' : undefined)));
    expect(codes(qualityFindings(single))).toEqual(['no-decode-steps', 'off-by-one-decode', 'short-power-window']);
    const full = sweep(() => undefined)
      .split('\n')
      .map((line, i) => {
        const cells = line.split(',');
        return i === 0 ? line : [...cells.slice(0, 3), 200 * Number(cells[1]), ...cells.slice(4)].join(',');
      })
      .join('\n');
    expect(codes(qualityFindings(await loadOne(full)))).toEqual([]);
  });

  it('names power windows that the meter cannot see, and takes power and energy off them when dropping', async () => {
    const table = await loadOne(sweep((i) => (i === 5 ? '768,2,768,200,1,5.5' : undefined)));
    const short = qualityFindings(table).find(({ code }) => code === 'short-power-window');
    expect([...(short?.rows ?? [])]).toEqual([5]);
    const cleaned = dropFlagged(table, short ? [short] : []);
    expect(cleaned.length).toBe(40);
    expect([...rowsWith(cleaned, 'power')].includes(5)).toBe(false);
    expect([...rowsWith(cleaned, 'ttft')].includes(5)).toBe(true);
  });

  it('names power that is shared by a run', async () => {
    const rows = Array.from(
      { length: 12 },
      (_, i) => `${i < 6 ? 'a' : 'b'},${100 + i},${20 + i},${3 + i},${i < 6 ? 39.5 : 38.1}`,
    );
    const table = await loadOne(
      `subject,input_tokens,output_tokens,total_time_s,subject_avg_power_w\n${rows.join('\n')}\n`,
    );
    const [shared] = qualityFindings(table);
    expect(shared?.code).toBe('shared-power');
    expect(shared?.count).toBe(12);
  });

  it('names totals that are not the sum of their parts', async () => {
    const table = await loadOne(
      'input_tokens,output_tokens,ttft_ms,decode_time_ms,total_time_ms\n9,5,100,400,500\n9,5,100,400,700\n',
    );
    const [apart] = qualityFindings(table);
    expect(apart?.code).toBe('parts-do-not-add-up');
    expect([...(apart?.rows ?? [])]).toEqual([1]);
  });
});

describe('inspectPowerRuns', () => {
  const run = (name: string, powerW: number[], usage?: number[]) => ({
    model: 'm',
    name,
    elapsedSec: Float64Array.from(powerW, (_, i) => i),
    powerW: Float64Array.from(powerW),
    ...(usage ? { usagePercent: Float64Array.from(usage) } : {}),
  });

  it.each([
    ['with utilisation', true],
    ['without', false],
  ])('counts the idle samples before a run and averages over the rest (%s)', (_, usage) => {
    const { runs, findings } = inspectPowerRuns([
      run('long', [5, 5, 30, 40, 41], usage ? [0, 0, 99, 99, 99] : undefined),
      run('short', [5.5, 5.9], usage ? [0, 0] : undefined),
    ]);
    expect(runs[0]).toMatchObject({ idleLeadIn: 2, meanW: 24.2, busyMeanW: 37 });
    expect(runs[1]).toMatchObject({ idleLeadIn: 2, busyMeanW: undefined });
    expect(codes(findings)).toEqual(['idle-lead-in', 'short-power-window']);
    expect(findings[0]?.message).toContain('up to 1.5 times too low');
    expect(findings[1]?.message).toContain('1 of 2 runs ended before a sample caught the device at work');
    expect(findings[1]?.message).toContain('about 6 times too low');
  });

  it('says nothing where the device was at work from the first sample', () => {
    expect(inspectPowerRuns([run('busy', [30, 31, 32], [99, 99, 99])]).findings).toEqual([]);
  });
});
