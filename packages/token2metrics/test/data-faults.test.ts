import '@stepclock/vitest-matchers';
import { workbook } from '@stepclock/made-data';
import { describe, expect, it } from 'vitest';
import { plausibleRows } from '../src/quality/plausible-rows.js';
import { qualityFindings } from '../src/quality/quality.js';
import { loadMeasurements } from '../src/table/load-measurements.js';
import { bytes, load, loadOne } from './bundled.js';
import { tableOf } from './tables.js';

const HEADER = ['subject', 'question_id', 'ttft_ms', 'decode_time_ms', 'input_tokens', 'output_tokens'] as const;
const rows = Array.from({ length: 8 }, (_, k) => ['law', k, 40 + k, 100 * (k + 2), 50 + 10 * k, k + 2] as const);

describe('a workbook with further sheets', () => {
  const book = workbook({
    Summary: [['This is what was found'], ['mean', 3]],
    '8B': [HEADER, ...rows],
    Notes: [
      ['date', 'who'],
      ['today', 'me'],
    ],
  });

  it('is read where the header fits, and says what was passed over', async () => {
    const [table, ...others] = await loadMeasurements(book, { file: 'w.xlsx' });
    expect(others).toEqual([]);
    expect([table?.model, table?.length]).toEqual(['8B', 8]);
    expect(table?.findings.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      'other-sheets: 2 sheet(s) were passed over: Summary (without the columns of measurements), Notes (without the columns of measurements)',
    ]);
  });

  it('takes no means under the same header for a model, but names them', async () => {
    const summed = workbook({ '8B': [HEADER, ...rows], mean: [HEADER, rows[0] ?? []] });
    const [table, ...others] = await loadMeasurements(summed, { file: 'w.xlsx' });
    expect([table?.model, others]).toEqual(['8B', []]);
    expect(table?.findings.map(({ message }) => message)).toEqual([
      '1 sheet(s) were passed over: mean (1 row(s) beside longer sheets)',
    ]);
    expect((await loadMeasurements(summed, { file: 'w.xlsx', sheet: 'mean' }))[0]?.length).toBe(1);
  });

  it.each([true, false])('takes no hidden sheet unless told to (packed: %s)', async (packed) => {
    const both = workbook({ '8B': [HEADER, ...rows], 'A &amp; B': [HEADER, ...rows] }, packed, ['A &amp; B']);
    const [table, ...others] = await loadMeasurements(both, { file: 'w.xlsx' });
    expect([table?.model, others]).toEqual(['8B', []]);
    expect(table?.findings.map(({ message }) => message)).toEqual(['1 sheet(s) were passed over: A & B (hidden)']);
    expect((await loadMeasurements(both, { file: 'w.xlsx', sheet: 'A & B' }))[0]?.length).toBe(8);
  });

  it('is read at the sheet that it is told, and only there', async () => {
    expect((await loadMeasurements(book, { file: 'w.xlsx', sheet: '8B' }))[0]?.findings).toEqual([]);
    await expect(loadMeasurements(book, { file: 'w.xlsx', sheet: 'Notes' })).rejects.toThrow(
      'input_tokens: must be there',
    );
    await expect(loadMeasurements(book, { file: 'w.xlsx', sheet: '9B' })).rejects.toThrow(
      'sheet: must be one of Summary, 8B, Notes; got "9B" (w.xlsx)',
    );
    await expect(load('input_tokens,ttft_s\n1,2\n', { sheet: '8B' })).rejects.toThrow('sheet: must be left out');
  });

  it('is not unpacked where its directory says that it is a bomb', async () => {
    const bomb = Uint8Array.from(book);
    const view = new DataView(bomb.buffer);
    for (let at = 0; at + 4 < bomb.length; at++) {
      if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, 70 * 2 ** 20, true);
    }
    await expect(loadMeasurements(bomb, { file: 'b.xlsx' })).rejects.toThrow(
      /^workbook: must unpack to at most 256 MiB, 100 times its own size, and 32 MiB a sheet; got ".*" \(b\.xlsx\): save its sheet as CSV$/,
    );
    await expect(loadMeasurements(book.slice(0, -30), { file: 'cut.xlsx' })).rejects.toThrow('cut short');
  });
});

describe('cells without a value', () => {
  it('are named with their column and line, blank ones and errors of a spreadsheet', async () => {
    const [table] = await loadMeasurements(
      workbook({
        '8B': [
          HEADER,
          ...rows.map((row, k) =>
            row.map((cell, c) => (c === 2 && k === 1 ? '#DIV/0!' : c === 3 && k > 5 ? null : cell)),
          ),
        ],
      }),
    );
    expect(table?.findings.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      "blank-cells: 1 of 8 cells of ttft_ms are blank or hold a formula's error (line 3): these rows are left out of the ttft model",
      "blank-cells: 2 of 8 cells of decode_time_ms are blank or hold a formula's error (line 8, 9): these rows are left out of the decode model",
    ]);
    expect(table?.values.ttft?.[1]).toBeNaN();
    const csv = await loadOne('input_tokens,ttft_s\n1,2\n2,#DIV/0!\n3,\n');
    expect(csv.findings.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      'blank-cells: 1 of 3 cells of ttft_s are blank (line 4): these rows are left out of the ttft model',
      "error-cells: 1 of 3 cells of ttft_s hold a spreadsheet's error, #DIV/0! (line 3): these rows are left out of the ttft model",
    ]);
    expect((await loadOne('input_tokens,ttft_s,decode_s,output_tokens\n1,2,,3\n2,3,,4\n')).findings).toEqual([]);
  });
});

describe('token counts that are missing', () => {
  const jetson = 'subset,ground_truth_index,inference_time,prefill,decode,output_tokens,tokens_per_second\n';
  const lines = [
    ['law', 2.1, 0.1, 2, 20],
    ['law', 3.1, 0.1, 3, 30],
    ['art', 4.2, 0.2, 4, 40],
  ] as const;
  const text = `${jetson}${lines.map(([subset, total, ttft, decode, out]) => [subset, 1, total, ttft, decode, out, out / total].join()).join('\n')}\n`;
  const server = `subject,input_tokens,ttft_ms\nlaw,100,1\nlaw,200,1\nart,300,1\n`;
  const join = (other: string) => ({ join: { bytes: bytes(other), file: 's.csv' } });

  it('leave decode times to be learnt from the answers, and say so', async () => {
    const table = await loadOne(text);
    expect(table).not.toHaveProperty('inputTokens');
    expect([...(table.outputTokens ?? [])]).toEqual([20, 30, 40]);
    expect(table.findings.map(({ code }) => code)).toContain('no-input-tokens');
  });

  it('come from a table of the same questions, by order within a subject or by the question', async () => {
    expect([...((await loadOne(text, join(server))).inputTokens ?? [])]).toEqual([100, 200, 300]);
    const shuffled = 'subject,input_tokens,ttft_ms\nart,300,1\nlaw,100,1\nlaw,200,1\n';
    expect([...((await loadOne(text, join(shuffled))).inputTokens ?? [])]).toEqual([100, 200, 300]);
    const told = async (other: string) =>
      (await loadOne(text, join(other))).findings.find(({ code }) => code === 'joined-prompts')?.message;
    expect(await told(shuffled)).toBe(
      'prompt lengths were taken from s.csv, rows matched by the order within a subset, of which both have as many rows',
    );
    expect(await told('input_tokens\n1\n2\n3\n')).toContain('the order of the rows alone');
    await expect(load(text, join('subject,input_tokens\nlaw,100\nart,300\nlaw,200\n'))).rejects.toThrow(
      'join: must have a question_id in both tables, or the same subset row by row; got "law beside art" (run.csv:3)',
    );
    const asked = 'question_id,decode_s,output_tokens\nq2,2,20\nq1,3,30\n';
    const answers = join('question_id,input_tokens\nq1,7\nq2,8\nq3,9\n');
    expect([...((await loadOne(asked, answers)).inputTokens ?? [])]).toEqual([8, 7]);
    const book = workbook({
      '1.5B': [
        ['subject', 'input_tokens'],
        ['law', 1],
        ['law', 2],
        ['art', 3],
      ],
      '8B': [
        ['subject', 'input_tokens'],
        ['law', 4],
        ['law', 5],
        ['art', 6],
      ],
    });
    const own = await loadOne(text, { model: 'qwen-1.5b', join: { bytes: book, file: 's.xlsx' } });
    expect([...(own.inputTokens ?? [])]).toEqual([1, 2, 3]);
    await expect(loadOne(text, { model: '70B', join: { bytes: book, file: 's.xlsx' } })).rejects.toThrow(
      'join: must have a table of 70B; got "1.5B, 8B"',
    );
  });

  it.each([
    ['has no prompts', 'subject,x\nlaw,1\n', 'join: must have a column input_tokens (s.csv)'],
    [
      'has other rows',
      'subject,input_tokens\nlaw,1\n',
      'join: must have as many rows, or a question_id in both tables; got "1 for 3" (s.csv)',
    ],
    [
      'has other subjects',
      'subject,input_tokens\nlaw,1\nlaw,1\nlaw,1\n',
      'join: must have the question of every row; s.csv has none of this one; got "[\\"art\\",0]" (run.csv:4)',
    ],
  ])('are not made up where the other table %s', async (_, other, message) => {
    await expect(load(text, join(other))).rejects.toThrow(message);
  });

  it('are refused of answers whose decode time was measured, and named of others', async () => {
    await expect(load('input_tokens,decode_ms\n1,2\n')).rejects.toThrow(
      'output_tokens: must be there: decode_ms grows with them',
    );
    const { findings } = await loadOne('input_tokens,total_time_ms\n1,2\n');
    expect(findings.map(({ code }) => code)).toEqual(['no-output-tokens']);
  });
});

describe('values that cannot be', () => {
  const table = (energy: (row: number) => number, seconds = 1) =>
    tableOf({
      input: new Array(6).fill(100),
      output: [10, 20, 30, 40, 50, 60],
      ttft: new Array(6).fill(0.2 * seconds),
      decode: [1, 2, 3, 4, 5, 6].map((sec) => sec * seconds),
      total: [1, 2, 3, 4, 5, 6].map((sec) => (sec + 0.2) * seconds),
      power: new Array(6).fill(20),
      energy: [1, 2, 3, 4, 5, 6].map((sec, row) => 20 * (sec + 0.2) * energy(row)),
    });
  const said = (...measured: Parameters<typeof table>) =>
    plausibleRows(table(...measured)).map(({ code, message }) => `${code}: ${message}`);

  it('energy that is not power x time within 20 %', () => {
    expect(said(() => 1.19)).toEqual([]);
    expect(said((row) => (row === 2 ? 1.3 : 1))).toEqual([
      'energy-not-power-times-time: 1 of 6 rows have an energy that is not power x time within 20 % (line 4; 1.30 times as much by the median)',
    ]);
    expect(said(() => 1000)[0]).toContain(
      'a factor of 1000 is a unit: one of the three columns is not in the unit that it names',
    );
  });

  it('times a thousand times too large', () => {
    expect(said(() => 1000, 1000).map((text) => text.split(':')[0])).toEqual(new Array(3).fill('implausible-times'));
    expect(
      qualityFindings(table(() => 1000, 1000)).find(
        ({ metric, code }) => code === 'implausible-times' && metric === 'decode',
      )?.message,
    ).toContain('decode time is 100 s a token by the median: times are probably a thousand times too large');
    expect(said(() => 1)).toEqual([]);
  });
});

describe('what nobody counted, and what cannot be', () => {
  const codes = async (text: string) => qualityFindings(await loadOne(text)).map(({ code, metric }) => [code, metric]);

  it('decode times beside 0 output tokens are named', async () => {
    const found = await codes('input_tokens,output_tokens,decode_s\n9,0,1.5\n9,4,2\n');
    expect(found).toEqual([['decode-without-tokens', 'decode']]);
  });

  it.each([
    ['energy of 30 kW without a power column', 'total_s,energy_j\n9,4,5,150000\n', 'energy'],
    ['power in mW', 'total_s,power_w\n9,4,5,30000\n', 'power'],
    ['power in kW', 'total_s,power_w\n9,4,5,0.03\n', 'power'],
  ])('%s is named', async (_, rest, metric) => {
    expect(await codes(`input_tokens,output_tokens,${rest}`)).toContainEqual(['implausible-power', metric]);
  });

  it('rows of several engines under equal token counts are named, with the column that tells them apart', async () => {
    const line = (engine: string, k: number, sec: number) => `${engine},1,${100 * k},50,${sec}\n`;
    const rows = [1, 2, 3].flatMap((k) => [
      line('vllm', k, 6 + k),
      line('trt', k, 2 + k / 3),
      line('vllm', k, 6.1 + k),
    ]);
    const { findings } = await loadOne(
      `engine,gpus,input_tokens,output_tokens,latency_s,row\n${rows.map((row, k) => row.replace('\n', `,${k}\n`)).join('')}`,
    );
    expect(findings.map(({ code }) => code)).toEqual(['mixed-repeats']);
    expect(findings[0]?.message).toContain('by a factor of 3.0');
    expect(findings[0]?.message).toContain('engine differs between them');
    const alike = rows.filter((row) => row.startsWith('vllm')).join('');
    expect((await loadOne(`engine,gpus,input_tokens,output_tokens,latency_s\n${alike}`)).findings).toEqual([]);
  });
});
