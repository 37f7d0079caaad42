import '@stepclock/vitest-matchers';
import { workbook } from '@stepclock/made-data';
import { describe, expect, it } from 'vitest';
import { type ColumnOptions, mapColumns } from '../src/table/column-map.js';
import { plainName } from '../src/table/column-names.js';
import { inferTimeUnits, type RawTimes } from '../src/table/infer-units.js';
import { loadMeasurements } from '../src/table/load-measurements.js';
import { rowsWith, runDurations, takeMeasurements } from '../src/table/measurements.js';
import type { Metric } from '../src/table/metric.js';
import { loadPowerSamples, looksLikePowerSamples } from '../src/table/power-samples.js';
import { readSheets } from '../src/table/sheet.js';
import { type Quantity, SI_UNIT, unitNames, unitOf, unitSuffix } from '../src/table/units.js';
import { bytes, load, loadOne } from './bundled.js';
import { tableOf } from './tables.js';
import { thrownBy } from './thrown.js';

const NaN_ = Number.NaN;
const refusal = async (call: Promise<unknown>): Promise<{ code: string; message: string }> => {
  const error: unknown = await call.then(
    () => new Error('nothing was thrown'),
    (reason: unknown) => reason,
  );
  return thrownBy(() => {
    throw error;
  });
};

describe('units', () => {
  it.each([
    ['time', 's', 1],
    ['time', 'ms', 1e-3],
    ['time', 'us', 1e-6],
    ['time', 'ns', 1e-9],
    ['time', 'min', 60],
    ['energy', 'J', 1],
    ['energy', 'mJ', 1e-3],
    ['energy', 'kJ', 1e3],
    ['energy', 'Wh', 3600],
    ['power', 'W', 1],
    ['power', 'mW', 1e-3],
    ['power', 'kW', 1e3],
  ] as const)('%s in %s is %d of the SI unit, in whatever case', (quantity, name, factor) => {
    for (const written of [name, name.toLowerCase(), name.toUpperCase()]) {
      expect(unitOf(quantity, written)).toEqual({ name, factor });
      expect(unitSuffix(`x_${written}`, quantity)).toEqual({ stem: 'x', unit: { name, factor } });
    }
    expect(unitNames(quantity)).toContain(name);
  });

  it('are those of their quantity', () => {
    expect(SI_UNIT).toEqual({ time: 's', energy: 'J', power: 'W' });
    expect(thrownBy(() => unitOf('power', 'J', { file: 'f.csv', line: 1, column: 'p' }))).toEqual({
      message: 'unit: must be one of W, mW, kW for a power; got "J" (f.csv:1:p)',
      code: 'token2metrics/unknown-unit',
    });
    expect(() => unitOf('time', 'constructor')).toThrow('got "constructor"');
  });

  it.each([
    ['total_time_ms', 'total_time'],
    [' ttft (ms) ', 'ttft'],
    ['ttft [ms]', 'ttft'],
    ['ttft ms', 'ttft'],
    ['ttft  _ms', 'ttft'],
    ['ttft(ms)', 'ttft'],
  ])('are read off the name %j', (name, stem) => {
    expect(unitSuffix(name, 'time')).toEqual({ stem, unit: { name: 'ms', factor: 1e-3 } });
  });

  it.each(['ms', '_ms', 'ttftms', 'ttft_ms2', 'ttft-ms', 'ttft_ms)x', 'ttft_\nms'])(
    'are not read off the name %j',
    (name) => {
      expect(unitSuffix(name, 'time')).toBeUndefined();
    },
  );

  it('are not looked for across lines', () => {
    expect(unitSuffix('a\nttft_ms', 'time')).toBeUndefined();
  });
});

describe('plainName', () => {
  it('is lower case, with underscores for spaces and dashes', () => {
    expect(plainName('  Input -  Tokens\t')).toBe('input_tokens');
    expect(plainName('TTFT')).toBe('ttft');
  });
});

describe('mapColumns', () => {
  const map = (names: string[], options: ColumnOptions = {}) =>
    mapColumns({ file: 'f.csv', names, length: 0, cell: () => '', line: () => 0 }, options);

  it('finds what there is, under any of its names', () => {
    expect(
      map([
        'Prompt Tokens',
        'completion-tokens',
        'TTFT (ms)',
        'decode_s',
        'latency',
        'gpu_energy_kJ',
        'avg power',
        'tokens_per_sec',
        'model_name',
        'sweep',
        'batch_size',
      ]),
    ).toEqual({
      input: 0,
      output: 1,
      metrics: {
        ttft: { index: 2, name: 'TTFT (ms)', unit: { name: 'ms', factor: 1e-3 } },
        decode: { index: 3, name: 'decode_s', unit: { name: 's', factor: 1 } },
        total: { index: 4, name: 'latency', unit: undefined },
        energy: { index: 5, name: 'gpu_energy_kJ', unit: { name: 'kJ', factor: 1e3 } },
        power: { index: 6, name: 'avg power', unit: undefined },
      },
      tokensPerSecond: 7,
      model: 8,
      group: 9,
      batch: 10,
    });
    expect(map(['x', 'input_tokens'])).toEqual({
      input: 1,
      output: undefined,
      metrics: {},
      tokensPerSecond: undefined,
      model: undefined,
      group: undefined,
      batch: undefined,
    });
    expect(Object.keys(map(['input_tokens', 'ttft_ms']).metrics)).toEqual(['ttft']);
  });

  it('takes what it is told, before what the names say', () => {
    const names = ['mine', 'input_tokens', 'ttft_ms', 'energy_a_j'];
    expect(
      map(names, { columns: { ttft: 'mine', energy: 'energy_a_j' }, units: { mine: 'us', energy_a_j: 'kJ' } }).metrics,
    ).toEqual({
      ttft: { index: 0, name: 'mine', unit: { name: 'us', factor: 1e-6 } },
      energy: { index: 3, name: 'energy_a_j', unit: { name: 'kJ', factor: 1e3 } },
    });
    expect(map(names, { units: { ttft_ms: 'S' } }).metrics.ttft?.unit).toEqual({ name: 's', factor: 1 });
  });

  it.each([
    [
      'a unit for no column',
      ['input_tokens', 'b'],
      { units: { c: 's' } },
      'units: must name a column of input_tokens, b; got "c" (f.csv:1)',
    ],
    [
      'a metric in no column',
      ['input_tokens', 'b'],
      { columns: { power: 'c' } },
      'columns.power: must name a column of input_tokens, b; got "c" (f.csv:1)',
    ],
    [
      'a unit that is none',
      ['input_tokens', 'decode'],
      { units: { decode: 'parsec' } },
      'unit: must be one of s, ms, us, ns, min for a time; got "parsec" (f.csv:1:decode)',
    ],
    [
      'two columns for a metric',
      ['input_tokens', 'decode_ms', 'decode_time'],
      {},
      'decode: must stand in one column: say which with columns.decode; got "decode_ms, decode_time" (f.csv:1)',
    ],
  ])('refuses %s', (_, names, options, message) => {
    expect(thrownBy(() => map(names, options)).message).toBe(message);
  });
});

describe('inferTimeUnits', () => {
  type Columns = Partial<Record<Metric, readonly [raw: readonly number[], unit?: string]>>;
  const times = (
    columns: Columns,
    rate: { output?: readonly number[]; perSecond?: readonly number[] } = {},
  ): RawTimes => ({
    file: 'f.csv',
    columns: Object.fromEntries(
      Object.entries(columns).map(([metric, [raw, unit]]) => [
        metric,
        {
          name: `the ${metric}`,
          unit: unit === undefined ? undefined : unitOf('time', unit),
          raw: Float64Array.from(raw),
        },
      ]),
    ),
    outputTokens: rate.output && Float64Array.from(rate.output),
    tokensPerSecond: rate.perSecond && Float64Array.from(rate.perSecond),
  });
  const told = (given: RawTimes) =>
    Object.fromEntries(
      Object.entries(inferTimeUnits(given)).map(([metric, { unit, evidence }]) => [metric, [unit.name, evidence]]),
    );
  /** Ten seconds a row. */
  const rate = { output: [100, 200], perSecond: [10, 20] };
  const RATE = 'output_tokens / tokens_per_second';

  it('believes what is declared', () => {
    expect(told(times({ ttft: [[1], 'ms'], decode: [[2], 's'], total: [[2001], 'ms'], energy: [[3], 's'] }))).toEqual({
      ttft: ['ms', undefined],
      decode: ['s', undefined],
      total: ['ms', undefined],
    });
    expect(inferTimeUnits(times({ ttft: [[1], 'ms'] })).ttft).not.toHaveProperty('evidence');
    expect(told(times({}))).toEqual({});
  });

  it.each([
    ['s', 10],
    ['ms', 1e4],
    ['us', 1e7],
    ['ns', 1e10],
  ])('tells %s from a rate', (unit, value) => {
    expect(told(times({ total: [[value, value]] }, rate))).toEqual({ total: [unit, RATE] });
    expect(told(times({ decode: [[value, value]] }, rate))).toEqual({ decode: [unit, RATE] });
  });

  it('needs agreement within a quarter', () => {
    for (const share of [0.76, 1.24])
      expect(told(times({ total: [[1e4 * share]] }, rate))).toEqual({ total: ['ms', RATE] });
    for (const share of [0.74, 1.26, 60]) {
      expect(() => inferTimeUnits(times({ total: [[1e4 * share]] }, rate))).toThrow('must have a unit in its name');
    }
  });

  it('goes by the median of the rows that have both', () => {
    const holes = { output: [100, 100, 100, 100, 0, 0], perSecond: [10, 0, NaN_, 10, 0, 10] };
    // 10 s, no rate, no rate, not timed, 0/0 and 5/0.
    expect(told(times({ total: [[1e4, 1e4, 1e4, 0, 5, 5]] }, holes))).toEqual({ total: ['ms', RATE] });
    expect(told(times({ total: [[0, 0, 0, 1e4]] }, { output: [9, 9, 9, 100], perSecond: [9, 9, 9, 10] }))).toEqual({
      total: ['ms', RATE],
    });
    expect(told(times({ total: [[1e4, 3, 1e4]] }, { output: [100, 100, 100], perSecond: [10, 10, 10] }))).toEqual({
      total: ['ms', RATE],
    });
    expect(() => inferTimeUnits(times({ total: [[NaN_]] }, { output: [1], perSecond: [1] }))).toThrow(
      'must have a unit in its name',
    );
    for (const half of [{ output: rate.output }, { perSecond: rate.perSecond }]) {
      expect(() => inferTimeUnits(times({ total: [[10, 10]] }, half))).toThrow('must have a unit in its name');
    }
  });

  it('does not take a prefill for the time of the whole answer', () => {
    expect(thrownBy(() => inferTimeUnits(times({ ttft: [[10, 10]] }, rate)))).toEqual({
      message: `the ttft: must have a unit in its name or a declared one (units: the ttft=ms); the numbers do not tell it either (f.csv:1)`,
      code: 'token2metrics/unknown-unit',
    });
  });

  it('tells a total from parts whose units are known', () => {
    expect(told(times({ ttft: [[500], 'ms'], decode: [[2], 's'], total: [[2500]] }))).toMatchObject({
      total: ['ms', 'the ttft + the decode'],
    });
    expect(told(times({ ttft: [[0.5], 's'], decode: [[2000], 'ms'], total: [[2500]] }))).toMatchObject({
      total: ['ms', 'the ttft + the decode'],
    });
    expect(() => inferTimeUnits(times({ ttft: [[500], 'ms'], decode: [[2], 's'], total: [[99]] }))).toThrow(
      'the total: must have a unit',
    );
    expect(() => inferTimeUnits(times({ ttft: [[500]], decode: [[2], 's'], total: [[2500]] }))).toThrow(
      'the total: must have a unit',
    );
    expect(() => inferTimeUnits(times({ ttft: [[500], 'ms'], decode: [[2]], total: [[2500]] }))).toThrow(
      'the total: must have a unit',
    );
    expect(() => inferTimeUnits(times({ decode: [[2], 's'], total: [[2]] }))).toThrow('the total: must have a unit');
    expect(() => inferTimeUnits(times({ ttft: [[2], 's'], total: [[2]] }))).toThrow('the total: must have a unit');
  });

  it('tells parts from a total, where they are written alike', () => {
    const evidence = 'the ttft + the decode = the total';
    expect(told(times({ ttft: [[500]], decode: [[2000]], total: [[2.5], 's'] }))).toEqual({
      ttft: ['ms', evidence],
      decode: ['ms', evidence],
      total: ['s', undefined],
    });
    expect(told(times({ ttft: [[0.5]], decode: [[2]], total: [[2500], 'ms'] }))).toMatchObject({
      ttft: ['s', evidence],
      decode: ['s', evidence],
    });
    expect(() => inferTimeUnits(times({ ttft: [[500]], decode: [[2000]], total: [[99], 's'] }))).toThrow(
      'the decode: must have a unit',
    );
    expect(() => inferTimeUnits(times({ decode: [[2000]], total: [[2.5], 's'] }))).toThrow(
      'the decode: must have a unit',
    );
    expect(() => inferTimeUnits(times({ ttft: [[2500]], total: [[2.5], 's'] }))).toThrow('the ttft: must have a unit');
  });

  it('takes a prefill to be written as the decode beside it, if neither name tells', () => {
    expect(told(times({ ttft: [[0.5, 0.5]], decode: [[10, 10]] }, rate))).toEqual({
      decode: ['s', RATE],
      ttft: ['s', 'the unit of the decode, which is written the same way'],
    });
    expect(() => inferTimeUnits(times({ ttft: [[0.5]], decode: [[10], 's'] }))).toThrow('the ttft: must have a unit');
    // The total's own evidence comes first, and does not hold here: the sum is no multiple of it.
    expect(told(times({ ttft: [[9e4, 9e4]], decode: [[1e4, 1e4]], total: [[10, 10], 's'] }, rate))).toMatchObject({
      ttft: ['ms', 'the unit of the decode, which is written the same way'],
    });
  });

  it.each([
    [21, 'times as much'],
    [20, 'times as much'],
    [19.9, undefined],
    [0.0502, undefined],
    [0.05, 'times as much'],
  ])('denies declared units that the arithmetic puts a factor of %d apart', (factor, message) => {
    const parts = (total: number) => times({ ttft: [[1], 's'], decode: [[3], 's'], total: [[total], 's'] });
    const rated = (value: number, metric: 'decode' | 'total') => times({ [metric]: [[value, value], 's'] }, rate);
    for (const given of [parts(4 * factor), rated(10 * factor, 'decode'), rated(10 * factor, 'total')]) {
      if (message === undefined) expect(() => inferTimeUnits(given)).not.toThrow();
      else expect(() => inferTimeUnits(given)).toThrow(message);
    }
  });

  it('says which unit is denied by what', () => {
    expect(
      thrownBy(() => inferTimeUnits(times({ ttft: [[1], 's'], decode: [[3], 's'], total: [[4000], 's'] }))),
    ).toEqual({
      message:
        'the total: must be in a unit that agrees with the ttft + the decode; got "1000 times as much" (f.csv:1)',
      code: 'token2metrics/unit-mismatch',
    });
    expect(thrownBy(() => inferTimeUnits(times({ decode: [[1e7, 1e7], 'ms'] }, rate)))).toMatchObject({
      message:
        'the decode: must be in a unit that agrees with output_tokens / tokens_per_second; got "1000 times as much" (f.csv:1)',
    });
    // The total is the longest there is; a decode beside it need not take as long as the rate says.
    expect(
      thrownBy(() => inferTimeUnits(times({ decode: [[0.1, 0.1], 's'], total: [[1e4, 1e4], 's'] }, rate))),
    ).toMatchObject({
      message: expect.stringContaining('the total: must'),
    });
    expect(told(times({ decode: [[0.1, 0.1], 's'], total: [[10, 10], 's'] }, rate))).toMatchObject({
      decode: ['s', undefined],
    });
    // A total without unit cannot stand in for a decode that is wrong.
    expect(
      thrownBy(() => inferTimeUnits(times({ decode: [[1e4, 1e4], 's'], total: [[1e4, 1e4]] }, rate))),
    ).toMatchObject({
      message: expect.stringContaining('the decode: must'),
    });
  });

  it('denies nothing on rows that cannot be compared', () => {
    expect(
      told(times({ ttft: [[0], 's'], decode: [[0], 's'], total: [[3], 's'] }, { output: [1], perSecond: [0] })),
    ).toMatchObject({ total: ['s', undefined] });
    expect(told(times({ ttft: [[1], 's'], total: [[400], 's'] }))).toMatchObject({ total: ['s', undefined] });
    expect(told(times({ ttft: [[1], 's'], decode: [[400], 's'] }))).toMatchObject({ decode: ['s', undefined] });
  });
});

describe('measurements', () => {
  const table = tableOf(
    { input: [1, 2, 3], output: [4, 5, 6], ttft: [0.5, 0, NaN_], total: [7, 8, 9] },
    { group: Int32Array.of(0, 1, 0), groupNames: ['a', 'b'] },
  );

  it('have a metric where its value is above zero', () => {
    expect([...rowsWith(table, 'ttft')]).toEqual([0]);
    expect([...rowsWith(table, 'total')]).toEqual([0, 1, 2]);
    expect([...rowsWith(table, 'power')]).toEqual([]);
  });

  it('give rows in the order asked for', () => {
    const taken = takeMeasurements(table, Int32Array.of(2, 0));
    expect(taken).toEqual({
      ...table,
      length: 2,
      inputTokens: Float64Array.of(3, 1),
      outputTokens: Float64Array.of(6, 4),
      values: { ttft: Float64Array.of(NaN_, 0.5), total: Float64Array.of(9, 7) },
      position: Int32Array.of(2, 0),
      line: Int32Array.of(4, 2),
      group: Int32Array.of(0, 0),
    });
    expect(takeMeasurements(tableOf({ input: [1] }), Int32Array.of(0))).not.toHaveProperty('outputTokens');
  });

  it('last as long as their total, else their parts, else the only part that there is', () => {
    const [input, output, ttft, decode, total] = [[1], [2], [3], [4], [9]];
    const lasts = (columns: object) => runDurations(tableOf({ input, ...columns }))?.[0];
    expect(lasts({ output, ttft, decode, total })).toBe(9);
    expect(lasts({ output, ttft, decode })).toBe(7);
    expect(lasts({ output, decode })).toBe(4);
    expect(lasts({ ttft })).toBe(3);
    // A prefill is not the run where there were answers too.
    expect(lasts({ output, ttft })).toBeUndefined();
    expect(lasts({ output })).toBeUndefined();
  });
});

describe('loadMeasurements', () => {
  it('keeps apart models and runs, names them, and numbers rows within a model', async () => {
    const text = 'model,run,input_tokens,ttft_s\nx,r1,1,1\n,r1,2,1\nx,r2,3,1\n,r3,4,1\nx,r1,5,1\n';
    const tables = await load(text, { model: 'other' });
    expect(
      tables.map(({ model, inputTokens, line, position, group, groupNames }) => [
        model,
        [...(inputTokens ?? [])],
        [...line],
        [...position],
        [...group],
        groupNames,
      ]),
    ).toEqual([
      ['x', [1, 3, 5], [2, 4, 6], [0, 1, 2], [0, 1, 0], ['r1', 'r2']],
      ['other', [2, 4], [3, 5], [0, 1], [0, 1], ['r1', 'r3']],
    ]);
    const [bare] = await loadMeasurements(bytes('input_tokens,ttft_s\n1,0.5\n2,0\n'));
    expect(bare).toEqual({
      model: '',
      file: '<input>',
      length: 2,
      inputTokens: Float64Array.of(1, 2),
      values: { ttft: Float64Array.of(0.5, 0) },
      position: Int32Array.of(0, 1),
      line: Int32Array.of(2, 3),
      group: Int32Array.of(0, 0),
      groupNames: [''],
      sources: { ttft: { column: 'ttft_s', unit: 's' } },
      findings: [],
    });
  });

  it('reads every way to write that there is no value', async () => {
    const words = ['', 'nan', 'NaN', 'NA', 'n/a', 'null', 'None'];
    const { values, outputTokens } = await loadOne(
      `input_tokens,output_tokens,ttft_s\n${words.map((word) => `1,0,${word}`).join('\n')}\n1,2,3\n`,
    );
    expect([...(values.ttft ?? [])]).toEqual([...words.map(() => NaN_), 3]);
    expect([...(outputTokens ?? [])]).toEqual([...words.map(() => 0), 2]);
  });

  it('leaves batches out, with their number, and keeps the places of the others', async () => {
    const { position, line, inputTokens, findings } = await loadOne(
      'batch,input_tokens,ttft_s\n1,10,3\n4,11,9\n2,12,9\n0,13,2\n',
    );
    expect([[...position], [...line], [...(inputTokens ?? [])]]).toEqual([
      [0, 3],
      [2, 5],
      [10, 13],
    ]);
    expect(findings).toEqual([
      {
        code: 'batched-rows',
        count: 2,
        rows: new Int32Array(0),
        message: '2 row(s) with a batch above 1 were left out: the model is of one request alone on its device',
        droppable: false,
      },
    ]);
    expect((await loadOne('batch,input_tokens,ttft_s\n1,10,3\n')).findings).toEqual([]);
    expect((await refusal(load('batch,input_tokens,ttft_s\n2,10,3\n'))).message).toMatch(
      /^model: must have at least one/,
    );
    expect(await refusal(load('model,batch,input_tokens,ttft_s\nx,2,10,3\n'))).toEqual({
      message: 'x: must have at least one request measured alone (batch 1) (run.csv)',
      code: 'token2metrics/no-rows',
    });
  });

  it('says how it knew a unit', async () => {
    const { values, findings, sources } = await loadOne(
      'input_tokens,output_tokens,total_time,tokens_per_second\n1,20,2000,10\n',
    );
    expect([...(values.total ?? [])]).toEqual([2]);
    expect(sources.total).toEqual({ column: 'total_time', unit: 'ms' });
    expect(findings).toEqual([
      {
        code: 'unit-inferred',
        metric: 'total',
        count: 0,
        rows: new Int32Array(0),
        message: 'column total_time names no unit; taken as ms, which is what output_tokens / tokens_per_second says',
        droppable: false,
      },
    ]);
  });

  it.each([
    [
      'a column of power without a unit',
      'input_tokens,power\n1,2\n',
      'unknown-unit',
      'power: must have a unit in its name or a declared one (units: power=W) (run.csv:1)',
    ],
    [
      'a number below zero',
      'input_tokens,ttft_s\n1,1\n1,-1\n',
      'bad-number',
      'ttft_s: must be a number of at least 0; got "-1" (run.csv:3)',
    ],
    [
      'an endless time',
      'input_tokens,ttft_s\n1,1e999\n',
      'bad-number',
      'ttft_s: must be a number of at least 0; got "1e999" (run.csv:2)',
    ],
    [
      'a request without a prompt',
      'input_tokens,ttft_s\n0,1\n',
      'bad-tokens',
      'input_tokens: must be a whole number from 1 to 1e9; got "0" (run.csv:2)',
    ],
    [
      'more tokens than there are',
      'input_tokens,ttft_s\n1e12,1\n',
      'bad-tokens',
      'input_tokens: must be a whole number from 1 to 1e9; got "1e12" (run.csv:2)',
    ],
    [
      'half a token',
      'input_tokens,output_tokens,ttft_s\n1,0.5,1\n',
      'bad-tokens',
      'output_tokens: must be a whole number from 0 to 1e9; got "0.5" (run.csv:2)',
    ],
    [
      'a misspelt column of prompts, and not for one that is known',
      'input_tokns,output_tokens,ttft_s\n1,1,1\n',
      'missing-column',
      'input_tokens: must be there: every request needs its prompt length, which cannot be made up; got "columns input_tokns, output_tokens, ttft_s" (run.csv:1): did you mean input_tokns?',
    ],
    [
      'the samples of a power meter',
      'run,elapsed_s,power_w\na,0,5\n',
      'missing-column',
      'file: must have one request a row; got "samples of a power meter, which loadPowerSamples (--power-samples) reads" (run.csv:1)',
    ],
  ])('refuses %s', async (_, text, code, message) => {
    expect(await refusal(load(text))).toEqual({ code: `token2metrics/${code}`, message });
  });
});

describe('loadPowerSamples', () => {
  const text = 'model,run,t_ms,rail_power_mw,utilization\nx,a,0,5000,0\ny,a,0,6000,1\nx,a,500,7000,99\nx,b,0,8000,3\n';

  it('keeps runs of the same name of two models apart', async () => {
    expect(await loadPowerSamples(bytes(text))).toEqual([
      {
        model: 'x',
        name: 'a',
        elapsedSec: Float64Array.of(0, 0.5),
        powerW: Float64Array.of(5, 7),
        usagePercent: Float64Array.of(0, 99),
      },
      {
        model: 'y',
        name: 'a',
        elapsedSec: Float64Array.of(0),
        powerW: Float64Array.of(6),
        usagePercent: Float64Array.of(1),
      },
      {
        model: 'x',
        name: 'b',
        elapsedSec: Float64Array.of(0),
        powerW: Float64Array.of(8),
        usagePercent: Float64Array.of(3),
      },
    ]);
  });

  it('needs neither models nor runs nor utilisation; times before the start are times', async () => {
    expect(await loadPowerSamples(bytes('elapsed_s,power_w\n-1,5\n0,6\n'))).toEqual([
      { model: '', name: '', elapsedSec: Float64Array.of(-1, 0), powerW: Float64Array.of(5, 6) },
    ]);
    const [first] = await loadPowerSamples(bytes('utilization,elapsed_s,power_w\n7,0,5\n'));
    expect(first?.usagePercent).toEqual(Float64Array.of(7));
    const [run] = await loadPowerSamples(bytes('run_id,elapsed_s,power_w\nq,0,5\n'));
    expect(run?.name).toBe('q');
    const [model] = await loadPowerSamples(bytes('model_name,elapsed_s,power_w\nq,0,5\n'));
    expect(model?.model).toBe('q');
  });

  it.each([
    ['elapsed_s,x\n0,1\n', 'power: must stand in a column such as power_w; got "elapsed_s, x" (p.csv:1)'],
    ['time,power_w\n0,1\n', 'elapsed: must stand in a column such as elapsed_s; got "time, power_w" (p.csv:1)'],
  ])('refuses %j', async (samples, message) => {
    expect(await refusal(loadPowerSamples(bytes(samples), 'p.csv'))).toEqual({
      message,
      code: 'token2metrics/missing-column',
    });
  });

  it.each(['', 'much', 'NaN'])('refuses the sample %j', async (value) => {
    expect(await refusal(loadPowerSamples(bytes(`run,elapsed_s,power_w\na,0,5\na,1,${value}\n`)))).toEqual({
      message: `power_w: must be a number; got ${JSON.stringify(value)} (<input>:3)`,
      code: 'token2metrics/bad-number',
    });
  });

  it('are told from requests by a time and a power with units', () => {
    expect(looksLikePowerSamples(['Elapsed (s)', 'GPU Power (W)'])).toBe(true);
    expect(looksLikePowerSamples(['elapsed', 'power_w'])).toBe(false);
    expect(looksLikePowerSamples(['elapsed_s', 'power'])).toBe(false);
    expect(looksLikePowerSamples(['elapsed_s'])).toBe(false);
    expect(looksLikePowerSamples(['power_w'])).toBe(false);
  });
});

describe('a workbook', () => {
  it('is read sheet by sheet, without what is empty', async () => {
    const book = workbook({
      '8B': [
        [' input_tokens ', 'ttft_s', null],
        [100, 1, null],
        [null, null, null],
        [null, ' ', null],
        [200, 2.5, 'note'],
        [300, null, null],
      ],
      empty: [],
      '14B': [
        ['input_tokens', 'ttft_s'],
        [400, ' 4 '],
      ],
    });
    const tables = await loadMeasurements(book, { file: 'w.xlsx', model: 'unused' });
    expect(
      tables.map(({ model, file, inputTokens, line, values }) => [
        model,
        file,
        [...(inputTokens ?? [])],
        [...line],
        [...(values.ttft ?? [])],
      ]),
    ).toEqual([
      ['8B', 'w.xlsx[8B]', [100, 200, 300], [2, 5, 6], [1, 2.5, NaN_]],
      ['14B', 'w.xlsx[14B]', [400], [2], [4]],
    ]);
  });

  it('gives the empty text for what is not there', async () => {
    const [sheet] = await readSheets(
      workbook({
        a: [
          ['x', 'y', 'z'],
          [1, null, 3],
        ],
      }),
      'w.xlsx',
    );
    expect([sheet?.cell(0, 0), sheet?.cell(0, 1), sheet?.cell(0, 2), sheet?.cell(0, 9), sheet?.cell(9, 0)]).toEqual([
      '1',
      '',
      '3',
      '',
      '',
    ]);
    expect([sheet?.line(0), sheet?.line(9)]).toEqual([2, 0]);
    expect([sheet?.title, sheet?.length, sheet?.names]).toEqual(['a', 1, ['x', 'y', 'z']]);
  });

  it('may have columns without a name, but none of the same', async () => {
    const [sheet] = await readSheets(
      workbook({
        a: [
          ['x', null, null, 'y'],
          [1, 2, 3, 4],
        ],
      }),
      'w.xlsx',
    );
    expect(sheet?.names).toEqual(['x', '', '', 'y']);
    expect(
      await refusal(
        loadMeasurements(
          workbook({
            a: [
              ['input_tokens', 'ttft_s', 'ttft_s '],
              [1, 2, 3],
            ],
          }),
          { file: 'w.xlsx' },
        ),
      ),
    ).toEqual({
      message: 'header: must have a name of its own for every column; got "ttft_s twice" (w.xlsx[a]:1)',
      code: 'token2metrics/ambiguous-column',
    });
  });

  it('needs rows', async () => {
    for (const book of [workbook({ a: [['input_tokens', 'ttft_s']] }), workbook({ a: [] })]) {
      expect(await refusal(loadMeasurements(book, { file: 'w.xlsx' }))).toEqual({
        message: 'file: must have at least one row (w.xlsx)',
        code: 'token2metrics/no-rows',
      });
    }
    expect(await refusal(loadPowerSamples(workbook({ a: [] }), 'w.xlsx'))).toEqual({
      message: 'file: must have at least one row (w.xlsx)',
      code: 'token2metrics/no-rows',
    });
  });

  it('must open', async () => {
    const error = await refusal(readSheets(bytes('PK but no zip'), 'w.xlsx'));
    expect(error).toMatchObject({ code: 'token2metrics/not-xlsx' });
    expect(error.message).toMatch(
      /^workbook: must be an Excel \.xlsx file; got "a zip archive that is cut short" \(w\.xlsx\)$/,
    );
    // One of the two letters is none.
    expect((await load('Prompt_tokens,ttft_s\n1,2\n'))[0]?.length).toBe(1);
    expect(await refusal(load('P,ttft_s\n1\n'))).toMatchObject({ message: expect.stringContaining('run.csv') });
  });
});

describe('quantities', () => {
  it('have names', () => {
    expect((['time', 'energy', 'power'] satisfies Quantity[]).map(unitNames)).toEqual([
      ['s', 'ms', 'us', 'ns', 'min'],
      ['J', 'mJ', 'kJ', 'Wh'],
      ['W', 'mW', 'kW'],
    ]);
  });
});
