import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from './capture.js';

const fixtures = join(import.meta.dirname, '../../../fixtures/token2metrics');
const measurements = join(fixtures, 'synthetic.csv');

let folder = '';
let models = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stepclock-token2metrics-'));
  models = join(folder, 'models');
  await capture([
    'token2metrics',
    'train',
    '--all-models',
    '--regression',
    'physics',
    '--output',
    models,
    '--no-figures',
  ]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const written = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const t2m = (...words: readonly string[]) => capture(['token2metrics', ...words]);

describe('token2metrics train', () => {
  it('trains every bundled model, says the held-out errors and what is odd in the data', async () => {
    expect(readdirSync(models).sort()).toEqual(['1.5B.json', '14B.json', '8B.json']);
    const { code, stdout } = await t2m(
      'train',
      '--model',
      '8B',
      '--regression',
      'physics',
      '--output',
      join(folder, 'one'),
      '--no-figures',
      '--drop-outliers',
    );
    expect(code).toBe(0);
    expect(stdout).toContain('8B: 238 rows');
    expect(stdout).toMatch(/total latency +prefill \+ decode +0\.1\d+ %/);
    expect(stdout).toContain('In the data (outliers left out):');
    expect(stdout).toContain('- stall: 1 row(s) look like a stall of the device');
    expect(stdout).toContain('- rows-without-power: 4 of 240 rows have no power');
    const file = JSON.parse(readFileSync(join(folder, 'one', '8B.json'), 'utf8'));
    expect(file).toMatchObject({ schema: 'stepclock/token2metrics-model@2', model: '8B', prompt_padding_tokens: 128 });
    expect(file.metrics.map(({ metric, unit }: { metric: string; unit: string }) => `${metric} ${unit}`)).toEqual([
      'ttft s',
      'decode s',
      'total s',
      'energy J',
      'power W',
    ]);
  });

  it('reads a workbook, compares regressors, and draws three figures', async () => {
    const out = join(folder, 'sheet');
    const { code, stdout, stderr } = await t2m(
      'train',
      '--model',
      '1.5B',
      '--output',
      out,
      '--data',
      join(fixtures, 'server-sheet.xlsx'),
      '--trees',
      '10',
      '--json',
      join(out, 'training.json'),
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain(
      'unit-inferred: column ttft names no unit; taken as ms, which is what ttft + decode_time = total_time_ms says',
    );
    expect(stdout).toMatch(/decode time: physics 0\.\d+ %, against/);
    expect(readdirSync(out).sort()).toEqual([
      '1.5B.json',
      '1.5B_learning_curve.png',
      '1.5B_learning_curve.svg',
      '1.5B_predicted_vs_actual.png',
      '1.5B_predicted_vs_actual.svg',
      '1.5B_residuals.png',
      '1.5B_residuals.svg',
      'training.json',
    ]);
    const training = JSON.parse(readFileSync(join(out, 'training.json'), 'utf8'));
    expect(training.schema).toBe('stepclock/token2metrics-training@1');
    expect(training.models[0].metrics[0].candidates).toHaveLength(5);
  });

  it.each([
    ['a model nobody knows', ['train', '--model', '70B'], 2, 'model: must be one of 1.5B, 8B, 14B; got "70B"'],
    [
      'both ways to choose',
      ['train', '--model', '8B', '--all-models'],
      2,
      '--model: must not be given with --all-models',
    ],
    [
      'no choice',
      ['train'],
      2,
      '--model: must say which, or --all-models; the bundled synthetic set has 1.5B, 8B, 14B',
    ],
    ['a regression nobody knows', ['train', '--model', '8B', '--regression', 'magic'], 2, 'magic'],
    [
      'a pair that is none',
      ['train', '--model', '8B', '--units', 'ttft'],
      2,
      '--units: must be name=value; got "ttft"',
    ],
  ])('refuses %s', async (_, words, code, message) => {
    const ran = await t2m(...words);
    expect(ran.stderr).toContain(message);
    expect(ran.code).toBe(code === 2 && message.startsWith('model:') ? 1 : code);
  });

  it('says which models the data has, and which column is missing', async () => {
    const small = written('small.csv', 'model,input_tokens,ttft_ms\nqwen-1.5b,9,50\n');
    const absent = await t2m('train', '--model', '14B', '--data', small);
    expect(absent.code).toBe(1);
    expect(absent.stderr).toContain('must have measurements of 14B; got 1.5B');
    const bySize = written('by-size.csv', `model,input_tokens,ttft_ms\n${'Qwen 14B (int4),9,50\n'.repeat(8)}`);
    const near = await t2m(
      'train',
      '--model',
      '14B',
      '--data',
      bySize,
      '--output',
      join(folder, 'near'),
      '--no-figures',
    );
    expect(near.stderr).toContain("taking 'Qwen 14B (int4)' for 14B [model-by-size]");
    expect(near.code).toBe(0);
    const headless = written('headless.csv', 'model,output_tokens,ttft_ms\na,9,50\n');
    const missing = await t2m('train', '--model', 'a', '--data', headless);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain(
      'input_tokens: must be there: every request needs its prompt length, which cannot be made up',
    );
  });
});

describe('token2metrics predict', () => {
  it('says every metric with its interval, and the energy apart', async () => {
    const { code, stdout, stderr } = await t2m(
      'predict',
      '--model',
      '8B',
      '--input-tokens',
      '100',
      '--output-tokens',
      '50',
      '--model-path',
      models,
    );
    expect(stderr).toBe(
      'warning: 8B was trained on the bundled synthetic set, which no device wrote: give train a --data of yours [synthetic-data]\n',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/total latency +5\.0\d+ s +90 %: 5\.0\d+ s to 5\.0\d+ s/);
    expect(stdout).toMatch(/energy of the prefill +[\d.]+ J/);
    expect(stdout).toMatch(/output tokens per joule +0\.\d+ tokens\/J/);
  });

  it('gives JSON in SI units, and warns outside the training range', async () => {
    const { stdout, stderr } = await t2m(
      'predict',
      '--model',
      'qwen-1.5b',
      '--input_tokens',
      '100',
      '--output_tokens',
      '90000',
      '--model_path',
      models,
      '--json',
    );
    const prediction = JSON.parse(stdout);
    expect(prediction).toMatchObject({
      schema: 'stepclock/token2metrics-prediction@1',
      model: '1.5B',
      interval_level: 0.9,
      outside_training_range: true,
      by_physics: false,
    });
    expect(prediction.total_time_s).toBeCloseTo(prediction.ttft_s + prediction.decode_time_s, 9);
    expect(prediction.prefill_energy_j + prediction.decode_energy_j).toBeCloseTo(prediction.energy_j, 6);
    expect(stderr).toContain('1 request(s) outside the token counts trained on');
  });

  it('predicts a file, one row a request', async () => {
    const requests = written('requests.csv', 'input_tokens,output_tokens\n100,50\n200,80\n');
    const out = join(folder, 'predicted.csv');
    const { code } = await t2m(
      'predict',
      '--model',
      '8B',
      '--batch',
      requests,
      '--output',
      out,
      '--model-path',
      join(models, '8B.json'),
    );
    expect(code).toBe(0);
    const [header, ...rows] = readFileSync(out, 'utf8').trimEnd().split('\n');
    expect(header?.startsWith('input_tokens,output_tokens,ttft_s,ttft_s_low,ttft_s_high,decode_time_s,')).toBe(true);
    expect(rows.map((row) => row.split(',').slice(0, 2).join(' '))).toEqual(['100 50', '200 80']);
  });

  it('refuses what it cannot predict', async () => {
    const none = await t2m('predict', '--model', '8B', '--model-path', models);
    expect([none.code, none.stderr]).toEqual([2, 'stepclock: --input-tokens: must be given, or --batch with a file\n']);
    const absent = await t2m('predict', '--model', '70B', '--input-tokens', '1', '--model-path', models);
    expect(absent.code).toBe(1);
    expect(absent.stderr).toContain('must hold a model of 70B; ');
    const zero = await t2m('predict', '--model', '8B', '--input-tokens', '0', '--model-path', models);
    expect([zero.code, zero.stderr]).toEqual([
      2,
      'stepclock: --input-tokens: must be a positive integer, at most 1e9; got "0"\n',
    ]);
    const newer = written('newer.json', JSON.stringify({ schema: 'stepclock/token2metrics-model@7' }));
    const future = await t2m('predict', '--input-tokens', '1', '--model-path', newer);
    expect(future.code).toBe(1);
    expect(future.stderr).toContain('a newer stepclock wrote this file');
    const bad = written('bad.csv', 'input_tokens,output_tokens\n100,many\n');
    const text = await t2m('predict', '--model', '8B', '--batch', bad, '--model-path', models);
    expect(text.code).toBe(1);
    expect(text.stderr).toContain('output_tokens: must be a whole number from 1 to 1e9; got "many"');
  });
});

describe('token2metrics evaluate', () => {
  it('without data repeats the held-out errors, with data computes new ones', async () => {
    const own = await t2m('evaluate', '--model', '14B', '--model-path', models);
    expect(own.code).toBe(0);
    expect(own.stdout).toContain('held out while training');
    const { code, stdout } = await t2m(
      'evaluate',
      '--model',
      '14B',
      '--model-path',
      models,
      '--data',
      measurements,
      '--json',
      '-',
    );
    expect(code).toBe(0);
    const evaluation = JSON.parse(stdout);
    expect(evaluation.schema).toBe('stepclock/token2metrics-evaluation@1');
    const decode = evaluation.metrics.find(({ metric }: { metric: string }) => metric === 'decode');
    expect(decode.mape_percent).toBeLessThan(0.25);
    expect(decode.interval_coverage.share).toBeGreaterThan(0.8);
  });
});

describe('token2metrics calibrate', () => {
  it('carries a model over with a few samples, and says what to measure next', async () => {
    const lines = readFileSync(measurements, 'utf8').split('\n');
    const [header = ''] = lines;
    const rows = lines.filter((line) => line.startsWith('14B,'));
    const samples = written(
      'samples.csv',
      [header, ...[3, 40, 77, 150, 190].map((i) => rows[i] ?? '')].join('\n').replaceAll('14B,', '8B,'),
    );
    const out = join(folder, 'calibrated');
    const { code, stdout, stderr } = await t2m(
      'calibrate',
      '--model',
      '8B',
      '--model-path',
      models,
      '--data',
      samples,
      '--output',
      out,
      '--suggest',
      '2',
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('total latency: physics-prior');
    expect(stdout).toContain('measure next: input tokens');
    const theirs = await t2m(
      'predict',
      '--model',
      '8B',
      '--input-tokens',
      '300',
      '--output-tokens',
      '200',
      '--model-path',
      out,
      '--json',
    );
    const truth = await t2m(
      'predict',
      '--model',
      '14B',
      '--input-tokens',
      '300',
      '--output-tokens',
      '200',
      '--model-path',
      models,
      '--json',
    );
    const [got, want] = [theirs, truth].map((ran) => JSON.parse(ran.stdout).total_time_s as number);
    expect(Math.abs((got ?? 0) / (want ?? 1) - 1)).toBeLessThan(0.03);
  });

  it('needs samples or a question', async () => {
    const { code, stderr } = await t2m('calibrate', '--model', '8B', '--model-path', models);
    expect(code).toBe(2);
    expect(stderr).toContain(
      '--data: must name samples measured on the target, or --suggest must ask which to measure',
    );
    const range = await t2m(
      'calibrate',
      '--model',
      '8B',
      '--model-path',
      models,
      '--suggest',
      '1',
      '--input-range',
      '5,1',
    );
    expect([range.code, range.stderr]).toEqual([
      2,
      'stepclock: --input-range: must be low,high with 1 <= low < high; got "5,1"\n',
    ]);
  });
});
