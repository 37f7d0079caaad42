import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepclock } from './program.js';

const LOG = join(import.meta.dirname, '../../../fixtures/traces/shared-budget-300/requests.jsonl');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stepclock-left-out-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The log with every nth request of no output, each read as one that was left out. */
const withEmpty = (every: number): string => {
  const path = join(folder, `every-${every}.jsonl`);
  const lines = readFileSync(LOG, 'utf8').trimEnd().split('\n');
  writeFileSync(
    path,
    lines.map((line, i) => (i % every === 0 ? line.replace(/"output_toks":\d+/, '"output_toks":0') : line)).join('\n'),
  );
  return path;
};

describe('requests that are left out', { timeout: 60_000 }, () => {
  it('are counted, in text and JSON, with reasons and first lines', async () => {
    const path = withEmpty(100);
    const told = await stepclock(['estimate', path]);
    expect(told.stdout).toContain('left out: 3 of 300: 3 requests without output tokens');
    expect(told.stderr).not.toContain('[load-left-out]');
    const json = await stepclock(['estimate', path, '--json']);
    expect(JSON.parse(json.stdout).input.left_out).toEqual({
      count: 3,
      ran: 3,
      share: 0.01,
      reasons: [{ reason: 'no-output', count: 3, lines: [1, 101, 201] }],
    });
  });

  it('are warned of where they are many: they ran in the same batches', async () => {
    const { stderr } = await stepclock(['estimate', withEmpty(20)]);
    expect(stderr).toMatch(/warning: 5.00 % of the requests \(15\) are left out.*\[load-left-out\]/);
  });

  it('are not mentioned where there are none', async () => {
    expect((await stepclock(['estimate', LOG])).stdout).not.toContain('left out:');
  });
});
