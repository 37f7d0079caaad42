import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from './capture.js';
import { stepclock } from './program.js';

const log = join(import.meta.dirname, '../../../fixtures/traces/shared-budget-300/requests.jsonl');
const SPEC = 'prompt=300:0.5,output=20:0.5';

let folder = '';
const file = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stepclock-answers-'));
  expect((await capture(['estimate', log, '--json', file('betas.json')])).code).toBe(0);
  const model = JSON.parse(readFileSync(file('betas.json'), 'utf8'));
  writeFileSync(file('poor.json'), JSON.stringify({ ...model, covariance: null }));
  writeFileSync(
    file('phases.csv'),
    'request_id,phase_type,t_start,t_end,prefill_tokens,decode_tokens\nA,prefill,0,2,96,0\n',
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('tune', () => {
  const tune = (...more: readonly string[]) =>
    capture([
      'tune',
      file('betas.json'),
      '--workload',
      SPEC,
      '--max-num-seqs',
      '16,64',
      '--max-num-batched-tokens',
      '512,2048',
      ...more,
    ]);

  it('gives flags, JSON, CSV and figures, with the limits of the log', async () => {
    const paths = ['t.json', 'front.csv', 'figures'].map(file);
    const [json, front, figures] = paths;
    const { code, stdout, stderr } = await tune(
      '--slo',
      'tpot:p95:14ms',
      '--json',
      json ?? '',
      '--front',
      front ?? '',
      '--figures',
      figures ?? '',
    );
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/vLLM: {3}--max-num-seqs \d+ --max-num-batched-tokens \d+\n/),
    ]);
    expect(stderr).toContain('[no-kv-limit]');
    expect(JSON.parse(readFileSync(json ?? '', 'utf8'))).toMatchObject({
      schema: 'stepclock/tuning@1',
      feasible: true,
      today: { setting: { max_num_seqs: 32, max_num_batched_tokens: 2048, policy: 'mixed' } },
      settings: { grid: 4 },
    });
    expect(readFileSync(front ?? '', 'utf8')).toMatch(/^max_num_seqs,/);
    expect(existsSync(join(figures ?? '', '01_latency_against_goodput.png'))).toBe(true);
  });

  it('lays out GPUs, of an engine each of which its file tells the size', async () => {
    const model = JSON.parse(readFileSync(file('betas.json'), 'utf8'));
    const settings = { ...model.input.settings, tensor_parallel_size: 2 };
    writeFileSync(file('two.json'), JSON.stringify({ ...model, input: { ...model.input, settings } }));
    const asked = ['--gpus', '3', '--kv-tokens', '60000,90000', '--slo', 'tpot:p95:14ms', '--json'];
    const { code, stdout } = await capture([
      ...['tune', file('betas.json'), file('two.json'), '--workload', SPEC, '--tensor-parallel', '1,2'],
      ...['--max-num-seqs', '16,64', '--max-num-batched-tokens', '512,2048', ...asked],
    ]);
    expect(code).toBe(0);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({
      gpus: 3,
      kv_tokens: null,
      layouts: [
        { tensor_parallel_size: 1, data_parallel_size: 3, kv_tokens: 60_000 },
        { tensor_parallel_size: 2, data_parallel_size: 1, kv_tokens: 90_000 },
      ],
      engines: [{ tensor_parallel_size: 1 }, { tensor_parallel_size: 2, limits: { kv_tokens: 90_000 } }],
      settings: { grid: 8 },
    });
    // Both engines are alike here: three of them take more than one.
    expect(found.best[0].setting).toMatchObject({ tensor_parallel_size: 1, data_parallel_size: 3 });
    const told = ['--max-num-seqs', '16', '--max-num-batched-tokens', '512', '--slo', 'tpot:p95:14ms', '--gpus', '3'];
    expect(await capture(['tune', file('two.json'), '--workload', SPEC, ...told])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('1 engine of 2 GPUs: '),
    });
  });

  it('ends with 4 under --strict where no setting will do', async () => {
    const asked = ['--slo', 'ttft:p95:1ms', '--kv-tokens', '100000'];
    expect(await tune(...asked)).toMatchObject({ code: 0, stdout: expect.stringContaining('No rate keeps') });
    expect((await tune(...asked, '--strict')).code).toBe(4);
  });
});

describe('what-if', () => {
  it('gives measured, replayed, changed and the difference, in text, JSON and figures', async () => {
    const [json, figures] = [file('w.json'), file('what-if')];
    const words = ['what-if', file('betas.json'), '--requests', log, '--change', 'rate=x1.5', '--draws', '4'];
    const { code, stdout } = await capture([...words, '--json', json, '--figures', figures]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^TTFT +mean .* to \+[\d.]+ %$/m)]);
    const found = JSON.parse(readFileSync(json, 'utf8'));
    expect(found).toMatchObject({ schema: 'stepclock/what-if@1', change: { rate: 1.5 }, to_model: null });
    expect(found.metrics.latency.mean.difference).toBeGreaterThan(0);
    expect(existsSync(join(figures, '01_time_to_first_token_as_it_was_and_with_the_change.png'))).toBe(true);
  });

  it('says that a model without covariance gives no bands', async () => {
    const { code, stderr } = await capture(['what-if', file('poor.json'), '--requests', log, '--change', 'rate=x2']);
    expect(code).toBe(0);
    expect(stderr).toContain('the model has no covariance: the differences have no bands [no-bands]');
  });
});

describe('capacity, as it is built', () => {
  it('calls an overloaded log infeasible, and lacks a band without a covariance', { timeout: 60_000 }, async () => {
    const asked = ['--requests', '300', '--rate', '60', '--scenario', 'budget-2048-medium', '--output', 'heavy.jsonl'];
    expect((await stepclock(['simulate', ...asked], undefined, folder)).code).toBe(0);
    const words = ['capacity', 'poor.json', '--workload', 'heavy.jsonl', '--slo', 'tpot:p95:16ms', '--json'];
    const { code, stdout, stderr } = await stepclock(words, undefined, folder);
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('the model has no covariance: the rate has no band [no-bands]'),
    ]);
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({ feasible: true, band: null, log_load: { is_feasible: false } });
    expect(answer.log_load.rate_per_sec).toBeGreaterThan(answer.rate_per_sec);
  });
});

const SLO = ['--slo', 'ttft:1s'];
describe('bad input of the verbs that answer: one clear line, from the program as it is built', () => {
  it.each<[string, readonly string[], number, string]>([
    [
      'a bad SLO',
      ['capacity', 'betas.json', '--workload', SPEC, '--slo', 'ttft'],
      2,
      '--slo: SLO, clause: must be METRIC:STATISTIC:LIMIT',
    ],
    [
      'a bad SLO',
      ['tune', 'betas.json', '--workload', SPEC, '--slo', 'p95:ttft:1s'],
      2,
      '--slo: SLO, metric: must be one of',
    ],
    [
      'an impossible unit',
      ['tune', 'betas.json', '--workload', SPEC, '--slo', 'ttft:200MB'],
      2,
      '--slo: SLO, limit: must be a time above 0',
    ],
    [
      'an impossible unit',
      ['compare', 'betas.json', 'betas.json', '--fail-above', '3ms'],
      2,
      '--fail-above: must be a share above 0 as 3%',
    ],
    [
      'an impossible unit',
      ['what-if', 'betas.json', '--requests', log, '--change', 'rate=2/s'],
      2,
      '--change: change, rate: must be a factor',
    ],
    [
      'a bad SLO',
      ['capacity', 'betas.json', '--workload', SPEC, '--slo', 'ttft:0ms'],
      2,
      '--slo: SLO, limit: must be a time above 0',
    ],
    [
      'several models of one engine',
      ['tune', 'betas.json', 'poor.json', '--workload', SPEC, ...SLO],
      2,
      'tune: several models need --gpus',
    ],
    [
      'sizes without GPUs',
      ['tune', 'betas.json', '--tensor-parallel', '1', '--workload', SPEC, ...SLO],
      2,
      '--tensor-parallel: needs --gpus',
    ],
    [
      'no size of an engine',
      ['tune', 'betas.json', '--gpus', '4', '--workload', SPEC, ...SLO],
      2,
      '--tensor-parallel: must be given: betas.json does not say it',
    ],
    [
      'a size too many',
      ['tune', 'betas.json', '--gpus', '4', '--tensor-parallel', '1,2', '--workload', SPEC, ...SLO],
      2,
      '--tensor-parallel: must be one number, or one for each of 1 models; got 2',
    ],
    [
      'an engine too large',
      [
        'tune',
        'betas.json',
        '--gpus',
        '1',
        '--tensor-parallel',
        '2',
        '--kv-tokens',
        '9999',
        '--workload',
        SPEC,
        ...SLO,
      ],
      1,
      'GPUs of an engine: must be at most the 1 GPUs that there are; got 2',
    ],
    [
      'two engines of one size',
      [
        'tune',
        'betas.json',
        'poor.json',
        '--gpus',
        '4',
        '--tensor-parallel',
        '1',
        '--kv-tokens',
        '9999',
        '--workload',
        SPEC,
        ...SLO,
      ],
      1,
      'GPUs of an engine: must differ from model to model; got 1',
    ],
    ['no change', ['what-if', 'betas.json', '--requests', log], 2, 'what-if: a change is missing'],
    ['no model', ['tune', '--workload', SPEC, ...SLO], 2, 'tune: a model is missing: stepclock tune betas.json'],
    [
      'two models',
      ['capacity', 'betas.json', '--betas', 'betas.json', '--workload', SPEC, ...SLO],
      2,
      '--betas: is instead of a positional model',
    ],
    [
      'no covariance',
      ['compare', 'betas.json', 'poor.json'],
      1,
      'poor.json: must have a covariance and intervals to be compared',
    ],
    [
      'no lengths',
      ['capacity', 'betas.json', '--workload', 'phases.csv', ...SLO],
      1,
      'must be a log of requests with their lengths',
    ],
    [
      'no lengths',
      ['tune', 'betas.json', '--workload', 'phases.csv', ...SLO],
      1,
      'must be a log of requests with their lengths',
    ],
    [
      'no lengths',
      ['what-if', 'betas.json', '--requests', 'phases.csv', '--change', 'rate=x2'],
      1,
      'must be a log of requests with arrivals and lengths',
    ],
    [
      'a grid that is none',
      ['tune', 'betas.json', '--workload', SPEC, ...SLO, '--max-num-seqs', '8,many'],
      2,
      '--max-num-seqs: must be numbers, each a positive integer',
    ],
    [
      'an empty grid',
      [
        'tune',
        'betas.json',
        '--workload',
        SPEC,
        ...SLO,
        '--max-num-seqs',
        '512',
        '--max-num-batched-tokens',
        '64',
        '--kv-tokens',
        '9999',
      ],
      1,
      'grid: must have a setting with a budget of at least its requests',
    ],
  ])('%s: %j', async (_, words, code, message) => {
    const found = await stepclock(words, undefined, folder);
    expect([found.code, found.stdout]).toEqual([code, '']);
    expect(found.stderr).toContain(message);
    expect(found.stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});
