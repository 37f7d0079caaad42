import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stepclock } from './program.js';

const log = join(import.meta.dirname, '../../../fixtures/traces/shared-budget-300/requests.jsonl');

describe('the program', () => {
  it('exits with 0 and prints on stdout alone', async () => {
    const { code, stdout, stderr } = await stepclock(['estimate', log, '--algo', 'baseline']);
    expect(stdout).toContain('per prefill token');
    expect([code, stderr]).toEqual([0, '']);
  });

  it('exits with 1 on bad input and 2 on bad usage, and shows a stack only when asked', async () => {
    const bad = await stepclock(['estimate', 'no-such-file.csv']);
    expect([bad.code, bad.stdout, bad.stderr]).toEqual([1, '', 'stepclock: no-such-file.csv: no such file\n']);
    const usage = await stepclock(['estimate', log, '--nope']);
    expect(usage.code).toBe(2);
    expect(usage.stderr.trim().split('\n')).toHaveLength(1);
    const debug = await stepclock(['estimate', 'no-such-file.csv', '--debug']);
    expect(debug.stderr).toMatch(/\n\s+at /);
  });

  it('takes a closed pipe for the end of interest, not for an error', async () => {
    const { code, stderr } = await stepclock(['simulate', '--requests', '20000'], (child) => child.stdout?.destroy());
    expect([code, stderr]).toEqual([0, '']);
  });

  it('exits with 130 when interrupted', async () => {
    const { code, stderr } = await stepclock(['estimate', '-'], (program) => {
      program.stdin.on('error', () => {});
      // More than a pipe holds: once it drains, the program is reading.
      program.stdin.write('x'.repeat(1 << 20), () => program.kill('SIGINT'));
    });
    expect([code, stderr]).toEqual([130, expect.stringContaining('interrupted')]);
  });
});
