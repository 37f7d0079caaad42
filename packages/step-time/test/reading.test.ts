import { isFault } from '@stepclock/faults';
import { describe, expect, it } from 'vitest';
import { type ReadStepTimesOptions, readStepTimes, stepTimesOf } from '../src/index.js';
import { tableOf } from './fixture.js';

const HEAD = 'batch_size,avg_seq_len,step_time';

/** What a refusal holds for programs, beside its message. */
const refusal = async (text: string, options: ReadStepTimesOptions = {}, fileName?: string) => {
  const table = await tableOf(text, fileName);
  try {
    readStepTimes(table, options);
  } catch (error) {
    if (!isFault(error, 'step-time')) throw error;
    const { code, message, file, line, column, value } = error;
    return { code, message, file, line, column, value };
  }
  throw new Error('nothing was refused');
};

describe('numbers of a table', () => {
  it.each([
    ['8', 8],
    [' 8 ', 8],
    ['+8', 8],
    ['8.', 8],
    ['.5', 0.5],
    ['08.25', 8.25],
    ['1e2', 100],
    ['1.5E+01', 15],
    ['25e-1', 2.5],
    ['12.75', 12.75],
  ])('takes the decimal %j', async (text, value) => {
    expect(readStepTimes(await tableOf(`${HEAD}\n"${text}",10,0.1\n`)).batchSize[0]).toBe(value);
  });

  it.each(['', '.', 'e5', '1e', '1e+', '0x10', '1_000', '1 2', 'x8', '8x', '--8', 'Infinity', '-8', '0', '1e999'])(
    'refuses %j, with the place and the rule',
    async (text) => {
      expect(await refusal(`${HEAD}\n4,10,0.1\n"${text}",10,0.1\n`)).toEqual({
        code: 'step-time/bad-number',
        message: `batch_size: must be a number above 0; got ${JSON.stringify(text)} (steps.csv:3:batch_size)`,
        file: 'steps.csv',
        line: 3,
        column: 'batch_size',
        value: text,
      });
    },
  );

  it('keeps the line of every row, and rows in their order', async () => {
    const { length, batchSize, lines } = readStepTimes(
      await tableOf(`${HEAD},gpu\n3,10,0.1,A\n1,20,0.2,B\n2,30,0.3,A\n`),
      {
        filter: ['gpu=A'],
      },
    );
    expect([length, [...batchSize], [...(lines ?? [])]]).toEqual([2, [3, 2], [2, 4]]);
  });
});

describe('columns', () => {
  it('names the column that is missing, and those that are there', async () => {
    expect(await refusal('batch_size,step_time\n1,2\n')).toEqual({
      code: 'step-time/missing-column',
      message: 'avg_seq_len (or sequence_length): must be a column (steps.csv): the columns are batch_size, step_time',
      file: 'steps.csv',
      line: undefined,
      column: undefined,
      value: undefined,
    });
    expect(await refusal('seq,avg_seq_len\n1,2\n')).toMatchObject({
      message: 'batch_size: must be a column (steps.csv): the columns are seq, avg_seq_len',
    });
  });

  it('takes both names of the sequence length where they agree, whatever the notation', async () => {
    const text = 'batch_size,avg_seq_len,sequence_length,step_time\n1,20,2e1,0.1\n1,30,30.0,0.1\n';
    expect([...readStepTimes(await tableOf(text)).sequenceLength]).toEqual([20, 30]);
    expect(await refusal(`${text}1,40,41,0.1\n`)).toEqual({
      code: 'step-time/ambiguous-column',
      message:
        'avg_seq_len, sequence_length: must agree where both are given; got "40 and 41" (steps.csv:4:sequence_length)',
      file: 'steps.csv',
      line: 4,
      column: 'sequence_length',
      value: '40 and 41',
    });
  });

  it('offers known further features only where every row has a number', async () => {
    const whole = readStepTimes(await tableOf(`${HEAD},prefilling,kv_tokens,other\n1,10,0.1,-2,5,9\n1,20,0.2,0,6,9\n`));
    expect([...whole.further].map(([name, values]) => [name, [...values]])).toEqual([
      ['prefilling', [-2, 0]],
      ['kv_tokens', [5, 6]],
    ]);
    const gaps = readStepTimes(await tableOf(`${HEAD},prefilling,kv_tokens\n1,10,0.1,,5\n1,20,0.2,0,x\n`));
    expect(gaps.further.size).toBe(0);
  });

  it('reads features by name once, and refuses those of the model itself', async () => {
    const text = `${HEAD},prefilling,load\n1,10,0.1,1,-3\n1,20,0.2,2,0\n`;
    const { further } = readStepTimes(await tableOf(text), { features: ['load', 'prefilling'] });
    expect([...further].map(([name, values]) => [name, [...values]])).toEqual([
      ['load', [-3, 0]],
      ['prefilling', [1, 2]],
    ]);
    for (const own of ['batch_size', 'sequence_length', 'step_time', 'avg_seq_len']) {
      expect(await refusal(text, { features: [own] })).toMatchObject({
        code: 'step-time/bad-option',
        message: `features: must be beyond the model's own; got "${own}"`,
        value: own,
      });
    }
    expect(await refusal(`${HEAD},load\n1,10,0.1,x\n`, { features: ['load'] })).toMatchObject({
      code: 'step-time/bad-number',
      message: 'load: must be a finite number; got "x" (steps.csv:2:load)',
    });
    expect(await refusal(text, { features: ['nothing'] })).toMatchObject({
      code: 'step-time/missing-column',
      message:
        'nothing: must be a column (steps.csv): the columns are batch_size, avg_seq_len, step_time, prefilling, load',
    });
  });

  it('tells columns of two to twenty texts, but not of numbers, gaps, one text or identifiers', async () => {
    const row = (i: number) =>
      `1,${i + 1},0.1,${'ABC'[i % 3]},same,id${i},${i % 2 === 0 ? '' : 'x'},${i % 2 === 0 ? 'x' : 7},v${i % 20}`;
    const rows = Array.from({ length: 42 }, (_, i) => row(i));
    const { mixed } = readStepTimes(await tableOf(`${HEAD},gpu,model,id,gaps,half,twenty\n${rows.join('\n')}\n`));
    expect(mixed).toEqual([
      { column: 'gpu', values: ['A', 'B', 'C'] },
      { column: 'twenty', values: Array.from({ length: 20 }, (_, i) => `v${i}`).sort() },
    ]);
  });
});

describe('filters', () => {
  const text = `${HEAD},gpu\n1,10,0.1,A\n2,20,0.2,B\n4,30,0.3,A\n`;

  it('keep the rows that meet all of them', async () => {
    const times = readStepTimes(await tableOf(text), { filter: ['gpu=A', 'avg_seq_len=3e1'] });
    expect([times.length, [...times.batchSize], [...(times.lines ?? [])]]).toEqual([1, [4], [4]]);
    expect(times.mixed).toEqual([]);
  });

  it('that nothing meets are refused by the table, with what there is', async () => {
    const table = await tableOf(text);
    expect(() => readStepTimes(table, { filter: ['gpu=C'] })).toThrow(
      'filter gpu: must be a value that rows have (A, B); got "C"',
    );
  });
});

describe('plain arrays', () => {
  const fine = { batchSize: [1, 2], sequenceLength: [10, 20], stepTimeSec: [0.1, 0.2] };

  it('become columns, further ones by name', () => {
    const times = stepTimesOf({ ...fine, further: { load: [3, -4] } });
    expect(times).toEqual({
      length: 2,
      batchSize: Float64Array.of(1, 2),
      sequenceLength: Float64Array.of(10, 20),
      stepTimeSec: Float64Array.of(0.1, 0.2),
      further: new Map([['load', Float64Array.of(3, -4)]]),
    });
  });

  it.each([
    ['batch_size', { batchSize: [1, 0] }, 0],
    ['sequence_length', { sequenceLength: [1, Number.POSITIVE_INFINITY] }, Number.POSITIVE_INFINITY],
    ['step_time', { stepTimeSec: [1, -0.5] }, -0.5],
    ['step_time', { stepTimeSec: [1, Number.NaN] }, Number.NaN],
  ])('are refused by column and row: %s', (column, change, value) => {
    expect(() => stepTimesOf({ ...fine, ...change })).toThrow(
      expect.objectContaining({
        code: 'step-time/bad-number',
        message: `${column}: must be above 0; got ${value} (row 1)`,
        row: 1,
        value,
      }),
    );
  });

  it('must have a row', () => {
    expect(() => stepTimesOf({ batchSize: [], sequenceLength: [], stepTimeSec: [] })).toThrow(
      expect.objectContaining({
        code: 'step-time/no-rows',
        message: 'rows: must be at least one; got 0',
      }),
    );
  });
});
