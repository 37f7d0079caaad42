import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { capture } from './capture.js';
import { ownFolder } from './own-folder.js';

const log = join(import.meta.dirname, '../../../fixtures/traces/shared-budget-300/requests.jsonl');
const folder = ownFolder('rotated-log');
const lines = readFileSync(log, 'utf8').trim().split('\n');
const BUDGET = ['--max-num-batched-tokens', '2048'];

/** The log as an engine writes it, requests as they end, cut into four. */
const rotated = lines
  .map((line) => ({ line, end: JSON.parse(line).last_token_ts as number }))
  .sort((a, b) => a.end - b.end)
  .map(({ line }) => line);
const paths = [0, 1, 2, 3].map((part) => {
  const path = folder.at(`log.${part}.jsonl`);
  const quarter = Math.ceil(rotated.length / 4);
  writeFileSync(path, `${rotated.slice(part * quarter, (part + 1) * quarter).join('\n')}\n`);
  return path;
});

const betasOf = async (...args: string[]) => {
  const { code, stdout, stderr } = await capture(['estimate', ...args, ...BUDGET, '--json']);
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
};

it('a log that was rotated into four files gives what it gives as one, in any order of the files', async () => {
  const whole = await betasOf(log);
  const parts = await betasOf(...paths.slice().reverse());
  expect(parts.input.read_as).toBe('one-log');
  for (const name of ['beta0', 'beta1', 'beta2']) {
    expect(parts.betas[name] / whole.betas[name]).toBeCloseTo(1, 6);
  }
  const text = await capture(['estimate', ...paths, ...BUDGET]);
  expect(text.stdout).toContain('one log of one engine in 4 files');
});

it('the command line says otherwise', async () => {
  expect((await betasOf(...paths, '--engine-per-file')).input.read_as).toBe('engines');
  const both = await capture(['estimate', ...paths, '--engine-per-file', '--one-engine']);
  expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('cannot go with --engine-per-file')]);
});

it('the same requests under other names are named', async () => {
  const again = folder.at('again.jsonl');
  writeFileSync(again, `${lines.map((line) => line.replace(/"request_id": ?"/, '$&x')).join('\n')}\n`);
  const found = await capture(['estimate', log, again, ...BUDGET]);
  expect([found.code, found.stderr]).toEqual([1, expect.stringContaining('under these or other names')]);
});
