import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from './capture.js';
import { stepclock } from './program.js';

const folder = mkdtempSync(join(tmpdir(), 'stepclock-workers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const log = join(import.meta.dirname, '../../../fixtures/traces/shared-budget-300/requests.jsonl');
const csv = (name: string): string => join(folder, name);

beforeAll(async () => {
  for (const [name, seed] of [
    ['a.csv', '1'],
    ['b.csv', '2'],
    ['c.csv', '3'],
  ] as const) {
    const { code } = await capture([
      ...['simulate', '--scenario', 'budget-2048-medium', '--requests', '150', '--seed', seed],
      ...['--to', 'phases.csv', '--output', csv(name)],
    ]);
    expect(code).toBe(0);
  }
  writeFileSync(
    csv('broken.csv'),
    'request_id,phase_type,t_start,t_end,prefill_tokens,decode_tokens\nA,prefill,0,x,1,0\n',
  );
  writeFileSync(csv('workload.csv'), 'TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n');
});

describe('several files read in threads', () => {
  const estimated = (files: readonly string[], workers: string) =>
    stepclock(['estimate', ...files, '--json=-', '--workers', workers, '--log-level', 'debug']);
  const withoutThreads = (stderr: string): string =>
    stderr
      .split('\n')
      .filter((line) => !line.includes('files read in threads'))
      .join('\n');

  it('are the same to the last bit, however many threads there are', async () => {
    const files = [csv('a.csv'), log, csv('b.csv'), csv('c.csv')];
    const alone = await estimated(files, '1');
    expect([alone.code, alone.stdout.includes('"betas"')]).toEqual([0, true]);
    expect(alone.stderr).not.toContain('files read in threads');
    for (const workers of ['2', '3', '9']) {
      const together = await estimated(files, workers);
      expect(together.stderr).toContain('files read in threads files=4 of=4');
      expect([together.code, together.stdout]).toEqual([0, alone.stdout]);
      expect(withoutThreads(together.stderr)).toBe(withoutThreads(alone.stderr));
    }
  });

  it.each([
    ['a broken file', 'broken.csv', 't_end: must be a finite decimal number'],
    ['a file that is not there', 'none.csv', 'no such file'],
    ['a workload', 'workload.csv', 'must tell when requests were served'],
  ])('say what is wrong with %s as one thread does', async (_, name, message) => {
    const files = [csv('a.csv'), csv(name), csv('b.csv')];
    const alone = await estimated(files, '1');
    const together = await estimated(files, '2');
    expect(alone.stderr).toContain(message);
    expect([together.code, together.stdout]).toEqual([alone.code, alone.stdout]);
    expect(withoutThreads(together.stderr)).toBe(withoutThreads(alone.stderr));
  });
});
