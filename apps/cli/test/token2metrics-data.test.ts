import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workbook } from '@stepclock/made-data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from './capture.js';
import { stepclock } from './program.js';

let folder = '';
let models = '';
const at = (name: string): string => join(folder, name);
const written = (name: string, content: string | Uint8Array): string => {
  writeFileSync(at(name), content);
  return at(name);
};
const t2m = (...words: readonly string[]) => stepclock(['token2metrics', ...words]);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stepclock-token2metrics-data-'));
  models = at('all');
  const words = ['train', '--all-models', '--regression', 'physics', '--output', models, '--no-figures'];
  await capture(['token2metrics', ...words]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HEADER = ['subject', 'question_id', 'ttft_ms', 'decode_time_ms', 'input_tokens', 'output_tokens'] as const;
const rowsOf = (count: number) =>
  Array.from({ length: count }, (_, k) => {
    const [input, output] = [20 + ((37 * k) % 900), 2 + ((53 * k) % 300)];
    return [`s${k % 7}`, k, 40 + 0.1 * input, 25 * (output - 1), input, output] as const;
  });

describe('a workbook', () => {
  it('of 20,000 rows and further sheets opens in the program', async () => {
    const book = workbook({
      Summary: [['What was found'], ['mean', 3]],
      '8B': [HEADER, ...rowsOf(20_000)],
    });
    const data = written('large.xlsx', book);
    const trained = await t2m(
      'train',
      '--model',
      '8B',
      '--regression',
      'linear',
      '--data',
      data,
      '--output',
      at('large'),
      '--no-figures',
    );
    expect(trained.stderr).toBe('');
    expect(trained.code).toBe(0);
    expect(trained.stdout).toContain('8B: 20000 rows');
    expect(trained.stdout).toContain(
      '- other-sheets: 1 sheet(s) were passed over: Summary (without the columns of measurements)',
    );
    const wrong = await t2m('train', '--model', '8B', '--data', data, '--sheet', 'Summry', '--output', at('large'));
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      `stepclock: sheet: must be one of Summary, 8B; got "Summry" (${data})\n`,
    ]);
  });
});

describe('hostile files', () => {
  it('a workbook that unpacks to a thousand times its size is refused before it is unpacked', async () => {
    const bomb = written(
      'bomb.xlsx',
      workbook({
        a: [
          ['input_tokens', 'ttft_s'],
          ['x'.repeat(20 * 2 ** 20), 1],
        ],
      }),
    );
    const { code, stderr } = await t2m('train', '--model', '8B', '--data', bomb, '--output', at('bomb'));
    expect(code).toBe(1);
    expect(stderr).toContain('workbook: must unpack to at most 256 MiB, 100 times its own size, and 32 MiB a sheet');
  });

  it.each([
    [
      'a coefficient of 1e308',
      (text: string) => text.replace(/"coefficients": \[\s*[-\d.e]+/, '"coefficients": [ 1e308'),
    ],
    [
      'a coefficient beyond all numbers',
      (text: string) => text.replace(/"coefficients": \[\s*[-\d.e]+/, '"coefficients": [ 1e999'),
    ],
    ['"NaN" for a radius', (text: string) => text.replace(/"relative_radius": [-\d.e]+/, '"relative_radius": "NaN"')],
    ['a level of 2', (text: string) => text.replace(/"level": [\d.]+/, '"level": 2')],
    ['a negative count', (text: string) => text.replace(/"rows": \d+/, '"rows": -1')],
    ['no predictor', (text: string) => text.replaceAll('"predictor"', '"predicter"')],
    ['a newer version', (text: string) => text.replace('token2metrics-model@2', 'token2metrics-model@9')],
  ])('a model with %s is refused by its field', async (_, change) => {
    const path = written('hostile.json', change(readFileSync(join(models, '8B.json'), 'utf8')));
    const { code, stdout, stderr } = await t2m(
      'predict',
      '--input-tokens',
      '100',
      '--output-tokens',
      '50',
      '--model-path',
      path,
    );
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^stepclock: (metrics\[0\]\.|metrics: |trained_on\.|schema: ).*hostile\.json/);
  });
});

describe('repeats of a setting', () => {
  it('do not flatter the error, and their number is said', async () => {
    // Each setting is off by its own 10 %, its five repeats agree within 0.1 %.
    const off = (k: number) => 1 + 0.1 * Math.sin(7 * k);
    const lines = Array.from({ length: 40 }, (_, row) => {
      const k = Math.floor(row / 5);
      return `${100 + 77 * k},${(50 + 10 * k) * off(k) * (1 + 0.001 * Math.cos(row))}`;
    });
    const data = written('repeats.csv', `input_tokens,ttft_ms\n${lines.join('\n')}\n`);
    const { code, stdout } = await t2m(
      'train',
      '--model',
      'x',
      '--data',
      data,
      '--output',
      at('repeats'),
      '--no-figures',
      '--json',
      '-',
    );
    expect(code).toBe(0);
    const [ttft] = JSON.parse(stdout).models[0].metrics;
    expect(ttft.settings).toBe(8);
    expect(ttft.held_out_mape_percent).toBeGreaterThan(3);
    expect(ttft.interval.relative_radius).toBeGreaterThan(0.08);
  });
});

describe('prompts beyond those trained on', () => {
  it('are predicted with an interval that grows with the distance', async () => {
    const radiusAt = async (tokens: number) => {
      const { stdout } = await t2m(
        'predict',
        '--model',
        '8B',
        '--input-tokens',
        String(tokens),
        '--model-path',
        models,
        '--json',
      );
      const { ttft_s, ttft_s_high } = JSON.parse(stdout);
      return ttft_s_high / ttft_s - 1;
    };
    const [near, far, further] = [await radiusAt(300), await radiusAt(8000), await radiusAt(30_000)];
    expect(far).toBeGreaterThan(2 * near);
    expect(further).toBeGreaterThan(2 * far);
  });
});

describe('a Jetson file as published, without prompt lengths', () => {
  const lines = Array.from({ length: 30 }, (_, k) => {
    const output = 10 + 7 * k;
    return `${k < 15 ? 'law' : 'art'},0,A,text,${(0.1 + 0.03 * output).toFixed(4)},${output},0.1,${(0.03 * output).toFixed(4)},True,${(output / (0.1 + 0.03 * output)).toFixed(4)}`;
  });
  const HEAD =
    'subset,ground_truth_index,predicted_choice_letter,full_output,inference_time,output_tokens,prefill,decode,correct,tokens_per_second\n';
  const jetson = () => written('jetson.csv', `${HEAD}${lines.join('\n')}\n`);

  it('gives a model of decode times from answers', async () => {
    const trained = await t2m('train', '--model', '8B', '--data', jetson(), '--output', at('jetson'), '--no-figures');
    expect(trained.code).toBe(0);
    expect(trained.stdout).toContain('no-input-tokens: no column has the prompt lengths: only decode time is learnt');
    const predicted = await t2m('predict', '--output-tokens', '100', '--model-path', at('jetson'), '--json');
    expect(JSON.parse(predicted.stdout).decode_time_s).toBeCloseTo(3, 3);
    const asked = await t2m('predict', '--input-tokens', '100', '--model-path', at('jetson'));
    expect(asked.code).toBe(1);
    expect(asked.stderr).toContain('must predict a metric from what is given (it predicts decode: output_tokens)');
  });

  it('takes them from the server sheet of the same questions', async () => {
    const server = workbook({
      '8B': [
        ['subject', 'question_id', 'input_tokens'],
        ...lines.map((_, k) => [k < 15 ? 'law' : 'art', k, 60 + 11 * k]),
      ],
    });
    const joined = await t2m(
      'train',
      '--model',
      '8B',
      '--data',
      jetson(),
      '--join',
      written('server.xlsx', server),
      '--output',
      at('joined'),
      '--no-figures',
    );
    expect(joined.code).toBe(0);
    expect(joined.stdout).toMatch(/time to first token +\S+/);
    const short = written('short.csv', 'subject,input_tokens\nlaw,9\n');
    const refused = await t2m('train', '--model', '8B', '--data', jetson(), '--join', short, '--output', at('joined'));
    expect([refused.code, refused.stderr]).toEqual([
      1,
      `stepclock: join: must have as many rows, or a question_id in both tables; got "1 for 30" (${short})\n`,
    ]);
  });
});

describe('what the scripts called otherwise', () => {
  it.each([
    ['random_forest', 'random-forest'],
    ['xgboost', 'gradient-boosting'],
    ['neural_network', 'neural-network'],
  ])('--regression %s is %s', async (spelling, method) => {
    const data = written(
      'few.csv',
      `input_tokens,ttft_ms\n${Array.from({ length: 12 }, (_, k) => `${50 * k + 9},${40 + k}`).join('\n')}\n`,
    );
    const { code, stdout } = await t2m(
      'train',
      '--model',
      'x',
      '--regression',
      spelling,
      '--trees',
      '3',
      '--data',
      data,
      '--output',
      at(spelling),
      '--no-figures',
      '--json',
      '-',
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout).models[0].metrics[0].method).toBe(method);
  });

  it('a model is found in the layouts of the docs', async () => {
    mkdirSync(at('layout/models'), { recursive: true });
    cpSync(join(models, '14B.json'), at('layout/models/14B.json'));
    for (const path of [at('layout/models/'), at('layout'), at('layout/models/14B.json')]) {
      expect([path, (await t2m('evaluate', '--model', '14B', '--model-path', path)).code]).toEqual([path, 0]);
    }
    const { code, stderr } = await t2m(
      'evaluate',
      '--model',
      '14B',
      '--model-path',
      join(models, 'qwen_14b_linear/models/'),
    );
    expect([code, stderr]).toEqual([
      0,
      `warning: ${models}/qwen_14b_linear/models/: taking the models of ${models} [model-path]\n`,
    ]);
  });

  it('a mistyped path is refused, whatever models lie about', async () => {
    const typo = await t2m('predict', '--model', '8B', '--input-tokens', '9', '--model-path', join(models, 'modles'));
    expect([typo.code, typo.stdout]).toEqual([1, '']);
    expect(typo.stderr).toContain('must be a folder of models or a model file');
  });

  it('no model says which command makes one', async () => {
    const { code, stderr } = await t2m(
      'predict',
      '--model',
      '8B',
      '--input-tokens',
      '9',
      '--model-path',
      at('nowhere/at/all/deep'),
    );
    expect(code).toBe(1);
    expect(stderr).toContain("'stepclock token2metrics train --data FILE --all-models --output FOLDER' makes one");
  });

  it('says that it has written nothing when it refuses to', async () => {
    mkdirSync(at('source'), { recursive: true });
    cpSync(join(models, '8B.json'), at('source/8B.json'));
    const samples = written('few.csv', 'input_tokens,ttft_ms\n100,40\n400,90\n800,150\n');
    const { code, stdout, stderr } = await t2m(
      'calibrate',
      '--model',
      '8B',
      '--model-path',
      at('source'),
      '--data',
      samples,
      '--output',
      at('source'),
    );
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('must not be an input file');
  });

  it('a model of other measurements is not replaced without a word', async () => {
    const data = (rows: number) =>
      written(
        `own-${rows}.csv`,
        `input_tokens,ttft_ms\n${Array.from({ length: rows }, (_, k) => `${50 * k + 9},${40 + k}`).join('\n')}\n`,
      );
    const train = (rows: number) =>
      t2m(
        'train',
        '--model',
        'x',
        '--regression',
        'physics',
        '--data',
        data(rows),
        '--output',
        at('own'),
        '--no-figures',
      );
    expect((await train(12)).stderr).toBe('');
    expect((await train(12)).stderr).toBe('');
    expect((await train(13)).stderr).toContain('replacing a model of 12 rows of');
  });
});

it('predict --batch keeps the columns of its rows', async () => {
  const batch = written('batch.csv', 'id,note,input_tokens,output_tokens\n7,"a, b",100,50\n8,"say ""hi""",200,80\n');
  const { code, stdout } = await t2m('predict', '--model', '8B', '--batch', batch, '--model-path', models);
  expect(code).toBe(0);
  const [header, first, second] = stdout.split('\n');
  expect(header).toMatch(/^id,note,input_tokens,output_tokens,ttft_s,/);
  expect(first).toMatch(/^7,"a, b",100,50,0\.\d+/);
  expect(second).toMatch(/^8,"say ""hi""",200,80,0\.\d+/);
});

it('calibrate carries energy and power of the bundled models over, whatever form won', async () => {
  const lines = readFileSync(join(import.meta.dirname, '../../../fixtures/token2metrics/synthetic.csv'), 'utf8').split(
    '\n',
  );
  for (const model of ['1.5B', '8B', '14B']) {
    const rows = lines.filter((line) => line.startsWith(`${model},`));
    const samples = written('samples.csv', [lines[0], ...[3, 40, 77, 150, 190].map((i) => rows[i])].join('\n'));
    const { code, stdout } = await t2m(
      'calibrate',
      '--model',
      model,
      '--model-path',
      models,
      '--data',
      samples,
      '--output',
      at('carried'),
      '--json',
      '-',
    );
    expect(code).toBe(0);
    const { metrics, not_carried_over } = JSON.parse(stdout);
    expect(metrics.map(({ metric }: { metric: string }) => metric)).toEqual([
      'ttft',
      'decode',
      'total',
      'energy',
      'power',
    ]);
    expect(not_carried_over).toEqual([]);
    const counts = (column: number) => [3, 40, 77, 150, 190].map((i) => Number(rows[i].split(',')[column]));
    const names = lines[0].split(',');
    expect(metrics[1].held_out_within).toEqual(
      Object.fromEntries(
        ['input_tokens', 'output_tokens'].map((name) => {
          const own = counts(names.indexOf(name));
          return [name, [Math.min(...own), Math.max(...own)]];
        }),
      ),
    );
  }
});

it('energy that is no power x time, wrong units and cells of a spreadsheet are named', async () => {
  const rows = Array.from(
    { length: 10 },
    (_, k) => `${100 + k},${10 + k},${50_000 + k},${1000 * (10 + k) * 30},20,${k === 3 ? '#DIV/0!' : 600 + k}`,
  );
  const data = written(
    'odd.csv',
    `input_tokens,output_tokens,ttft_ms,decode_time_ms,power_w,energy_j\n${rows.join('\n')}\n`,
  );
  const { code, stdout } = await t2m(
    'train',
    '--model',
    'x',
    '--regression',
    'physics',
    '--data',
    data,
    '--output',
    at('odd'),
    '--no-figures',
  );
  expect(code).toBe(0);
  expect(stdout).toContain("error-cells: 1 of 10 cells of energy_j hold a spreadsheet's error, #DIV/0! (line 5)");
  expect(stdout).toContain(
    'energy-not-power-times-time: 9 of 9 rows have an energy that is not power x time within 20 %',
  );
  expect(stdout).toContain('implausible-times: decode time is 30.0 s a token by the median');
});
