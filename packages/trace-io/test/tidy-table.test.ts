import { describe, expect, it } from 'vitest';
import { readTidyTable } from '../src/index.js';

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
