import { Fault } from '@stepclock/faults';
import { describe, expect, it } from 'vitest';
import {
  crossFit,
  drawSets,
  errorFigures,
  knobTableFrom,
  planExperiment,
  readMeasurements,
  recalibrate,
  runExperiment,
  type StageDataOptions,
  type StageTable,
  stageTableFrom,
  trainEstimator,
  transferSamples,
} from '../src/index.js';
import { faultWith } from './fault.js';
import { streamOf, tableOf } from './made-tables.js';

/** What went wrong, and where. */
const faultOf = faultWith('file', 'line', 'column', 'value');

const csvTable = async (csv: string, options: StageDataOptions = {}): Promise<StageTable> =>
  stageTableFrom(await readMeasurements(streamOf(csv), 'runs.csv'), options);

const codesOf = ({ warnings }: Pick<StageTable, 'warnings'>): readonly string[] => warnings.map(({ code }) => code);

describe('answers of several lengths to one request', () => {
  /** Each configuration has a time of its own that no knob explains; three lengths of answer a configuration. */
  const table = tableOf(
    Array.from({ length: 120 }, (_, i) => ({
      vision_tokens: 64 + Math.floor(i / 3),
      output_tokens: 5 + (i % 3),
      T_LLM_prefill: 10 + ((Math.floor(i / 3) * 7919) % 13),
    })),
    { outputTokens: 'output_tokens', perStepStages: [] },
  );
  const lengths = tableOf(
    Array.from({ length: 120 }, (_, i) => ({
      vision_tokens: 64 + Math.floor(i / 3),
      output_tokens: 5 + (i % 3),
      T_LLM_prefill: 10 + ((Math.floor(i / 3) * 7919) % 13),
      T_LLM_decode_per_token: 1 + ((Math.floor(i / 3) * 104729) % 7),
    })),
  );
  const vision = (source: StageTable, rows: ArrayLike<number>) =>
    new Set(Array.from(rows, (row) => source.knobs[0]?.values[row]));

  it('are one configuration where nothing counts the steps, and several where totals differ', () => {
    expect([table.length, lengths.length]).toEqual([40, 120]);
  });

  it('do not leak into the held-out errors', () => {
    // A level a request: a linear form knows each by heart, once it has seen one of its answers.
    const named = tableOf(
      Array.from({ length: 120 }, (_, i) => ({
        request: `request ${i % 40}`,
        output_tokens: 5 + Math.floor(i / 40),
        T_LLM_prefill: 10 + (((i % 40) * 7919) % 13),
        T_LLM_decode_per_token: 1,
      })),
      { features: ['request'] },
    );
    const { estimator } = trainEstimator(named, { families: ['linear'] });
    expect(estimator.parts.reports[0]?.heldOut.mapePercent).toBeGreaterThan(15);
    expect(errorFigures(named.stagesMs[0], estimator.predict(named).stagesMs[0]).mapePercent).toBeLessThan(1);
  });

  it('are on one side of the draws: test set, samples, source set', () => {
    for (const seed of [0, 1, 2]) {
      const { test, pool, source } = drawSets(lengths, lengths, 20, 60, seed);
      const held = vision(lengths, test);
      expect(test.length).toBeGreaterThanOrEqual(20);
      expect(test.length).toBeLessThan(23);
      expect(test.length + pool.length).toBe(120);
      for (const others of [vision(lengths, pool), vision(lengths, source)]) {
        expect([...held].some((tokens) => others.has(tokens))).toBe(false);
      }
      // Samples come in random order, not a configuration at a time.
      expect(vision(lengths, pool.slice(0, 12)).size).toBeGreaterThan(6);
    }
  });

  it('are left out together when samples check a fit', () => {
    const { estimator } = trainEstimator(lengths, { families: ['linear'] });
    const samples = transferSamples(estimator, lengths);
    for (const method of ['auto', 'scale', 'ridge'] as const) {
      const { folds } = crossFit(recalibrate(method, samples), samples);
      const sizes = folds.map(({ rows }) => vision(lengths, rows).size);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(40);
    }
  });

  it('count against the largest N', () => {
    const plan = planExperiment(lengths, lengths, { samples: [90, 98, 99], testConfigurations: 20 });
    expect(plan.samples).toEqual([90, 98]);
    expect(codesOf(plan)).toContain('too-many-samples');
  });
});

describe('measurements of several machines taken for repeats', () => {
  const rows = [64, 128, 256, 512].flatMap((vision_tokens) =>
    ['A100', 'H100'].map((gpu) => ({ vision_tokens, gpu, T_LLM_prefill: vision_tokens * (gpu === 'A100' ? 2 : 1) })),
  );

  it('are told from repeats, by the column that differs', () => {
    const [warning] = tableOf(rows).warnings;
    expect(warning?.code).toBe('mixed-repeats');
    expect(warning?.message).toContain('scatter by 47 % (median) and differ in gpu (A100, H100)');
  });

  it('are not suspected when filtered, when a knob says so, or when repeats hardly scatter', () => {
    expect(tableOf(rows, { filter: ['gpu=A100'] }).warnings).toEqual([]);
    expect(tableOf(rows, { features: ['vision_tokens', 'gpu'] }).warnings).toEqual([]);
    const alike = rows.map((row, i) => ({ ...row, T_LLM_prefill: row.vision_tokens * (1 + (i % 2) / 50) }));
    expect(tableOf(alike).warnings).toEqual([]);
    const numbered = rows.map(({ gpu, ...row }, i) => ({ ...row, gpu, repeat: i % 2 }));
    expect(tableOf(numbered).warnings.map(({ message }) => message.includes('repeat ('))).toEqual([false]);
  });
});

describe('columns that tell machines from repeats', () => {
  const messageWith = (column: (i: number) => Readonly<Record<string, string | number>>) =>
    tableOf(
      Array.from({ length: 60 }, (_, i) => ({
        vision_tokens: 64 + (i % 30),
        T_LLM_prefill: i < 30 ? 10 : 20,
        ...column(i),
      })),
    ).warnings.map(({ message }) => message);

  it('are those of texts that differ within a configuration, their values in order', () => {
    const [message] = messageWith((i) => ({
      host: i < 30 ? ' b ' : 'a',
      engine: 'one',
      of_the_knobs: `v${i % 30}`,
      run: i,
      note: i === 0 ? '' : `n${i % 2}`,
    }));
    expect(message).toBe(
      'repeats of a configuration scatter by 47 % (median) and differ in host (a, b): filter by it or make it a knob, unless these are repeats of one measurement',
    );
  });

  it('have at most 20 values: more are names', () => {
    expect(messageWith((i) => ({ name: `n${(i < 30 ? i : i + 7) % 20}` }))[0]).toContain('differ in name (');
    expect(messageWith((i) => ({ name: `n${(i < 30 ? i : i + 7) % 21}` }))).toEqual([]);
  });
});

describe('zero and missing stages', () => {
  it.each([
    ['0', 'zero'],
    ['', 'missing'],
    ['-3', 'not a time above 0'],
    ['1.2.3', 'not a time above 0'],
  ])('%j is named with its file, line, column and value', async (cell, kind) => {
    const csv = `vision_tokens,T_LLM_prefill\n64,10\n128,${cell}\n`;
    const error = await csvTable(csv).catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(Fault);
    expect(error).toMatchObject({
      code: 'stage/missing-stage',
      file: 'runs.csv',
      line: 3,
      column: 'T_LLM_prefill',
      value: cell,
    });
    expect((error as Fault).message).toContain(`of 2 rows 1 ${kind} (line 3)`);
  });
});

describe('zero and missing stages of several kinds', () => {
  const csv = [
    'vision_tokens,T_projector_ms,T_LLM_prefill_ms',
    '64,1,10',
    '128,0,20',
    '256,2,',
    '512,,30',
    '600,3,0',
    '700,4,40\n',
  ].join('\n');

  it('are all named in one refusal, by the column of the file', async () => {
    const error = await csvTable(csv).catch((fault: unknown) => fault);
    expect(error).toMatchObject({ line: 3, column: 'T_projector_ms', value: '0' });
    expect((error as Fault).message).toContain(
      '(runs.csv:3:T_projector_ms): of 6 rows 1 zero (line 3), 1 missing (line 5); T_LLM_prefill: 1 missing (line 4), 1 zero (line 6)',
    );
  });

  it('are all left out when told to, and said', async () => {
    const table = await csvTable(csv, { incomplete: 'drop' });
    expect(table.length).toBe(2);
    expect(table.warnings.map(({ message }) => message)).toEqual([
      'T_projector: of 6 rows 1 zero (line 3), 1 missing (line 5): left out',
      'T_LLM_prefill: of 6 rows 1 missing (line 4), 1 zero (line 6): left out',
    ]);
  });
});

describe('other knobs', () => {
  it('a knob that never moved in training is refused at its row of the file', async () => {
    const trained = trainEstimator(await csvTable('vision_tokens,top_k,T_LLM_prefill\n64,2,1\n128,2,2\n256,2,4\n'), {
      families: ['linear'],
    }).estimator;
    const knobs = knobTableFrom(
      await readMeasurements(streamOf('vision_tokens,top_k\n64,2\n64,4\n'), 'asked.csv'),
      trained.knobNames,
      trained.parts.total,
    );
    expect(faultOf(() => trained.predict(knobs))).toEqual({
      code: 'stage/not-identifiable',
      file: 'asked.csv',
      line: 3,
      column: 'top_k',
      value: 4,
    });
  });

  it('a level that training had not, and a knob without logarithm, are refused at their rows', async () => {
    const trained = trainEstimator(
      await csvTable('vision_tokens,task,T_LLM_prefill\n64,QA,1\n128,captioning,2\n256,QA,4\n512,captioning,8\n'),
      { families: ['linear'] },
    ).estimator;
    const asked = async (row: string) =>
      csvTable(`vision_tokens,task,T_LLM_prefill\n64,QA,1\n${row},1\n`, {
        stages: ['T_LLM_prefill'],
        features: ['vision_tokens', 'task'],
      });
    const dubbing = await asked('128,dubbing');
    expect(faultOf(() => trained.predict(dubbing))).toEqual({
      code: 'stage/unknown-level',
      file: 'runs.csv',
      line: 3,
      column: 'task',
      value: 'dubbing',
    });
    const none = await asked('0,QA');
    expect(faultOf(() => trained.predict(none))).toEqual({
      code: 'stage/bad-value',
      file: 'runs.csv',
      line: 3,
      column: 'vision_tokens',
      value: 0,
    });
  });

  it('a target without one of them is refused by its file', async () => {
    const source = await csvTable('vision_tokens,top_k,T_LLM_prefill\n64,2,1\n128,4,2\n256,2,4\n');
    const target = stageTableFrom(
      await readMeasurements(streamOf('vision_tokens,T_LLM_prefill\n64,1\n128,2\n256,4\n'), 'target.csv'),
    );
    const run = () => runExperiment(source, target);
    expect(faultOf(run)).toMatchObject({
      code: 'stage/other-knobs',
      file: 'target.csv',
      value: 'vision_tokens (numeric)',
    });
    expect(run).toThrow('must have the knobs of the source (vision_tokens (numeric), top_k (numeric))');
  });
});

describe('sweeps', () => {
  it('of one knob at a time are named, crossed with others or not', () => {
    const sweeps = ['a', 'b'].flatMap((model) =>
      [
        [1, 1],
        [2, 1],
        [4, 1],
        [1, 2],
        [1, 4],
      ].map(([vision_tokens = 0, top_k]) => ({ model, vision_tokens, top_k, T_LLM_prefill: vision_tokens })),
    );
    const { warnings } = trainEstimator(tableOf(sweeps, { features: ['model', 'vision_tokens', 'top_k'] }), {
      families: ['linear'],
    });
    expect(warnings.filter(({ code }) => code === 'one-knob-at-a-time').map(({ message }) => message)).toEqual([
      'no row differs from the base (1, 1) in more than one of vision_tokens, top_k: how the knobs act together cannot be identified',
    ]);
  });

  it('of all knobs together are not', () => {
    const grid = [1, 2, 4].flatMap((vision_tokens) =>
      [1, 2, 4].map((top_k) => ({ vision_tokens, top_k, T_LLM_prefill: vision_tokens + top_k })),
    );
    expect(codesOf(trainEstimator(tableOf(grid), { families: ['linear'] }))).toEqual(['few-configurations']);
  });
});

describe('decode steps off by one', () => {
  const records = (extra: number, gap = false) =>
    Array.from({ length: 9 }, (_, i) => ({
      vision_tokens: 64 * (i + 1),
      output_tokens: 8 + 4 * (i % 3),
      T_LLM_prefill: 10 + i,
      T_LLM_decode_per_token: 2,
      T_total: gap && i % 2 === 0 ? null : 10 + i + 2 * (8 + 4 * (i % 3) + extra),
    }));

  it('are told by the file’s own totals, also where some of them are missing', () => {
    expect(tableOf(records(-1)).warnings).toEqual([]);
    expect(tableOf(records(-1, true)).warnings).toEqual([]);
    for (const gap of [false, true]) {
      expect(tableOf(records(0, gap)).warnings[0]?.message).toMatch(/^off by one: .*convention decode-emits-all/);
      expect(tableOf(records(-1, gap), { convention: 'decode-emits-all' }).warnings[0]?.message).toMatch(
        /^off by one: .*convention prefill-emits-first/,
      );
    }
  });

  it('of neither convention are told too', () => {
    expect(tableOf(records(5)).warnings[0]?.message).toContain('take +5.0 decode steps against the output tokens');
  });
});
