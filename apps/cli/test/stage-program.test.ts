import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepclock } from './program.js';

const data = join(import.meta.dirname, '../../../fixtures/stage/two-gpus.csv');

let folder = '';
const at = (name: string): string => join(folder, name);
const stage = (...argv: string[]) => stepclock(['stage', ...argv]);
const json = (name: string) => JSON.parse(readFileSync(at(name), 'utf8'));

/** The bundled rows of one GPU as objects. */
const records = (gpu: string): Record<string, string>[] => {
  const [header = '', ...lines] = readFileSync(data, 'utf8').trimEnd().split('\n');
  const names = header.split(',');
  return lines
    .map((line) => Object.fromEntries(line.split(',').map((cell, k) => [names[k] ?? '', cell])))
    .filter((record) => record.gpu === gpu);
};

const csvOf = (rows: readonly Readonly<Record<string, string | number>>[]): string =>
  `${[Object.keys(rows[0] ?? {}), ...rows.map(Object.values)].map((cells) => cells.join(',')).join('\n')}\n`;

const KNOBS = ['vision_tokens', 'prompt_tokens', 'top_k', 'active_blocks', 'task'];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stepclock-stage-program-'));
  const { code } = await stage(
    ...['train', '--data', data, '--filter', 'gpu=gpu-l', '--families', 'log-polynomial', '--output', at('large.json')],
  );
  expect(code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('recalibration from totals alone', () => {
  const totals = (): string => {
    const rows = records('GPU-M').filter((_, i) => i % 9 === 0);
    const pick = [...KNOBS, 'output_tokens', 'T_total_ms'];
    writeFileSync(at('totals.csv'), csvOf(rows.map((row) => Object.fromEntries(pick.map((k) => [k, row[k] ?? ''])))));
    return at('totals.csv');
  };

  it.each(['stage-mix', 'B', 'auto'])('by %s, and what it wrote predicts, evaluates and filters', async (method) => {
    const output = at(`totals-${method}.json`);
    const made = await stage(
      ...['recalibrate', '--model', at('large.json'), '--data', totals(), '--method', method, '--output', output],
    );
    expect([made.code, made.stderr]).toEqual([0, '']);
    const [, off = ''] = /off by ([\d.]+) % on samples left out/.exec(made.stdout) ?? [];
    expect(Number(off)).toBeLessThan(method === 'B' ? 12 : 8);
    const measured = ['--data', data, '--filter', 'gpu=GPU-M'];
    const evaluated = await stage('evaluate', '--model', output, ...measured, '--json');
    const [total] = JSON.parse(evaluated.stdout).stages;
    expect(total.stage).toBe('T_total');
    expect(total.mape_percent).toBeLessThan(method === 'B' ? 12 : 8);
    expect((await stage('predict', '--model', output, '--data', totals())).code).toBe(0);
    expect((await stage('filter', '--model', output, '--data', totals(), '--budget-ms', '400')).code).toBe(0);
  });

  it('the experiment takes the methods that totals allow, and names those asked for that they do not', async () => {
    const run = (output: string, ...more: string[]) =>
      stage(
        ...['experiment', '--source', data, '--source-filter', 'gpu=GPU-L', '--target', totals(), '--seeds', '1'],
        ...['--samples', '10', '--families', 'log-polynomial', '--output', at(output), ...more],
      );
    const all = await run('of-totals');
    expect([all.code, all.stderr]).toEqual([0, '']);
    const { results } = json('of-totals/e3_calibration_results.json');
    expect(new Set(results.map(({ stage, method }: Record<string, string>) => `${stage} ${method}`))).toEqual(
      new Set(['none', 'global-affine', 'stage-mix', 'auto', 'one-model'].map((method) => `T_total ${method}`)),
    );
    expect(readdirSync(at('of-totals'))).toContain('e3_transfer_curve.svg');
    expect(
      (await stage('predict', '--model', at('of-totals/e3_recalibrated_auto.json'), '--data', totals())).code,
    ).toBe(0);
    const asked = await run('asked', '--methods', 'A,B', '--guardrail-method', 'A', '--no-figures');
    expect(asked.code).toBe(0);
    expect(asked.stderr).toContain('affine, N = 10: not possible in 1 of 1 seeds (T_vision_encoder: must be measured');
    expect(asked.stdout).toContain('Not computed; the warnings say why.');
  });

  it('says which methods need the stages', async () => {
    const made = await stage(
      ...['recalibrate', '--model', at('large.json'), '--data', totals(), '--method', 'A', '--output', at('x.json')],
    );
    expect(made.code).toBe(1);
    expect(made.stderr).toMatch(/must be measured on the target for this method.*stage-mix or global-affine\n$/);
  });
});

describe('several files of measurements', () => {
  /** One file a configuration, with its knobs beside the list, as published. */
  const samples = () =>
    records('GPU-L')
      .filter((_, i) => i % 57 < 3)
      .map((row, i) => ({
        name: `${String(i).padStart(2, '0')}.json`,
        content: {
          config: { active_blocks: Number(row.active_blocks), top_k: Number(row.top_k), task: row.task },
          per_sample_results: [
            {
              actual_vision_tokens: Number(row.vision_tokens),
              actual_text_tokens: Number(row.prompt_tokens),
              output_tokens: Number(row.output_tokens),
              T_vision_total: Number(row.T_vision_encoder_ms) + Number(row.T_projector_ms),
              T_LLM_prefill: Number(row.T_LLM_prefill_ms),
              T_decode_per_token: Number(row.T_LLM_decode_per_token_ms),
            },
          ],
        },
      }));

  it('a folder, a pattern, a list of paths, a JSON array and JSON lines are the same data', async () => {
    mkdirSync(at('runs'));
    const files = samples();
    for (const { name, content } of files) writeFileSync(at(`runs/${name}`), JSON.stringify(content, null, 1));
    writeFileSync(at('array.json'), JSON.stringify(files.map(({ content }) => content)));
    writeFileSync(at('lines.jsonl'), files.map(({ content }) => `${JSON.stringify(content)}\n`).join(''));
    const paths = readdirSync(at('runs')).map((name) => at(`runs/${name}`));
    const results = [];
    for (const given of [[at('runs')], [at('runs/*.json')], paths, [at('array.json')], [at('lines.jsonl')]]) {
      const made = await stage('train', '--data', ...given, '--families', 'linear', '--output', at('m.json'));
      expect([made.code, made.stderr]).toEqual([0, '']);
      results.push({ ...json('m.json'), warnings: [] });
    }
    expect(results[0].configurations).toBe(13);
    expect(results[0].stages).toEqual(['T_vision_total', 'T_LLM_prefill', 'T_LLM_decode_per_token']);
    for (const other of results.slice(1)) expect(other).toEqual(results[0]);
  });

  it('a fault names the file that it is in, and a folder without tables is refused', async () => {
    mkdirSync(at('faulty'));
    writeFileSync(at('faulty/a.csv'), 'vision_tokens,T_LLM_prefill\n64,3\n128,5\n');
    writeFileSync(at('faulty/b.csv'), 'vision_tokens,T_LLM_prefill\n256,7\n512,many\n');
    const made = await stage('train', '--data', at('faulty'), '--output', at('m.json'));
    expect([made.code, made.stderr]).toEqual([
      1,
      `stepclock: T_LLM_prefill: must be a time above 0 ms in every row; got "many" (${at('faulty/b.csv')}:3:T_LLM_prefill): of 4 rows 1 not a time above 0 (line 3); incomplete rows can be dropped\n`,
    ]);
    mkdirSync(at('empty'));
    const none = await stage('train', '--data', at('empty'), '--output', at('m.json'));
    expect([none.code, none.stderr]).toEqual([1, `stepclock: ${at('empty')}: no CSV or JSON file in this folder\n`]);
  });
});

describe('what a command writes, the next one reads', () => {
  it('a source model filters by a margin, with names and knobs, and the valid ones are CSV that predict reads', async () => {
    const candidates = records('GPU-L').filter((_, i) => i % 30 === 0);
    writeFileSync(
      at('candidates.csv'),
      csvOf(
        candidates.map((row) =>
          Object.fromEntries(['config_id', ...KNOBS, 'output_tokens'].map((k) => [k, row[k] ?? ''])),
        ),
      ),
    );
    const asked = ['--model', at('large.json'), '--data', at('candidates.csv'), '--budget-ms', '150'];
    const bounded = await stage('filter', ...asked);
    expect([bounded.code, bounded.stderr]).toEqual([2, expect.stringContaining('take --rule margin')]);
    const margin = ['--rule', 'margin', '--margin', '1.1'];
    const made = await stage('filter', ...asked, ...margin, '--valid', at('valid.csv'));
    expect(made.code).toBe(0);
    expect(made.stdout).toMatch(/id +answer +predicted ms +at least +at most +vision_tokens +prompt_tokens/);
    const written = JSON.parse((await stage('filter', ...asked, ...margin, '--json')).stdout);
    expect(written.configurations[0]).toMatchObject({
      id: candidates[0]?.config_id,
      knobs: { vision_tokens: Number(candidates[0]?.vision_tokens), task: candidates[0]?.task },
    });
    const valid = readFileSync(at('valid.csv'), 'utf8').trimEnd().split('\n');
    expect(valid[0]).toBe(
      'id,vision_tokens,prompt_tokens,top_k,active_blocks,task,output_tokens,predicted_ms,upper_ms',
    );
    expect(valid).toHaveLength(1 + written.accepted);
    expect(written.accepted).toBeGreaterThan(2);
    const again = await stage('predict', '--model', at('large.json'), '--data', at('valid.csv'), '--json');
    const { predictions } = JSON.parse(again.stdout);
    expect(predictions).toHaveLength(written.accepted);
    expect(predictions[0].T_total / Number(valid[1].split(',').at(-2))).toBeCloseTo(1, 5);
  });

  it('the experiment’s models predict, evaluate and filter', async () => {
    const made = await stage(
      ...['experiment', '--source', data, '--target', data, '--source-filter', 'gpu=GPU-L'],
      ...['--target-filter', 'gpu=GPU-M', '--samples', '10', '--seeds', '1', '--families', 'log-polynomial'],
      ...['--methods', 'affine,auto,stage-mix', '--no-figures', '--output', at('e3'), '--workers', '1'],
    );
    expect([made.code, made.stderr]).toEqual([0, '']);
    expect(made.stdout).toMatch(/against one model of the total\?\n +(Yes|No|Hardly): auto by stages is off by/);
    const results = json('e3/e3_calibration_results.json').results as { method: string }[];
    expect(results.map(({ method }) => method)).toContain('one-model');
    const models = readdirSync(at('e3')).filter((name) => /estimator_model|recalibrated/.test(name));
    expect(models).toEqual([
      'e3_estimator_model.json',
      'e3_recalibrated_affine.json',
      'e3_recalibrated_auto.json',
      'e3_recalibrated_stage-mix.json',
    ]);
    for (const name of models) {
      const model = ['--model', at(`e3/${name}`)];
      const measured = ['--data', data, '--filter', 'gpu=GPU-M'];
      const evaluated = JSON.parse((await stage('evaluate', ...model, ...measured, '--json')).stdout);
      const total = evaluated.stages.find((row: { stage: string }) => row.stage === 'T_total').mape_percent;
      if (name === models[0]) expect(total).toBeGreaterThan(20);
      else expect(total).toBeLessThan(10);
      expect((await stage('predict', ...model, '--data', at('candidates.csv'))).code).toBe(0);
      const rule = name === models[0] ? ['--rule', 'margin'] : [];
      const filtered = await stage('filter', ...model, '--data', at('candidates.csv'), '--budget-ms', '200', ...rule);
      expect(filtered.code).toBe(0);
    }
  });
});

describe('what is claimed of configurations that were not measured', () => {
  it('a prediction has a 90 % interval, of the source and of what was carried over, which holds for the rest', async () => {
    const carried = at('carried.json');
    const made = await stage(
      ...['recalibrate', '--model', at('large.json'), '--data', data, '--filter', 'gpu=gpu-m', '--samples', '30'],
      ...['--output', carried],
    );
    expect(made.code).toBe(0);
    for (const [model, gpu] of [
      [at('large.json'), 'GPU-L'],
      [carried, 'GPU-M'],
    ] as const) {
      const measured = ['--data', data, '--filter', `gpu=${gpu}`];
      const { interval } = JSON.parse((await stage('evaluate', '--model', model, ...measured, '--json')).stdout);
      expect(interval.level).toBe(0.9);
      expect(interval.coverage).toBeGreaterThan(0.85);
      expect((await stage('evaluate', '--model', model, ...measured)).stdout).toMatch(
        /\d+ of \d+ totals lie inside their 90 % interval\./,
      );
      const predicted = await stage('predict', '--model', model, ...measured, '--json');
      const { interval_level, predictions } = JSON.parse(predicted.stdout);
      expect(interval_level).toBe(0.9);
      for (const { T_total, T_total_low, T_total_high } of predictions) {
        expect(T_total_low).toBeLessThan(T_total_high);
        expect([T_total_low / T_total, T_total_high / T_total].every((ratio) => 0.5 < ratio && ratio < 2)).toBe(true);
      }
    }
  });

  it('too few samples claim no interval; the filter says what its two bounds hold for together', async () => {
    const few = at('few.json');
    const sampled = ['--data', data, '--filter', 'gpu=GPU-M', '--samples', '12', '--method', 'scale'];
    expect((await stage('recalibrate', '--model', at('large.json'), ...sampled, '--output', few)).code).toBe(0);
    const rows = ['--data', data, '--filter', 'gpu=GPU-M'];
    const { interval_level, predictions } = JSON.parse(
      (await stage('predict', '--model', few, ...rows, '--json')).stdout,
    );
    expect([interval_level, 'T_total_low' in predictions[0]]).toEqual([null, false]);
    const filtered = await stage('filter', '--model', few, ...rows, '--budget-ms', '400');
    expect(filtered.stdout).toContain('At least and at most hold for 90 % each, for 80 % together.');
  });

  it('a configuration that was measured wrongly is named with its line', async () => {
    const rows = records('GPU-L');
    const wrong = rows.map((row) =>
      row.config_id === rows[40]?.config_id
        ? { ...row, T_LLM_prefill_ms: '1', T_vision_encoder_ms: '0.1', T_LLM_decode_per_token_ms: '0.05' }
        : row,
    );
    writeFileSync(at('wrong.csv'), csvOf(wrong));
    const { code, stderr } = await stage('train', '--data', at('wrong.csv'), '--output', at('wrong.json'));
    expect(code).toBe(0);
    const line = rows.findIndex((row) => row.config_id === rows[40]?.config_id) + 2;
    expect(stderr).toContain(
      `1 of 240 configurations took nothing like what a model of the others says; the worst (line ${line}) took`,
    );
    expect(stderr).toContain('[odd-configuration]');
  });
});

describe('a run goes on', () => {
  /** 40 configurations of one stage on two machines; `crops` is 0 in three of them. */
  const small = (): string => {
    const rows = [1, 2].flatMap((factor) =>
      Array.from({ length: 40 }, (_, i) => ({
        gpu: factor === 1 ? 'A' : 'B',
        crops: i < 3 ? 0 : 1 + (i % 5),
        prompt_tokens: 16 * (1 + (i % 8)),
        T_LLM_prefill_ms: factor * (3 + (i % 5) + 0.1 * (i % 8) * (1 + (i % 3))),
      })),
    );
    writeFileSync(at('small.csv'), csvOf(rows));
    return at('small.csv');
  };
  const experiment = (...more: string[]) =>
    stage(
      ...['experiment', '--source', small(), '--target', at('small.csv'), '--source-filter', 'gpu=A'],
      ...['--target-filter', 'gpu=B', '--features', 'crops,prompt_tokens', '--families', 'linear,log-polynomial'],
      ...['--no-figures', '--workers', '1', '--output', at('small'), ...more],
    );

  it('with a knob that is zero in rows that no draw of the source has', async () => {
    const made = await experiment(
      ...['--samples', '10', '--seeds', '4', '--source-configurations', '20'],
      '--methods',
      'scale',
    );
    expect(made.code).toBe(0);
    expect(json('small/e3_calibration_results.json').not_possible).toEqual([]);
  });

  it('rows that the model has no answer to are named, and the others are answered', async () => {
    const rows = records('GPU-M').filter((_, i) => i % 9 === 0);
    const holes = rows.map((row, i) => (i % 4 === 1 ? { ...row, vision_tokens: '0' } : row));
    writeFileSync(at('holes.csv'), csvOf(holes));
    const [model, files] = [at('large.json'), ['--data', at('holes.csv')]];
    const why = `vision_tokens: must be above 0; got 0 (${at('holes.csv')}:3:vision_tokens): as in every row trained on: what less does is not known`;
    const left = Math.floor((rows.length + 2) / 4);
    const warned = `warning: ${left} of ${rows.length} rows: the model has no answer, and they are left out; the first: ${why} [no-answer]\n`;
    const predicted = await stage('predict', '--model', model, ...files, '--json');
    expect([predicted.code, predicted.stderr]).toEqual([0, warned]);
    const { predictions } = JSON.parse(predicted.stdout);
    expect(predictions).toHaveLength(rows.length);
    expect(predictions[1]).toEqual({ T_total: null, no_answer: why });
    writeFileSync(at('whole.csv'), csvOf(rows));
    const whole = JSON.parse((await stage('predict', '--model', model, '--data', at('whole.csv'), '--json')).stdout);
    expect(predictions.filter((_: unknown, i: number) => i % 4 !== 1)).toEqual(
      whole.predictions.filter((_: unknown, i: number) => i % 4 !== 1),
    );
    const filtered = await stage(
      ...['filter', '--model', model, ...files, '--budget-ms', '1e6', '--rule', 'margin', '--json'],
    );
    const { accepted, uncertain, configurations } = JSON.parse(filtered.stdout);
    expect([accepted, uncertain]).toEqual([rows.length - left, left]);
    expect(configurations[1]).toMatchObject({ answer: 'uncertain', predicted_ms: null, no_answer: why });
    const carried = await stage('recalibrate', '--model', model, ...files, '--output', at('holes.json'));
    // Two of the rows are repeats of one configuration.
    expect([carried.code, carried.stderr]).toEqual([0, warned.replace(`${left} of ${rows.length}`, '19 of 79')]);
    const evaluated = await stage('evaluate', '--model', model, ...files, '--json');
    expect(JSON.parse(evaluated.stdout).configurations).toBe(60);
  });

  it('without the cells that three samples are too few for, which it names', async () => {
    const made = await experiment(...['--samples', '3,10', '--seeds', '2', '--methods', 'affine,ridge,auto']);
    expect(made.code).toBe(0);
    expect(made.stderr).toMatch(
      /ridge, N = 3: not possible in 2 of 2 seeds \(samples: must be at least 4 for ridge; got 3\) \[not-possible\]/,
    );
    const { not_possible: cells, results } = json('small/e3_calibration_results.json');
    expect(new Set(cells.map(({ what, samples }: { what: string; samples: number }) => `${what} ${samples}`))).toEqual(
      new Set(['ridge 3', 'auto 3', 'one-model 3', 'guardrail 3']),
    );
    const done = new Set(
      results.map(({ method, samples }: { method: string; samples: number }) => `${method} ${samples}`),
    );
    for (const cell of ['affine 3', 'affine 10', 'ridge 10', 'auto 10']) expect(done).toContain(cell);
  });

  it('answers no change, takes levels in any case, and flags what no sample backs', async () => {
    const same = await stage(
      ...['recalibrate', '--model', at('large.json'), '--data', data, '--filter', 'gpu=GPU-L', '--samples', '40'],
      ...['--output', at('same.json')],
    );
    expect(same.stdout).toMatch(/T_LLM_prefill +none +none 100 %/);
    const knobs = 'vision_tokens=576,prompt_tokens=64,top_k=4,active_blocks=24';
    const [lower, upper] = await Promise.all(
      ['qa', 'QA'].map((task) =>
        stage('predict', '--model', at('large.json'), '--set', `${knobs},task=${task}`, '--decode-steps', '16'),
      ),
    );
    expect([lower?.code, lower?.stdout]).toEqual([0, upper?.stdout]);
    // A line of small requests, carried to large ones.
    const few = records('GPU-M').filter(({ vision_tokens: tokens }) => Number(tokens) <= 144);
    writeFileSync(at('few.csv'), csvOf(few));
    await stage(
      ...['recalibrate', '--model', at('large.json'), '--data', at('few.csv'), '--method', 'log-affine'],
      ...['--output', at('few.json')],
    );
    const far = await stage('predict', '--model', at('few.json'), '--data', data, '--filter', 'gpu=GPU-M', '--json');
    const { predictions, warnings } = JSON.parse(far.stdout);
    const flagged = predictions.filter((row: { far_from_samples?: boolean }) => row.far_from_samples === true);
    const told = warnings.some(({ code }: { code: string }) => code === 'far-from-samples');
    expect(told).toBe(flagged.length > 0);
  });
});
