import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from './capture.js';

let folder = '';
const file = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stepclock-compare-'));
  for (const [name, seed, beta0] of [
    ['a', '1', '0.006'],
    ['same', '2', '0.006'],
    ['slower', '3', '0.0072'],
  ] as const) {
    const log = file(`${name}.jsonl`);
    const engine = ['--scenario', 'kv', '--requests', '400', '--noise', '0.05', '--beta0', beta0];
    expect((await capture(['simulate', ...engine, '--seed', seed, '--output', log])).code).toBe(0);
    expect((await capture(['estimate', log, '--json', file(`${name}.json`)])).code).toBe(0);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const compare = (b: string, ...more: readonly string[]) =>
  capture(['compare', file('a.json'), file(`${b}.json`), ...more]);

describe('compare', () => {
  it('says what got slower, in text and JSON', async () => {
    const { code, stdout } = await compare('slower');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^On A's workload .*: slower, .* in beta0 \(step\)\.$/m)]);
    expect((await compare('slower', '--json', file('c.json'))).code).toBe(0);
    const json = JSON.parse(readFileSync(file('c.json'), 'utf8'));
    expect(json).toMatchObject({ schema: 'stepclock/comparison@1', level: 0.95 });
    expect(json.workloads[0].change.is_clear).toBe(true);
  });

  it('fails above a threshold only where the whole interval lies there', async () => {
    expect(await compare('slower', '--fail-above', '3%')).toMatchObject({
      code: 4,
      stderr: "stepclock: B is slower than A by more than 3.00 % on A's workload\n",
    });
    expect((await compare('slower', '--fail-above', '90%')).code).toBe(0);
    expect((await compare('same', '--fail-above', '3%')).code).toBe(0);
  });

  it('says how much data a threshold below the interval takes', async () => {
    const { code, stderr } = await compare('same', '--fail-above', '0.01%');
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/about [\d.e+]+ times as long logs would tell \[too-little-data\]/),
    ]);
  });

  it('prints Markdown', async () => {
    expect((await compare('same', '--markdown')).stdout).toMatch(/^- On A's workload/);
  });

  it.each([
    [['--fail-above', '3'], 2, '--fail-above: must be a share above 0 as 3%'],
    [['--fail-above', '-3%'], 2, '--fail-above: must be a share above 0 as 3%'],
  ])('%j is refused', async (more, code, message) => {
    expect(await compare('same', ...more)).toMatchObject({ code, stderr: expect.stringContaining(message) });
  });

  it('asks for a model', async () => {
    const { code, stderr } = await capture(['compare', file('a.json'), file('a.jsonl')]);
    expect(code).toBe(1);
    expect(stderr).toContain('a.jsonl');
  });
});
