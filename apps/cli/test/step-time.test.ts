import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from './capture.js';
import { stepclock } from './program.js';

const steps = join(import.meta.dirname, '../../../fixtures/step-time/synthetic_one_outlier.csv');

let folder = '';
let model = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stepclock-step-time-'));
  model = join(folder, 'quiet', 'toy.json');
  await capture([
    'step-time',
    'fit',
    '--model-name',
    'toy',
    '--data-path',
    steps,
    '--output',
    join(folder, 'quiet'),
    '--no-figures',
  ]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const written = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

/** An exact surface: 1e-3, 0.5, 0.01, 10 ms. */
const exactRows = (header: string, row: (b: number, s: number, sec: number) => string): string =>
  [
    header,
    ...[1, 2, 5, 9].flatMap((b) =>
      [10, 50, 300].map((s) => row(b, s, (1e-3 * b * s + 0.5 * b + 0.01 * s + 10) / 1000)),
    ),
  ]
    .filter((line) => line !== '')
    .join('\n');

describe('the published path of the data', () => {
  it('is read where it is not given and exists; else the option is asked for', async () => {
    const place = join(folder, 'published', 'analytic_model', 'profile');
    mkdirSync(place, { recursive: true });
    const rows = exactRows('', (b, s, sec) => JSON.stringify({ batch_size: b, avg_seq_len: s, step_time: sec }));
    writeFileSync(join(place, 'step_time.jsonl'), rows);
    const fit = (cwd: string) => stepclock(['step-time', 'fit', '--model-name', 'toy', '--no-figures'], undefined, cwd);
    expect(await fit(join(folder, 'published'))).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('The fit passes through all 12 points'),
    });
    expect(await fit(folder)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        '--data-path: must be given, where there is no analytic_model/profile/step_time.jsonl',
      ),
    });
  });
});

describe('step-time fit', () => {
  it('says first that one point decides r2, and writes the model and four figures, PNG and SVG', async () => {
    const out = join(folder, 'full');
    const { code, stdout, stderr } = await capture([
      'step-time',
      'fit',
      '--model_name',
      'toy',
      '--data_path',
      steps,
      '--target',
      'decode',
      '--output',
      out,
    ]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toBe(
      '1 of 2413 points carries 99.6 % of the residual sum of squares: r2 is 0.661 with it, 0.998 without it.',
    );
    expect(stdout).toContain('step_ms = a*batch_size*sequence_length + b*batch_size + c*sequence_length + d');
    expect(stdout).toContain('1 of 2413 points is off by more than 20 %');
    expect(readdirSync(out).sort()).toEqual([
      'error_by_parameters.png',
      'error_by_parameters.svg',
      'model_comparison.png',
      'model_comparison.svg',
      'prediction_accuracy.png',
      'prediction_accuracy.svg',
      'prediction_bands.png',
      'prediction_bands.svg',
      'toy.json',
    ]);
    for (const file of readdirSync(out)) {
      const bytes = readFileSync(join(out, file));
      if (file.endsWith('.png')) expect(bytes.subarray(1, 4).toString()).toBe('PNG');
      if (file.endsWith('.svg')) expect(bytes.toString()).toMatch(/^<svg/);
    }
    const file = JSON.parse(readFileSync(join(out, 'toy.json'), 'utf8'));
    expect(file.schema).toBe('stepclock/step-time@1');
    expect(file.statistics.r2).toAgree(0.6613285430048365, 1e-9);
    expect(file.influence.r2_without_these_points).toAgree(0.9982837898809924, 1e-9);
    expect(file.influence.dominant_points[0].line).toBe(804);
    expect(Object.keys(file.coefficients)).toEqual(['a', 'b', 'c', 'd']);
    expect(file.model_comparison.estimators).toHaveLength(6);
    expect(file.input).toMatchObject({ rows: 2413, filter: [] });
  });

  it('reads JSON lines from standard input and writes to step-time/NAME by default', async () => {
    const here = process.cwd();
    process.chdir(folder);
    try {
      const text = exactRows('', (b, s, sec) => JSON.stringify({ batch_size: b, avg_seq_len: s, step_time: sec }));
      const { code, stdout } = await capture(
        ['step-time', 'fit', '--model-name', 'org/net', '--data-path', '-', '--no-figures', '--json'],
        text,
      );
      expect(code).toBe(0);
      const { coefficients, model_name: name } = JSON.parse(stdout);
      expect(name).toBe('org/net');
      expect([coefficients.a, coefficients.b, coefficients.c, coefficients.d]).toAgree([1e-3, 0.5, 0.01, 10], 1e-9);
      expect(readdirSync(join(folder, 'step-time', 'org--net'))).toEqual(['org--net.json']);
    } finally {
      process.chdir(here);
    }
  });

  it('takes further features and filters by name', async () => {
    const header = 'gpu,batch_size,sequence_length,prefilling,step_time';
    const text = exactRows(header, (b, s, sec) => {
      const prefilling = (b * s) % 3;
      return `${b < 3 ? 'A' : 'B'},${b},${s},${prefilling},${sec + 0.002 * prefilling}`;
    });
    const path = written('further.csv', text);
    const base = [
      'step-time',
      'fit',
      '--model-name',
      'x',
      '--data-path',
      path,
      '--output',
      join(folder, 'x'),
      '--no-figures',
    ];
    const plain = await capture(base);
    expect(plain.stdout).toContain('--features prefilling: r2 1.000');
    expect(plain.stderr).toContain('Rows of 2 values of gpu (A, B) share one formula');
    const rich = await capture([...base, '--features', 'prefilling', '--json']);
    expect(JSON.parse(rich.stdout).coefficients.k_prefilling).toAgree(2, 1e-9);
    expect(JSON.parse((await capture([...base, '--filter', 'gpu=B', '--json'])).stdout).input.rows).toBe(6);
  });

  it('refuses what cannot be fitted, in one line: exit 1', async () => {
    const collinear = written(
      'collinear.csv',
      'batch_size,avg_seq_len,step_time\n1,1,1e-2\n1,2,2e-2\n1,3,3e-2\n1,4,4e-2\n1,5,5e-2\n',
    );
    const fit = (path: string) =>
      capture(['step-time', 'fit', '--model-name', 'x', '--data-path', path, '--output', folder]);
    const refused = await fit(collinear);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toBe('');
    expect(refused.stderr).toMatch(/must have 4 linearly independent columns; got 2/);
    expect(refused.stderr).toMatch(/batch_size/);
    const bad = await fit(written('bad.csv', 'batch_size,avg_seq_len,step_time\n1,2,zero\n'));
    expect(bad.stderr).toMatch(/step_time: must be a number above 0; got "zero" \(.*bad\.csv:2:step_time\)/);
    expect((await fit(join(folder, 'nowhere.csv'))).stderr).toMatch(/nowhere\.csv: no such file/);
  });

  it('refuses bad usage: exit 2', async () => {
    for (const [argv, message] of [
      [['fit', '--data-path', steps], /model-name/],
      [['fit', '--model-name', 'x'], /data-path/],
      [['fit', '--model-name', '..', '--data-path', steps], /must be a name for a file/],
      [['fit', '--model-name', 'x', '--data-path', steps, '--target', 'prefill'], /target/],
      [['fit', '--model-name', 'x', '--data-path', steps, '--json', steps], /--json: must not be an input file/],
      [
        ['predict', '--model', model, '--batch-size', '0', '--sequence-length', '5'],
        /--batch-size: must be a positive number, at most 1e9; got "0"/,
      ],
      [
        ['predict', '--model', model, '--batch-size', '1', '--sequence-length', '5', '--feature', 'x=1'],
        /must be one that the model uses \(none\)/,
      ],
      [[], /a verb is missing/],
    ] as const) {
      const { code, stderr } = await capture(['step-time', ...argv]);
      expect(stderr).toMatch(message);
      expect(code).toBe(2);
    }
  });
});

describe('step-time predict', () => {
  it('gives the formula at a point, with its interval', async () => {
    const { coefficients } = JSON.parse(readFileSync(model, 'utf8'));
    const { code, stdout, stderr } = await capture([
      'step-time',
      'predict',
      '--model',
      model,
      '--batch-size',
      '32',
      '--sequence-length',
      '1024',
      '--json',
    ]);
    expect([code, stderr]).toEqual([0, '']);
    const json = JSON.parse(stdout);
    const byHand = coefficients.a * 32 * 1024 + coefficients.b * 32 + coefficients.c * 1024 + coefficients.d;
    expect(json.step_time_ms).toAgree(byHand, 1e-12);
    expect(json.prediction_interval_seconds[0]).toBeLessThan(json.step_time_seconds);
    expect(json.extrapolated).toBe(false);
    const text = await capture([
      'step-time',
      'predict',
      '--model',
      model,
      '--batch_size',
      '32',
      '--sequence_length',
      '1024',
    ]);
    expect(text.stdout).toMatch(/^26\.\d+ ms per step, 95 % prediction interval/);
  });

  it('warns outside of the training range', async () => {
    const { stderr, code } = await capture([
      'step-time',
      'predict',
      '--model',
      model,
      '--batch-size',
      '4000',
      '--sequence-length',
      '1024',
    ]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/batch_size was 1 to 128 in training \[extrapolation\]/);
  });

  it('refuses files that are no model: exit 1', async () => {
    for (const [text, message] of [
      ['{', /model file: must be a NAME.json/],
      ['{"schema":"x"}', /schema: must be "stepclock\/step-time@1"; got "x"/],
    ] as const) {
      const { code, stderr } = await capture([
        'step-time',
        'predict',
        '--model',
        written('no.json', text),
        '--batch-size',
        '1',
        '--sequence-length',
        '1',
      ]);
      expect(stderr).toMatch(message);
      expect(code).toBe(1);
    }
  });
});

describe('step-time evaluate', () => {
  it('gives the errors on other steps, and lists the missed ones', async () => {
    const argv = ['step-time', 'evaluate', '--model', model, '--data-path', steps, '--error-threshold', '15'];
    const { code, stdout } = await capture([...argv, '--json']);
    expect(code).toBe(0);
    const json = JSON.parse(stdout);
    expect(json.schema).toBe('stepclock/step-time-evaluation@1');
    expect(json.statistics.r2).toAgree(0.6613285430048365, 1e-9);
    expect(json.prediction_interval_coverage).toBeGreaterThan(0.99);
    expect(json.points_over_threshold.points[0]).toMatchObject({ line: 804 });
    const text = await capture(argv);
    expect(text.stdout).toMatch(/^toy on 2413 steps: r2 0\.6613/);
    expect(text.stdout).toMatch(/line 804/);
  });
});
