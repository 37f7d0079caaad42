import '@stepclock/vitest-matchers';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from './capture.js';

const formats = join(import.meta.dirname, '../../../fixtures/formats');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stepclock-settings-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const jsonOf = async (...argv: string[]) => JSON.parse((await capture([...argv, '--json'])).stdout);
const small = ['--requests', '60', '--kv-tokens', '60000'];

describe('a simulated log', () => {
  it('has the settings of its engine beside it, and whatever reads the log knows them', async () => {
    const log = join(folder, 'sim.csv');
    await capture(['simulate', ...small, '--output', log]);
    const { facts } = await jsonOf('inspect', log);
    expect(facts.settings).toMatchObject({
      max_num_batched_tokens: 2048,
      max_num_seqs: 256,
      kv_tokens: 60_000,
      engine: 'stepclock simulate',
    });
    // Needs a chunk size, which only the settings tell here.
    expect((await capture(['estimate', log, '--algo', 'baseline'])).code).toBe(0);
  });

  it('leaves the meta.json of its folder alone, and settings that it did not write', async () => {
    const log = join(folder, 'kept.jsonl');
    const common = join(folder, 'meta.json');
    const own = `${log}.meta.json`;
    writeFileSync(common, '{"max_num_seqs": 7}');
    writeFileSync(own, '{"max_num_seqs": 9}');
    const { code, stderr } = await capture(['simulate', ...small, '--output', log]);
    expect([code, stderr]).toEqual([0, expect.stringContaining('[settings-not-written]')]);
    expect(readFileSync(common, 'utf8')).toBe('{"max_num_seqs": 7}');
    expect(readFileSync(own, 'utf8')).toBe('{"max_num_seqs": 9}');
    expect((await jsonOf('inspect', log)).facts.settings).toEqual({ max_num_seqs: 9 });
    rmSync(own);
    expect((await jsonOf('inspect', log)).facts.settings).toEqual({ max_num_seqs: 7 });
    rmSync(common);
  });

  it('of a second run replaces the settings of the first; standard output and devices have none', async () => {
    const log = join(folder, 'twice.jsonl');
    await capture(['simulate', ...small, '--output', log]);
    await capture(['simulate', ...small, '--max-num-seqs', '100', '--output', log]);
    expect((await jsonOf('inspect', log)).facts.settings.max_num_seqs).toBe(100);
    expect((await capture(['simulate', ...small, '--output', '/dev/null'])).code).toBe(0);
    expect(existsSync('/dev/null.meta.json')).toBe(false);
  });
});

it('steps reads the step log that simulate writes, its context too', async () => {
  const steps = join(folder, 'steps.csv');
  await capture([
    'simulate',
    '--scenario',
    'kv',
    '--requests',
    '60',
    '--output',
    join(folder, 'kv.jsonl'),
    '--steps',
    steps,
  ]);
  const { model, betas } = await jsonOf('steps', steps);
  expect(model).toBe('kv');
  expect([betas.beta0, betas.beta1, betas.beta2, betas.beta3]).toAgree([6e-3, 20e-6, 120e-6, 2e-7], 1e-9);
});

it('the YAML header beside a BLIS trace is found, and errors in settings name their file', async () => {
  const log = join(folder, 'blis.csv');
  copyFileSync(join(formats, 'blis-trace.csv'), log);
  copyFileSync(join(formats, 'blis-trace.yaml'), join(folder, 'blis.yaml'));
  expect((await jsonOf('inspect', log)).facts.settings).toMatchObject({ max_num_seqs: 32, model: 'simulated' });
  writeFileSync(`${log}.meta.json`, 'not json');
  const { code, stderr } = await capture(['inspect', log]);
  expect([code, stderr]).toEqual([1, expect.stringContaining(`(${log}.meta.json:1)`)]);
});
