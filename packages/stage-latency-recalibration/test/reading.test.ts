import { Fault } from '@stepclock/faults';
import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { configurationKeys, knobKeys } from '../src/data/configurations.js';
import { placeOf, takeKnobRows } from '../src/data/stage-table.js';
import {
  decodeSteps,
  gridConfigurations,
  knobTableFrom,
  mergeRepeats,
  perSampleTable,
  readMeasurements,
  type StageDataOptions,
  type StageTable,
  stageTableFrom,
  takeConfigurations,
} from '../src/index.js';
import { streamOf, tableOf } from './made-tables.js';

const csvTable = async (csv: string, options: StageDataOptions = {}): Promise<StageTable> =>
  stageTableFrom(await readMeasurements(streamOf(csv), 'runs.csv'), options);

/** Everything that an error says. */
const faultOf = async (run: () => unknown) => {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { code, message, file, line, column, value } = error;
    return { code, message, file, line, column, value };
  }
  return 'no error';
};

const sample = { vision_tokens: 64, output_tokens: 5, T_LLM_prefill: 10, T_LLM_decode_per_token: 2 };

const messagesOf = ({ warnings }: Pick<StageTable, 'warnings'>): readonly string[] =>
  warnings.map(({ code, message }) => `${code}: ${message}`);

describe('perSampleTable', () => {
  it('has a column for every field that is plain in all samples, and a cell for every one of them', () => {
    const inherited = Object.create({ b: 'inherited' }) as object;
    const table = perSampleTable(
      {
        per_sample_results: [
          { a: 1, b: 'x', toString: 'own', nested: { c: 1 }, list: [1], sometimes: 5 },
          Object.assign(inherited, { a: null, d: true, e: undefined, sometimes: { c: 1 } }),
        ],
      },
      'made.json',
    );
    expect(table.names).toEqual(['a', 'b', 'toString', 'd', 'e']);
    expect(table.length).toBe(2);
    expect(table.file).toBe('made.json');
    const cells = (row: number) => table.names.map((_, column) => table.cell(row, column));
    expect(cells(0)).toEqual(['1', 'x', 'own', '', '']);
    expect(cells(1)).toEqual(['', '', '', 'true', '']);
    expect([table.cell(2, 0), table.cell(0, 9), table.cell(2, 9)]).toEqual(['', '', '']);
    expect([table.line(0), table.line(1)]).toEqual([1, 2]);
  });

  it('takes a bare list, and is called <input> without a name', () => {
    const table = perSampleTable([{ a: 1 }]);
    expect([table.names, table.file]).toEqual([['a'], '<input>']);
  });

  it('refuses what is no list of samples', async () => {
    for (const value of [null, undefined, 7, 'per_sample_results', {}, [], { per_sample_results: [] }]) {
      expect(await faultOf(() => perSampleTable(value, 'made.json'))).toEqual({
        code: 'stage/bad-json',
        message: 'per_sample_results: must be a list of at least one sample; got "nothing" (made.json)',
        value: 'nothing',
        file: 'made.json',
      });
    }
  });

  it('refuses a sample that is no object', async () => {
    for (const [value, text] of [
      [7, '7'],
      [null, 'null'],
      [[1], 'an array of 1'],
      ['a', '"a"'],
    ]) {
      expect(await faultOf(() => perSampleTable([{ a: 1 }, value], 'made.json'))).toEqual({
        code: 'stage/bad-json',
        message: `per_sample_results[1]: must be an object; got ${text} (made.json)`,
        file: 'made.json',
        value,
      });
    }
  });
});

describe('readMeasurements', () => {
  /** One chunk a byte, in a buffer that is used again. */
  async function* byteByByte(text: string): AsyncGenerator<Uint8Array> {
    const chunk = new Uint8Array(1);
    for (const byte of new TextEncoder().encode(text)) {
      chunk[0] = byte;
      yield chunk;
    }
  }
  const cellsOf = async (text: string) => {
    const table = await readMeasurements(byteByByte(text));
    return Array.from({ length: table.length }, (_, row) =>
      table.names.map((_name, column) => table.cell(row, column)),
    );
  };

  it('tells CSV, JSON lines, a list and the published JSON apart, blanks before them or not, from chunks of any size', async () => {
    for (const text of [
      'a,b\n1,2\n3,4\n',
      'a\tb\n1\t2\n3\t4\n',
      '{"a":1,"b":2}\n{"a":3,"b":4}\n',
      '{"a":1,"b":2} \r\n{"a":3,"b":4}\r\n',
      '[{"a":1,"b":2},{"a":3,"b":4}]',
      ' \n [\n{"a":1,"b":2},{"a":3,"b":4}] \n',
      '{"per_sample_results" : [{"a":1,"b":2},{"a":3,"b":4}]}',
      '{"per_sample_results":[{"a":1,"b":2},{"a":3,"b":4}]}',
      '\n {"T_total":\n7,"per_sample_results":\n[{"a":1,"b":2},{"a":3,"b":4}]}\n',
      '[{"per_sample_results":[{"a":1,"b":2}]},{"per_sample_results":[{"a":3,"b":4}]}]',
      '{"per_sample_results":[{"b":2}],"a":1}\n{"per_sample_results":[{"b":4}],"config":{"a":3}}\n',
    ]) {
      expect(await cellsOf(text)).toEqual([
        ['1', '2'],
        ['3', '4'],
      ]);
    }
  });

  it('takes a first line of more than 4 kB for a JSON line', async () => {
    const long = 'x'.repeat(5000);
    expect(await cellsOf(`{"a":1,"b":"${long}"}\n{"a":3,"b":"y"}\n`)).toEqual([
      ['1', long],
      ['3', 'y'],
    ]);
  });

  it('names a file <input> that has no name, in tables and in faults', async () => {
    expect((await readMeasurements(streamOf('a\n1\n'))).file).toBe('<input>');
    expect((await readMeasurements(streamOf('a\n1\n'), 'x.csv')).file).toBe('x.csv');
    expect((await readMeasurements(streamOf('[{"a":1}]'), 'x.json')).file).toBe('x.json');
    expect(await faultOf(() => readMeasurements(streamOf('[{"a":1}')))).toMatchObject({
      code: 'stage/bad-json',
      file: '<input>',
      message: expect.stringMatching(
        /^file: must be one JSON value with per_sample_results, or JSON lines \(<input>\): ./,
      ),
    });
  });

  it('refuses JSON that is no UTF-8', async () => {
    async function* latin(): AsyncGenerator<Uint8Array> {
      yield Uint8Array.from('[{"a":"ä"}]', (character) => character.charCodeAt(0));
    }
    expect(await faultOf(() => readMeasurements(latin(), 'x.json'))).toMatchObject({
      code: 'stage/bad-json',
      file: 'x.json',
    });
  });
});

describe('rows without a stage', () => {
  const csv = 'vision_tokens,T_projector,T_LLM_prefill,T_LLM_decode_per_token\n';

  it('are named with all their lines, blanks and numbers beyond a double among them', async () => {
    const rows = '64,0,10,1\n128,0,10,1\n192, ,10,1\n256,1e999,10,1\n300,1, 0 ,1\n400,2,3,-1\n500,1,1,1\n';
    expect(await faultOf(() => csvTable(csv + rows, { decodeSteps: 3 }))).toEqual({
      code: 'stage/missing-stage',
      message:
        'T_projector: must be a time above 0 ms in every row; got "0" (runs.csv:2:T_projector): of 7 rows 2 zero (lines 2, 3), 1 missing (line 4), 1 not a time above 0 (line 5); T_LLM_prefill: 1 zero (line 6); T_LLM_decode_per_token: 1 not a time above 0 (line 7); incomplete rows can be dropped',
      file: 'runs.csv',
      line: 2,
      column: 'T_projector',
      value: '0',
    });
    expect(await faultOf(() => csvTable(`${csv}64, 0 ,1,1\n128,1,1,1\n`, { decodeSteps: 3 }))).toMatchObject({
      value: '0',
    });
  });

  it('may not be all rows', async () => {
    expect(
      await faultOf(() => csvTable(`${csv}64,0,10,1\n128,1,,1\n`, { decodeSteps: 3, incomplete: 'drop' })),
    ).toMatchObject({
      code: 'stage/no-rows',
      message: 'rows: must be at least one with every stage; got 0 (runs.csv)',
      file: 'runs.csv',
    });
  });
});

describe('stages', () => {
  it('that are 0 everywhere are left out, unless there are no others', async () => {
    const csv = 'vision_tokens,T_projector,T_LLM_prefill\n64,0,10\n128,0,20\n';
    expect(messagesOf(await csvTable(csv))).toEqual([
      'zero-stage: T_projector: is 0 in every row: it adds nothing to the total and is left out (was it measured?)',
    ]);
    expect(await faultOf(() => csvTable(csv, { stages: ['T_projector'] }))).toMatchObject({
      code: 'stage/no-stages',
    });
  });

  it('must be named, by one of their names or as asked for', async () => {
    expect(await faultOf(() => csvTable('vision_tokens,other\n64,1\n'))).toEqual({
      code: 'stage/no-stages',
      message:
        'stages: must be at least one column of times in ms (known: T_vision_encoder, T_projector, T_LLM_prefill, T_LLM_decode_per_token); got "vision_tokens, other" (runs.csv)',
      value: 'vision_tokens, other',
      file: 'runs.csv',
    });
    expect((await csvTable('prefill_ms,vision_tokens,other\n3,64,1\n', { stages: [] })).stageNames).toEqual([
      'T_LLM_prefill',
    ]);
    expect(await faultOf(() => csvTable('vision_tokens,T_LLM_prefill\n64,1\n', { stages: ['T_other'] }))).toEqual({
      code: 'stage/missing-column',
      message: 'T_other: must be a column (vision_tokens, T_LLM_prefill) (runs.csv:T_other)',
      file: 'runs.csv',
      column: 'T_other',
    });
    expect(await faultOf(() => csvTable('vision_tokens,encoder_ms\n64,1\n', { stages: ['encodr_ms'] }))).toMatchObject({
      message: expect.stringMatching(/: did you mean encoder_ms\?$/),
    });
    const asked = await csvTable('vision_tokens,prefill_ms,other\n64,3,1\n', { stages: ['other', 'T_LLM_prefill'] });
    expect(asked.stagesMs.map((column) => [...column])).toEqual([[1], [3]]);
  });

  it('of the encoder alone win over the vision total, which wins over the projector', async () => {
    const names = async (header: string) =>
      (await csvTable(`${header},vision_tokens\n${header.replace(/[^,]+/g, '3')},64\n`)).stageNames;
    expect(await names('T_vision_total,T_vision_encoder,T_projector')).toEqual(['T_vision_encoder', 'T_projector']);
    expect(await names('T_vision_total,T_projector,T_LLM_prefill')).toEqual(['T_vision_total', 'T_LLM_prefill']);
    expect(await names('T_projector,T_vision_total_ms')).toEqual(['T_vision_total_ms']);
    expect(await names('T_projector,T_LLM_prefill')).toEqual(['T_projector', 'T_LLM_prefill']);
  });

  it('that count once a step are told by their names, or as asked for', async () => {
    const csv = 'vision_tokens,T_LLM_prefill,my_TPOT\n64,10,2\n128,20,3\n';
    const stages = ['T_LLM_prefill', 'my_TPOT'];
    expect((await csvTable(csv, { stages, decodeSteps: 4 })).total).toEqual({
      perStepStages: ['my_TPOT'],
      convention: 'prefill-emits-first',
      fixedSteps: 4,
    });
    const once = await csvTable(csv, { stages, perStepStages: [], decodeSteps: 4 });
    expect(once.total.perStepStages).toEqual([]);
    expect([...once.decodeSteps]).toEqual([0, 0]);
    expect(await faultOf(() => csvTable(csv, { stages, perStepStages: ['my_TPOT', 'T_x'] }))).toEqual({
      code: 'stage/bad-option',
      message: 'per-step stages: must be among T_LLM_prefill, my_TPOT; got "T_x"',
      value: 'T_x',
    });
  });
});

describe('knobs', () => {
  it('must be named, by one of their names or as asked for', async () => {
    expect(await faultOf(() => csvTable('T_LLM_prefill,other\n64,1\n'))).toEqual({
      code: 'stage/no-features',
      message:
        'features: must be at least one knob column (known: vision_tokens, prompt_tokens, top_k, active_blocks, task); got "T_LLM_prefill, other" (runs.csv)',
      value: 'T_LLM_prefill, other',
      file: 'runs.csv',
    });
    const names = async (options: StageDataOptions) =>
      (await csvTable('num_vision_tokens,T_LLM_prefill,other\n64,1,x\n', options)).knobs.map(({ name }) => name);
    expect(await names({ features: [] })).toEqual(['vision_tokens']);
    expect(await names({ features: ['other', 'vision_tokens'] })).toEqual(['other', 'vision_tokens']);
  });

  it('are numbers, or levels in alphabetical order, blanks around them or not', async () => {
    const { knobs } = await csvTable('vision_tokens,task,T_LLM_prefill\n 64 ,b,1\n128, a,2\n1e2,b ,3\n');
    expect(knobs).toEqual([
      { kind: 'numeric', name: 'vision_tokens', values: Float64Array.of(64, 128, 100) },
      { kind: 'category', name: 'task', levels: ['a', 'b'], values: Float64Array.of(1, 0, 1) },
    ]);
  });

  it.each([
    ['64\nmany', 'many', 3, 'a number, as in the other rows'],
    ['many\n64', 'many', 2, 'a number, as in the other rows'],
    ['64\n1e999', '1e999', 3, 'a number, as in the other rows'],
    ['64\n ', '', 3, 'a number, as in the other rows'],
    ['some\n ', '', 3, 'a level'],
    [' \nmany', '', 2, 'a level'],
  ])('%j is refused at its row', async (cells, value, line, rule) => {
    const csv = `vision_tokens,T_LLM_prefill\n${cells
      .split('\n')
      .map((cell) => `${cell},1`)
      .join('\n')}\n`;
    expect(await faultOf(() => csvTable(csv))).toEqual({
      code: 'stage/bad-value',
      message: `vision_tokens: must be ${rule}; got ${JSON.stringify(value)} (runs.csv:${line}:vision_tokens)`,
      file: 'runs.csv',
      line,
      column: 'vision_tokens',
      value,
    });
  });
});

describe('decode steps', () => {
  const csv = (...tokens: (number | string)[]) =>
    `output_tokens,vision_tokens,T_LLM_prefill,T_LLM_decode_per_token\n${tokens.map((n, i) => `${n},${64 + i},10,2\n`).join('')}`;

  it('are the output tokens less one, in whatever column they stand', async () => {
    expect([...(await csvTable(csv(1, 5))).decodeSteps]).toEqual([0, 4]);
    expect([...(await csvTable(csv(1, 5), { convention: 'decode-emits-all' })).decodeSteps]).toEqual([1, 5]);
    const two = 'n,output_tokens,vision_tokens,T_LLM_prefill,T_LLM_decode_per_token\n7,3,64,10,2\n';
    expect([...(await csvTable(two)).decodeSteps]).toEqual([2]);
    expect([...(await csvTable(two, { outputTokens: 'n' })).decodeSteps]).toEqual([6]);
    expect(await faultOf(() => csvTable(two, { outputTokens: 'm' }))).toMatchObject({
      code: 'stage/missing-column',
      column: 'm',
    });
  });

  it('are as asked for, and 0 is a number of them', async () => {
    const { decodeSteps: steps, total } = await csvTable(csv(1, 5), { decodeSteps: 0 });
    expect([...steps]).toEqual([0, 0]);
    expect(total.fixedSteps).toBe(0);
    expect('fixedSteps' in (await csvTable(csv(1, 5))).total).toBe(false);
    for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(await faultOf(() => csvTable(csv(1), { decodeSteps: value }))).toEqual({
        code: 'stage/bad-option',
        message: `decode steps: must be a number from 0; got ${value}`,
        value,
      });
    }
  });

  it('are 16 where nothing says, with a warning', async () => {
    const warning =
      'decode-convention: no column of output tokens: totals are taken over 16 decode steps (say otherwise with decode steps or output tokens)';
    const none = await csvTable('vision_tokens,T_LLM_prefill,T_LLM_decode_per_token\n64,10,2\n');
    expect([...none.decodeSteps]).toEqual([16]);
    expect(none.total.fixedSteps).toBe(16);
    expect(messagesOf(none)).toEqual([warning]);
    // A knob is no count of tokens that differs from request to request.
    const knob = await csvTable(csv(3, 5), { features: ['output_tokens'] });
    expect([...knob.decodeSteps]).toEqual([16, 16]);
    expect(messagesOf(knob)).toEqual([warning]);
  });

  it.each([
    ['0', '0'],
    ['0.5', '0.5'],
    ['', ''],
    ['many', 'many'],
    ['1e999', '1e999'],
  ])('%j output tokens are refused at their row', async (cell, value) => {
    expect(await faultOf(() => csvTable(csv(1, cell)))).toEqual({
      code: 'stage/bad-value',
      message: `output tokens: must be a number from 1; got ${JSON.stringify(value)} (runs.csv:3:output_tokens)`,
      file: 'runs.csv',
      line: 3,
      column: 'output_tokens',
      value,
    });
  });

  it('of fewer than one token are refused by themselves', async () => {
    expect(decodeSteps(1, 'prefill-emits-first')).toBe(0);
    expect(await faultOf(() => decodeSteps(0.5, 'decode-emits-all'))).toEqual({
      code: 'stage/bad-value',
      message: 'output tokens: must be at least 1; got 0.5',
      value: 0.5,
    });
  });
});

describe('knobTableFrom', () => {
  const rule = { perStepStages: ['x'], convention: 'prefill-emits-first' } as const;
  const table = perSampleTable(
    [
      { vision_tokens: 3, output_tokens: 4, n: 9, gpu: 'A' },
      { vision_tokens: 5, output_tokens: 8, n: 2, gpu: 'B' },
    ],
    'asked.json',
  );

  it('reads knobs and steps of the rows that pass the filter, and where they stand', () => {
    const knobs = knobTableFrom(table, ['vision_tokens'], rule, { filter: ['gpu=B'] });
    expect(knobs).toEqual({
      length: 1,
      knobs: [{ kind: 'numeric', name: 'vision_tokens', values: Float64Array.of(5) }],
      decodeSteps: Float64Array.of(7),
      outputTokens: Float64Array.of(8),
      origin: { files: ['asked.json'], lines: Uint32Array.of(2) },
      ids: undefined,
      warnings: [],
    });
  });

  it('says so where nothing tells the steps', async () => {
    const silent = await readMeasurements(streamOf('vision_tokens\n5\n'), 'asked.csv');
    const { warnings, outputTokens, decodeSteps } = knobTableFrom(silent, ['vision_tokens'], rule);
    expect(warnings.map(({ code }) => code)).toEqual(['decode-convention']);
    expect([outputTokens, ...decodeSteps]).toEqual([undefined, 16]);
  });

  it('takes steps as asked for, as the model has them, or from a column', () => {
    const steps = (total: Parameters<typeof knobTableFrom>[2], options = {}) => [
      ...knobTableFrom(table, ['vision_tokens'], total, options).decodeSteps,
    ];
    expect(steps(rule)).toEqual([3, 7]);
    expect(steps(rule, { decodeSteps: 6 })).toEqual([6, 6]);
    expect(steps({ ...rule, fixedSteps: 5 })).toEqual([5, 5]);
    expect(steps({ ...rule, fixedSteps: 5 }, { decodeSteps: 6 })).toEqual([6, 6]);
    expect(steps(rule, { outputTokens: 'n' })).toEqual([8, 1]);
    expect(steps({ ...rule, convention: 'decode-emits-all' })).toEqual([4, 8]);
    // Nothing counts once a step.
    expect(steps({ ...rule, perStepStages: [] }, { decodeSteps: 6 })).toEqual([0, 0]);
  });
});

describe('the file’s own sums', () => {
  const rows = (extra: (i: number) => object, per = true) =>
    [4, 8, 16].map((output_tokens, i) => ({
      ...extra(i),
      vision_tokens: 64 + i,
      output_tokens,
      T_LLM_prefill: 10,
      ...(per ? { T_LLM_decode_per_token: 2 } : {}),
    }));
  const totals = (excess: number) => rows((i) => ({ T_total: 10 + 2 * [4, 8, 16][i] + 2 * excess }));

  it('tell which convention they follow', () => {
    expect(messagesOf(tableOf(totals(-1)))).toEqual([]);
    expect(messagesOf(tableOf(totals(0)))).toEqual([
      "decode-convention: off by one: the file's own sums count every output token as a decode step (convention decode-emits-all), totals here follow prefill-emits-first",
    ]);
    expect(messagesOf(tableOf(totals(-1), { convention: 'decode-emits-all' }))).toEqual([
      "decode-convention: off by one: the file's own sums count one decode step less than output tokens (convention prefill-emits-first), totals here follow decode-emits-all",
    ]);
  });

  it('are one of them within 0.3 of a step, and none beyond', () => {
    const neither = (text: string) => [
      `decode-convention: the file's sums take ${text} decode steps against the output tokens: neither convention (0 or -1)`,
    ];
    for (const near of [-1.29, -0.71]) expect(messagesOf(tableOf(totals(near)))).toEqual([]);
    for (const near of [-0.29, 0.29]) {
      expect(messagesOf(tableOf(totals(near), { convention: 'decode-emits-all' }))).toEqual([]);
    }
    expect(messagesOf(tableOf(totals(-0.5)))).toEqual(neither('-0.5'));
    expect(messagesOf(tableOf(totals(0.32)))).toEqual(neither('+0.3'));
    expect(messagesOf(tableOf(totals(-3)))).toEqual(neither('-3.0'));
  });

  it('are not asked where the number of steps was given, where they are missing, or where nothing counts the steps', () => {
    expect(messagesOf(tableOf(totals(0), { decodeSteps: 7 }))).toEqual([]);
    expect(messagesOf(tableOf(rows(() => ({ T_total: null }))))).toEqual([]);
    expect(messagesOf(tableOf(rows(() => ({ T_LLM_decode: null }))))).toEqual([]);
    expect(messagesOf(tableOf(rows(() => ({}))))).toEqual([]);
    expect(messagesOf(tableOf(rows(() => ({ T_LLM_decode: 30 }), false)))).toEqual([]);
    const [untold] = rows(() => ({ T_LLM_decode: 30 })).map(({ output_tokens: _, ...row }) => row);
    expect(messagesOf(tableOf([untold ?? {}]))).toEqual([expect.stringContaining('no column of output tokens')]);
  });

  it('of the decode alone come first, and stand in the first column or in another', () => {
    const sums = (i: number) => 2 * [4, 8, 16][i];
    const contradictory = rows((i) => ({ T_LLM_decode: sums(i), T_total: 10 + sums(i) - 2 }));
    expect(messagesOf(tableOf(contradictory))).toEqual([expect.stringContaining('every output token')]);
    const last = rows(() => ({})).map((row, i) => ({ ...row, T_LLM_decode_ms: sums(i) }));
    expect(messagesOf(tableOf(last))).toEqual([expect.stringContaining('every output token')]);
    const first = [4, 8, 16].map((output_tokens, i) => ({
      output_tokens,
      vision_tokens: 64 + i,
      T_LLM_prefill: 10,
      T_LLM_decode_per_token: 2,
      T_total_ms: 10 + sums(i),
    }));
    expect(messagesOf(tableOf(first))).toEqual([expect.stringContaining('every output token')]);
  });

  it('without decode differ from the sum of the stages by at most 1 %', () => {
    const once = (share: number) =>
      messagesOf(
        tableOf(rows((i) => ({ T_total: i === 2 ? 99 : (10 + 5 + i) / (1 + share), T_vision_encoder: 5 + i }), false)),
      );
    expect(once(0.009)).toEqual([]);
    expect(once(-0.009)).toEqual([]);
    // The median of -10.1 %, -10 % and -82.8 %: that of the first two is the larger.
    expect(once(-0.1)).toEqual([
      'total-disagrees: T_total of the file and the sum of the stages differ by -10.0 % (median): is a stage missing?',
    ]);
    expect(once(0.125)).toEqual([
      'total-disagrees: T_total of the file and the sum of the stages differ by 12.5 % (median): is a stage missing?',
    ]);
    expect(messagesOf(tableOf(rows(() => ({ T_total: null }), false)))).toEqual([]);
  });
});

describe('repeats', () => {
  it('become their median, and their scatter the standard deviation of one over the mean', () => {
    const table = tableOf([
      { vision_tokens: 2, T_LLM_prefill: 10 },
      { vision_tokens: 1, T_LLM_prefill: 8 },
      { vision_tokens: 2, T_LLM_prefill: 12 },
      { vision_tokens: 1, T_LLM_prefill: 9 },
      { vision_tokens: 2, T_LLM_prefill: 17 },
      { vision_tokens: 3, T_LLM_prefill: 5 },
    ]);
    expect(table.stagesMs.map((column) => [...column])).toEqual([[12, 8.5, 5]]);
    expect([...table.repeats]).toEqual([3, 2, 1]);
    expect(table.origin?.lines).toEqual(Uint32Array.of(1, 2, 6));
    // sqrt(13)/13 of 10, 12, 17 and sqrt(1/2)/8.5 of 8, 9: the median is their mean.
    expect(table.noisePercent).toAgree((100 * (Math.sqrt(13) / 13 + Math.sqrt(0.5) / 8.5)) / 2, 1e-12);
  });

  it('of none scatter by nothing that is known', () => {
    const table = tableOf([sample, { ...sample, vision_tokens: 65 }]);
    expect(table.noisePercent).toBeNull();
    expect(mergeRepeats({ ...table, noisePercent: 3 }).noisePercent).toBe(3);
    expect([...mergeRepeats({ ...table, repeats: Uint32Array.of(4, 5) }).repeats]).toEqual([4, 5]);
  });

  it('are told by the names of levels, whatever their codes, and by the decode steps', () => {
    const [a, b] = [
      [
        { vision_tokens: 1, task: 'b', output_tokens: 3, T_LLM_decode_per_token: 1 },
        { vision_tokens: 1, task: 'a', output_tokens: 3, T_LLM_decode_per_token: 1 },
      ],
      [{ vision_tokens: 1, task: 'b', output_tokens: 4, T_LLM_decode_per_token: 1 }],
    ].map((records) => tableOf(records));
    expect(knobKeys(a as StageTable)).toEqual(['vision_tokens=1|task=b', 'vision_tokens=1|task=a']);
    expect(knobKeys(b as StageTable)).toEqual(['vision_tokens=1|task=b']);
    expect(configurationKeys(b as StageTable)).toEqual(['vision_tokens=1|task=b|3']);
  });
});

describe('takeConfigurations', () => {
  it('takes everything of the rows asked for, in their order', () => {
    const table = tableOf([
      { vision_tokens: 1, output_tokens: 3, T_LLM_prefill: 10, T_LLM_decode_per_token: 1 },
      { vision_tokens: 2, output_tokens: 4, T_LLM_prefill: 20, T_LLM_decode_per_token: 2 },
      { vision_tokens: 2, output_tokens: 4, T_LLM_prefill: 20, T_LLM_decode_per_token: 2 },
      { vision_tokens: 3, output_tokens: 5, T_LLM_prefill: 30, T_LLM_decode_per_token: 3 },
    ]);
    expect(takeConfigurations(table, [2, 1])).toEqual({
      ...table,
      length: 2,
      knobs: [{ kind: 'numeric', name: 'vision_tokens', values: Float64Array.of(3, 2) }],
      decodeSteps: Float64Array.of(4, 3),
      origin: { files: ['made.json', 'made.json'], lines: Uint32Array.of(4, 2) },
      stagesMs: [Float64Array.of(30, 20), Float64Array.of(3, 2)],
      repeats: Uint32Array.of(1, 2),
    });
  });

  it('of a grid, which stands in no file, has no place', () => {
    const some = takeKnobRows(gridConfigurations({ a: [1, 2, 3] }), [2]);
    expect('origin' in some).toBe(false);
    expect(placeOf(some, 0)).toEqual({});
    expect(placeOf(tableOf([sample]), 0)).toEqual({ file: 'made.json', line: 1 });
  });
});
