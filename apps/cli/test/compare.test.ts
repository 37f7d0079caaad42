import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
      expect.stringMatching(/about [\d ]+ requests of A and [\d ]+ of B are needed to tell \[too-little-data\]/),
    ]);
  });

  it('prints Markdown', async () => {
    expect((await compare('same', '--markdown')).stdout).toMatch(
      /^### Engine step time: the same within the interval\n\n- On A's workload/,
    );
  });

  it.each([
    [['--fail-above', '3'], 2, '--fail-above: must be a share above 0 as 3%'],
    [['--fail-above', '-3%'], 2, '--fail-above: must be a share above 0 as 3%'],
  ])('%j is refused', async (more, code, message) => {
    expect(await compare('same', ...more)).toMatchObject({ code, stderr: expect.stringContaining(message) });
  });

  it('takes logs and windows for models, and pools several', async () => {
    const [ofModels, ofLogs] = [
      await compare('slower'),
      await capture(['compare', file('a.jsonl'), file('slower.jsonl')]),
    ];
    expect(ofLogs).toMatchObject({ code: 0, stdout: ofModels.stdout });
    const { windows } = JSON.parse(readFileSync(file('same.json'), 'utf8'));
    writeFileSync(file('windows.json'), JSON.stringify(windows));
    const pooled = await capture(['compare', `${file('a.json')},${file('windows.json')}`, file('slower.json')]);
    expect(pooled).toMatchObject({ code: 0, stdout: expect.stringContaining(': slower, +') });
  });

  it.each([
    ['no log', ['no-such.jsonl'], 'no-such.jsonl: no such file'],
    ['no windows', ['bare.json'], 'bare.json: must have windows'],
    ['no covariance', ['poor.json'], 'poor.json: must have a covariance and intervals to be compared'],
    [
      'too few windows',
      ['short.json'],
      'short.json: must have at least 10 windows, which a longer log gives, to be compared; got 9',
    ],
  ])('says that a side has %s', async (_, [name = ''], message) => {
    const model = JSON.parse(readFileSync(file('a.json'), 'utf8'));
    writeFileSync(file('bare.json'), JSON.stringify({ ...model, windows: undefined }));
    writeFileSync(file('poor.json'), JSON.stringify({ ...model, covariance: null }));
    const few = { ...model.windows, windows: model.windows.windows.slice(0, 9) };
    writeFileSync(file('short.json'), JSON.stringify({ ...model, windows: few }));
    const { code, stderr, stdout } = await capture(['compare', file('a.json'), file(name)]);
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining(message)]);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});
