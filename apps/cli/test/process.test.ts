import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const bin = join(import.meta.dirname, '../src/bin.ts');
const log = join(import.meta.dirname, '../../../fixtures/traces/shared-budget-300/requests.jsonl');

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real program; `during` may meddle with it. */
const stepclock = (
  argv: readonly string[],
  during: (child: ReturnType<typeof spawn>) => void = () => {},
): Promise<Ended> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ['--conditions=@stepclock/source', '--import', 'tsx', bin, ...argv], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (d) => {
      stdout += d;
    });
    child.stderr.on('data', (d) => {
      stderr += d;
    });
    child.on('close', (code) => resolve({ code, stdout, stderr }));
    during(child);
  });

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
    const { code, stderr } = await stepclock(['estimate', '-'], (child) =>
      setTimeout(() => child.kill('SIGINT'), 1500),
    );
    expect([code, stderr]).toEqual([130, expect.stringContaining('interrupted')]);
  });
});
