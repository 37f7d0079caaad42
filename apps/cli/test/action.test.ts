import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { stepclock } from './program.js';

const folder = mkdtempSync(join(tmpdir(), 'stepclock-action-'));
const file = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The script of the action's one step, as GitHub hands it to bash. */
const script = (): string => {
  const action = readFileSync(join(import.meta.dirname, '../../../action.yml'), 'utf8');
  const [, block = ''] = action.split(/^ {6}run: \|\n/m);
  return block.replaceAll(/^ {8}/gm, '');
};

/** What the step leaves behind with these inputs. */
const step = (inputs: Readonly<Record<string, string>>) =>
  new Promise<{ code: number | null; summary: string; output: string }>((resolve) => {
    const files = { GITHUB_STEP_SUMMARY: file('summary.md'), GITHUB_OUTPUT: file('output') };
    for (const path of Object.values(files)) rmSync(path, { force: true });
    const program = `${process.execPath} ${inject('program')}`;
    const env = { ...process.env, FAIL_ABOVE: '', ARGUMENTS: '', ...inputs, ...files, STEPCLOCK: program };
    const child = execFile('bash', ['-e', '-o', 'pipefail', '-c', script()], { env }, () => {
      const summary = readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8');
      resolve({ code: child.exitCode, summary, output: readFileSync(files.GITHUB_OUTPUT, 'utf8') });
    });
  });

beforeAll(async () => {
  for (const [name, beta0] of [
    ['before', '0.006'],
    ['after', '0.0072'],
  ] as const) {
    const engine = ['--scenario', 'kv', '--requests', '300', '--seed', name === 'before' ? '1' : '2', '--beta0', beta0];
    expect((await stepclock(['simulate', ...engine, '--output', file(`${name}.jsonl`)])).code).toBe(0);
  }
});

it('action.yml: its step writes the comparison into the summary, and fails where it got slower than allowed', async () => {
  const inputs = { BEFORE: file('before.jsonl'), AFTER: file('after.jsonl') };
  const told = await step(inputs);
  expect(told).toMatchObject({ code: 0, output: 'exit-code=0\n' });
  expect(told.summary).toMatch(/^### Engine step time: slower/);
  expect(await step({ ...inputs, FAIL_ABOVE: '3%' })).toMatchObject({ code: 4, output: 'exit-code=4\n' });
  expect(await step({ ...inputs, ARGUMENTS: '--no-such-option' })).toMatchObject({ code: 2, output: 'exit-code=2\n' });
});
