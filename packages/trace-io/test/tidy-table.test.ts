import { describe, expect, it } from 'vitest';
import { decimalNumber, readTidyTable, rowsWhere } from '../src/index.js';

const read = (text: string) => readTidyTable(new Blob([text]).stream(), { fileName: 'stage.csv' });

describe('readTidyTable', () => {
  it('reads CSV cells as text, empty ones as empty text, and knows their lines', async () => {
    const table = await read('gpu,tokens,ms\n"A100, 80 GB",128,1.5\n\nH100,,2\n');
    expect(table.names).toEqual(['gpu', 'tokens', 'ms']);
    expect([0, 1, 2].map((c) => table.cell(0, c))).toEqual(['A100, 80 GB', '128', '1.5']);
    expect(table.cell(1, 1)).toBe('');
    expect([table.line(0), table.line(1)]).toEqual([2, 4]);
  });

  it('reads JSON lines; a field that a record lacks is empty', async () => {
    const table = await read('{"gpu":"A100","ms":1.5}\n{"gpu":"H100","tokens":8}\n');
    expect(table.names).toEqual(['gpu', 'ms', 'tokens']);
    expect([table.cell(0, 2), table.cell(1, 1), table.cell(1, 2)]).toEqual(['', '', '8']);
  });

  it.each([
    ['a,a\n1,2\n', /every name once; got "a" \(stage.csv:1:a\)/],
    ['a,b\n1\n', /2 cells/],
    ['a,b\n', /at least one row/],
    ['{"a":[1]}\n', /a number, text or true\/false/],
    ['', /empty/],
  ])('refuses %j', async (text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });
});

describe('rowsWhere', () => {
  const runs = 'gpu,batch,ms\nA100,8,1\nH100,8.0,2\na100,16,3\nH100,,4\n';
  const rows = async (...conditions: string[]) => [...rowsWhere(await read(runs), conditions)];

  it('takes text without case, numbers by value, either of several, and all conditions together', async () => {
    expect(await rows()).toEqual([0, 1, 2, 3]);
    expect(await rows('gpu=A100')).toEqual([0, 2]);
    expect(await rows('batch=8')).toEqual([0, 1]);
    expect(await rows('gpu=B200|h100', 'batch=8')).toEqual([1]);
    expect(await rows('batch=')).toEqual([3]);
    expect(await rows(' gpu =A100')).toEqual([0, 2]);
  });

  it.each([
    ['gpu', 'filter: must be column=value; got "gpu" (stage.csv)'],
    ['=8', 'filter: must be column=value; got "=8" (stage.csv)'],
    ['cpu=1', 'filter: must be the name of a column (gpu, batch, ms); got "cpu" (stage.csv)'],
    ['btach=1', 'filter: must be the name of a column (gpu, batch, ms); got "btach" (stage.csv): did you mean batch?'],
    ['gpu=B200', 'filter gpu: must be a value that rows have (A100, H100, a100); got "B200" (stage.csv:gpu)'],
    ['batch=0', 'filter batch: must be a value that rows have (, 16, 8, 8.0); got "0" (stage.csv:batch)'],
  ])('refuses %j', async (condition, message) => {
    const table = await read(runs);
    expect(() => rowsWhere(table, [condition])).toThrow(message);
  });
});

describe('decimalNumber', () => {
  it.each([
    ['1', 1],
    [' -2.5e3 ', -2500],
    ['+.5', 0.5],
    ['7.', 7],
    ['1E-2', 0.01],
    ['1e999', Number.POSITIVE_INFINITY],
  ])('%j is %d', (text, value) => {
    expect(decimalNumber(text)).toBe(value);
  });

  it.each(['', ' ', '0x10', '1e', '.', '1,5', '1_000', 'Infinity', 'NaN', '1 2'])('%j is no number', (text) => {
    expect(decimalNumber(text)).toBeNaN();
  });
});
