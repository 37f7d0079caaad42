import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from './capture.js';

const data = join(import.meta.dirname, '../../../fixtures/stage/two-gpus.csv');

let folder = '';
let model = '';

/** The bundled rows, with cells of some lines put otherwise. */
const changed = (name: string, change: (cells: string[], line: number) => readonly string[]): string => {
  const path = join(folder, name);
  const lines = readFileSync(data, 'utf8').trimEnd().split('\n');
  writeFileSync(path, `${lines.map((text, i) => change(text.split(','), i + 1).join(',')).join('\n')}\n`);
  return path;
};

const trainTo = (output: string, ...more: string[]) =>
  capture(['stage', 'train', '--families', 'linear', '--output', output, ...more]);
const train = (...more: string[]) => trainTo(join(folder, 'other.json'), ...more);
const recalibrate = (...more: string[]) =>
  capture([
    'stage',
    'recalibrate',
    '--model',
    model,
    '--method',
    'affine',
    '--output',
    join(folder, 't.json'),
    ...more,
  ]);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stepclock-stage-traps-'));
  model = join(folder, 'model.json');
  expect((await trainTo(model, '--data', data, '--filter', 'gpu=GPU-L')).code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('traps of stage measurements, as a user meets them', () => {
  it('two machines taken for repeats are told', async () => {
    const { code, stderr } = await train('--data', data);
    expect(code).toBe(0);
    expect(stderr).toMatch(/scatter by 38 % \(median\) and differ in gpu \(GPU-L, GPU-M\).*\[mixed-repeats\]/);
  });

  it('zero and missing stages are refused by line and column, or left out and said', async () => {
    const holes = changed('holes.csv', (cells, line) =>
      cells.map((cell, k) => (line === 9 && k === 9 ? '0' : line === 10 && k === 11 ? '' : cell)),
    );
    const refused = await train('--data', holes, '--filter', 'gpu=GPU-L');
    expect([refused.code, refused.stderr]).toEqual([
      1,
      `stepclock: T_vision_encoder: must be a time above 0 ms in every row; got "0" (${holes}:9:T_vision_encoder_ms): of 720 rows 1 zero (line 9); T_LLM_prefill: 1 missing (line 10); incomplete rows can be dropped\n`,
    ]);
    const dropped = await train('--data', holes, '--filter', 'gpu=GPU-L', '--drop-incomplete');
    expect(dropped.code).toBe(0);
    expect(dropped.stderr).toContain('T_vision_encoder: of 720 rows 1 zero (line 9): left out [missing-stage]');
    expect(dropped.stderr).toContain('T_LLM_prefill: of 720 rows 1 missing (line 10): left out [missing-stage]');
  });

  it('more samples than configurations are refused', async () => {
    expect(await recalibrate('--data', data, '--filter', 'gpu=GPU-M', '--samples', '500')).toMatchObject({
      code: 1,
      stderr: 'stepclock: samples: must be at most the 240 configurations of the data; got 500\n',
    });
  });

  it('a target without a knob, with another level, or outside the training range is told', async () => {
    const without = changed('without.csv', (cells) => cells.toSpliced(5, 1));
    const missing = await recalibrate('--data', without, '--filter', 'gpu=GPU-M');
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining(`(${without}:top_k)`)]);
    const dubbed = changed('dubbed.csv', (cells, line) => (line === 5 ? cells.with(7, 'dubbing') : cells));
    const unknown = await recalibrate('--data', dubbed, '--filter', 'gpu=GPU-M');
    expect(unknown.code).toBe(0);
    expect(unknown.stderr).toContain(
      `warning: 1 of 241 rows: the model has no answer, and they are left out; the first: task: must be one of QA, captioning; got "dubbing" (${dubbed}:5:task) [no-answer]\n`,
    );
    const wide = changed('wide.csv', (cells, line) => (line === 5 ? cells.with(3, '9000') : cells));
    const outside = await recalibrate('--data', wide, '--filter', 'gpu=GPU-M');
    expect(outside.code).toBe(0);
    expect(outside.stderr).toContain(
      'vision_tokens: 1 of 241 rows outside the training range 64 to 1536; nothing measured backs them [outside-training-range]',
    );
  });

  it('a sweep of one knob is told, and a row that moves what it never moved has no answer', async () => {
    const sweep = join(folder, 'sweep.json');
    const only = ['--filter', 'gpu=GPU-L,task=QA,prompt_tokens=16,top_k=2,active_blocks=24'];
    const trained = await trainTo(sweep, '--data', data, ...only);
    expect(trained.stderr).toContain('only vision_tokens varies');
    expect(trained.stderr).toContain('[single-knob-sweep]');
    const asked = join(folder, 'asked.csv');
    writeFileSync(
      asked,
      'vision_tokens,prompt_tokens,top_k,active_blocks,task,output_tokens\n64,16,2,24,QA,9\n64,32,2,24,QA,9\n',
    );
    const why = `prompt_tokens: must be 16, its only value in the training data, which cannot say what it does; got 32 (${asked}:3:prompt_tokens)`;
    const { code, stdout, stderr } = await capture(['stage', 'predict', '--model', sweep, '--data', asked]);
    expect(code).toBe(0);
    expect(stderr).toContain(
      `warning: 1 of 2 rows: the model has no answer, and they are left out; the first: ${why} [no-answer]\n`,
    );
    expect(stdout).toMatch(/^1 .*\d\n2 +no answer$/m);
    const set = ['--set', 'vision_tokens=64,prompt_tokens=32,top_k=2,active_blocks=24,task=QA', '--decode-steps', '8'];
    expect(await capture(['stage', 'predict', '--model', sweep, ...set])).toMatchObject({
      code: 1,
      stderr: `stepclock: ${why.replace(`${asked}:3`, '--set:1')}\n`,
    });
  });

  it('decode steps off by one are told by the file’s own totals', async () => {
    const { code, stderr } = await train(
      '--data',
      data,
      '--filter',
      'gpu=GPU-L',
      '--decode-convention',
      'decode-emits-all',
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(/off by one: the file's own sums count one decode step less.*\[decode-convention\]/);
  });
});
