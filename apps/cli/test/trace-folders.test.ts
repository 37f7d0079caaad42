import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { capture } from './capture.js';
import { ownFolder } from './own-folder.js';

const formats = join(import.meta.dirname, '../../../fixtures/formats');
const folder = ownFolder('trace-folders');
const inspected = async (path: string): Promise<string> => {
  const { code, stdout, stderr } = await capture(['inspect', path, '--json']);
  return code === 0 ? JSON.parse(stdout).file : stderr;
};

beforeEach(folder.emptied);

const run = (name: string): void => {
  mkdirSync(folder.at(name), { recursive: true });
  copyFileSync(join(formats, 'aiperf.jsonl'), folder.at(name, 'profile_export.jsonl'));
  writeFileSync(folder.at(name, 'profile_export_aiperf.json'), '{}');
};

it('a folder stands for the trace that its client writes into it', async () => {
  run('one');
  expect(await inspected(folder.at('one'))).toBe(folder.at('one', 'profile_export.jsonl'));
});

it('a folder of one run stands for that run, one of several for none', async () => {
  run('artifacts/first');
  expect(await inspected(folder.at('artifacts'))).toBe(folder.at('artifacts/first', 'profile_export.jsonl'));
  run('artifacts/second');
  expect(await inspected(folder.at('artifacts'))).toContain(
    `must be one run; give one of its folders: ${folder.at('artifacts/first')}, ${folder.at('artifacts/second')}`,
  );
});

it('a folder whose client left out the requests says how to get them', async () => {
  writeFileSync(folder.at('profile_export_aiperf.json'), '{}');
  expect(await inspected(folder.home)).toContain('AIPerf writes profile_export.jsonl with --export-level records');
});

it('estimate takes folders beside files, and keeps outputs off what lies in them', async () => {
  run('one');
  const found = await capture(['estimate', folder.at('one'), '--json', folder.at('one', 'profile_export.jsonl')]);
  expect([found.code, found.stderr]).toEqual([2, expect.stringContaining('profile_export.jsonl')]);
});
