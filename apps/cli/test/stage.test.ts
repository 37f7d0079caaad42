import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from './capture.js';
import { stepclock } from './program.js';

const data = join(import.meta.dirname, '../../../fixtures/stage/two-gpus.csv');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stepclock-stage-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const experiment = (output: string, ...more: string[]) =>
  capture([
    ...['stage', 'experiment', '--source', data, '--target', data, '--source-filter', 'gpu=GPU-L'],
    ...['--target-filter', 'gpu=GPU-M', '--samples', '10,25', '--seeds', '1', '--methods', 'affine,scale'],
    ...['--families', 'linear,log-polynomial', '--guardrail-method', 'affine', '--output', output, ...more],
  ]);

describe('stage experiment', () => {
  it('writes its result files and the recalibrated models, the same bytes every time, and answers in words', async () => {
    const [a, b] = [join(folder, 'a'), join(folder, 'b')];
    const first = await experiment(a, '--no-figures');
    expect([first.stderr, first.code]).toEqual(['', 0]);
    expect((await experiment(b, '--no-figures')).code).toBe(0);
    const files = readdirSync(a).sort();
    expect(files).toEqual([
      'e3_calibration_results.json',
      'e3_estimator_model.json',
      'e3_guardrail_analysis.json',
      'e3_recalibrated_affine.json',
      'e3_recalibrated_scale.json',
      'e3_transfer_curves.json',
    ]);
    for (const file of files)
      expect(readFileSync(join(b, file), 'utf8'), file).toBe(readFileSync(join(a, file), 'utf8'));
    expect(first.stdout).toContain('samples');
  });

  it('writes a report and its figures where they are asked for', async () => {
    const report = join(folder, 'stage.html');
    const figures = join(folder, 'figures');
    const { code } = await experiment(join(folder, 'c'), '--figures', figures, '--report', report);
    expect(code).toBe(0);
    expect(readFileSync(report, 'utf8')).toContain('Stage latency carried to another GPU');
    expect(readdirSync(figures)).toContain('e3_false_reject_accept.svg');
  });

  it('gives the same bytes with one thread and with several', async () => {
    const written = async (workers: string): Promise<readonly string[]> => {
      const output = join(folder, `workers-${workers}`);
      const argv = [
        ...['stage', 'experiment', '--source', data, '--target', data, '--source-filter', 'gpu=GPU-L'],
        ...['--target-filter', 'gpu=GPU-M', '--samples', '10,25', '--seeds', '3', '--methods', 'affine,scale'],
        ...['--families', 'linear,log-polynomial', '--guardrail-method', 'affine', '--no-figures', '--output', output],
        ...['--workers', workers, '--log-level', 'info'],
      ];
      const { stderr } = await stepclock(argv);
      expect(stderr).toContain('seed 3 of 3');
      expect(stderr).not.toContain('ended early');
      return readdirSync(output)
        .sort()
        .map((file) => readFileSync(join(output, file), 'utf8'));
    };
    const alone = await written('1');
    expect(alone).toHaveLength(6);
    expect(await written('2')).toEqual(alone);
  });

  it('refuses a set that is not there, in one line', async () => {
    const { code, stderr } = await capture([
      'stage',
      'experiment',
      '--source',
      'no.csv',
      '--target',
      data,
      '--output',
      folder,
    ]);
    expect([code, stderr]).toEqual([1, 'stepclock: no.csv: no such file\n']);
  });
});

describe('stage train, predict, plan', () => {
  it('trains a model that predicts', async () => {
    const model = join(folder, 'model.json');
    const trained = await capture([
      'stage',
      'train',
      '--data',
      data,
      '--filter',
      'gpu=GPU-L',
      '--families',
      'linear',
      '--output',
      model,
    ]);
    expect([trained.code, readdirSync(folder)]).toEqual([0, expect.arrayContaining(['model.json'])]);
  });

  it('refuses a method that is none', async () => {
    const { code, stderr } = await experiment(join(folder, 'd'), '--methods', 'magic');
    expect(code).toBe(2);
    expect(stderr).toMatch(/magic/);
  });
});
