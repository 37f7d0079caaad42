import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepclock } from './program.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stepclock-bad-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('records that cannot be read', { timeout: 60_000 }, () => {
  it('are told, and end the reading above --max-bad', async () => {
    const path = join(folder, 'steps.csv');
    const rows = Array.from(
      { length: 200 },
      (_, i) => `${0.01 + (i % 9) / 1000},${(i * 7) % 50},${i % 9 === 4 ? 'x' : i % 9}`,
    );
    writeFileSync(path, `duration_sec,prefill_tokens,decode_tokens\n${rows.slice(0, 130).join('\n')}\n`);
    const stopped = await stepclock(['inspect', path]);
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toContain('above the 1 % that may be left out (--max-bad)');
    const read = await stepclock(['inspect', path, '--max-bad', '0.2']);
    expect(read.code).toBe(0);
    expect(read.stderr).toContain('14 left out: records that cannot be read: decode_tokens must be');
    expect(read.stdout).toContain('116 steps');
  });
});
