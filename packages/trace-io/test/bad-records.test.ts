import { describe, expect, test } from 'vitest';
import { readTrace } from '../src/index.js';
import { text } from './streams.js';

const line = (i: number, change: object = {}): string =>
  JSON.stringify({
    request_id: `r${i}`,
    input_toks: 10,
    output_toks: 5,
    queued_ts: i,
    scheduled_ts: i + 1,
    first_token_ts: i + 2,
    last_token_ts: i + 3,
    ...change,
  });
const log = (count: number, changes: Readonly<Record<number, string>> = {}): string =>
  `${Array.from({ length: count }, (_, i) => changes[i] ?? line(i)).join('\n')}\n`;
const reversed = line(7, { first_token_ts: 7.9999995 });

describe('records that cannot be read', () => {
  test('are left out and counted while they are one in a hundred', async () => {
    const trace = await readTrace(
      text(log(300, { 7: reversed, 9: '{"request_id": "x"', 20: line(20, { input_toks: 'x' }) })),
    );
    expect(trace.requests?.length).toBe(297);
    expect(trace.exclusions).toMatchObject([
      { reason: 'time-order', message: expect.stringContaining('first_token_ts must be after'), count: 1, lines: [8] },
      { reason: 'bad-json', message: expect.stringContaining('must be one JSON object'), count: 1, lines: [10] },
      { reason: 'bad-field', message: expect.stringContaining('input_toks must be'), count: 1, lines: [21] },
    ]);
  });

  test('end the reading above that, with what they are', async () => {
    const changes = { 7: reversed, 9: '{"request_id": "x"' };
    await expect(readTrace(text(log(100, changes)), { fileName: 'a' })).rejects.toThrow(
      /^first_token_ts: must be after .* \(a:8:first_token_ts\): 2 of 100 records cannot be read, above the 1 % that may be left out \(--max-bad\): 1 time-order \(lines 8\), 1 bad-json \(lines 10\)$/,
    );
    expect((await readTrace(text(log(100, changes)), { maxBad: 0.02 })).requests?.length).toBe(98);
    await expect(readTrace(text(log(300, { 7: reversed })), { maxBad: 0 })).rejects.toMatchObject({ line: 8 });
  });

  test('a phase table ends at its first bad row, but for the few that a clock which was set back makes end before they start', async () => {
    const rows = Array.from({ length: 500 }, (_, i) => `r${i},decode,${i},${i + 5},0,10`);
    const table = (changed: Readonly<Record<number, string>>): string =>
      [
        'request_id,phase_type,t_start,t_end,prefill_tokens,decode_tokens',
        ...rows.map((row, i) => changed[i] ?? row),
      ].join('\n');
    const { phases, exclusions } = await readTrace(
      text(table({ 9: 'r9,decode,9,8.96,0,10', 30: 'r30,decode,30,30,0,1' })),
    );
    expect(phases?.length).toBe(498);
    expect(exclusions).toMatchObject([{ reason: 'empty-phase', count: 2, lines: [11, 32] }]);
    expect([9, 10, 497].map((row) => phases?.lineOf?.(row))).toEqual([12, 13, 501]);
    await expect(readTrace(text(table({ 9: 'r9,decode,9,x,0,10' })))).rejects.toMatchObject({ line: 11 });
  });

  test('do not hide that a file gave nothing', async () => {
    await expect(readTrace(text(`${reversed}\n`))).rejects.toMatchObject({ code: 'trace-io/time-order', line: 1 });
    await expect(
      readTrace(text(log(3000, Object.fromEntries(Array.from({ length: 2999 }, (_, i) => [i + 1, '{']))))),
    ).rejects.toThrow('1000 of 1001 records cannot be read');
  });

  test('a last line that is cut is left out of any log, however short', async () => {
    const trace = await readTrace(text(log(3) + line(3).slice(0, 40)));
    expect(trace.requests?.length).toBe(3);
    expect(trace.exclusions).toMatchObject([{ reason: 'cut-line', count: 1, lines: [4] }]);
    const steps =
      'Iteration(1): 0 context requests, 0 context tokens, 2 generation requests, 2 generation tokens, iteration elapsed time: 8.1 ms\n';
    expect((await readTrace(text(`${steps}${steps.slice(0, 60)}`))).exclusions).toMatchObject([
      { reason: 'cut-line', lines: [2] },
    ]);
  });

  test('are never repeated names with other contents', async () => {
    await expect(readTrace(text(log(300, { 9: line(8, { input_toks: 11 }) })))).rejects.toMatchObject({
      code: 'trace-io/duplicate-request',
    });
  });

  test('in tables of requests and of steps, too', async () => {
    const rows = Array.from({ length: 200 }, (_, i) => (i === 5 ? '0.01,5,x' : '0.01,5,2'));
    const steps = await readTrace(text(`duration_sec,prefill_tokens,decode_tokens\n${rows.join('\n')}\n`));
    expect(steps.steps?.length).toBe(199);
    expect(steps.exclusions).toMatchObject([{ reason: 'bad-number', count: 1, lines: [7] }]);
  });

  test('end a phase table at the first', async () => {
    const rows = Array.from({ length: 300 }, (_, i) => `r${i},prefill,${i},${i === 7 ? 'x' : i + 1},5,0`);
    const table = `request_id,phase_type,t_start,t_end,prefill_tokens,decode_tokens\n${rows.join('\n')}\n`;
    await expect(readTrace(text(table))).rejects.toMatchObject({ code: 'trace-io/bad-number', line: 9 });
  });
});

test('engines that share a log by number stay apart', async () => {
  const step = (engine: string) =>
    `(APIServer pid=1) INFO [loggers.py:199] Engine ${engine}: Iteration(1): 0 context requests, 0 context tokens, 2 generation requests, 2 generation tokens, iteration elapsed time: 8.1 ms\n`;
  expect((await readTrace(text(step('000') + step('001')))).steps?.instanceIds?.length).toBe(2);
});

test('a request whose chunks are out of order leaves nothing in the table of the others', async () => {
  const request = (i: number, chunks: readonly number[]) => ({
    start_time: i,
    end_time: i + 1,
    request: '',
    info: { input_tokens: 10, output_tokens: chunks.length, output_token_times: chunks },
  });
  const times = (i: number): number[] => [i + 0.1, i + 0.2, i + 0.3];
  const all = Array.from({ length: 200 }, (_, i) => request(i, i === 9 ? [9.1, 9.3, 9.05, 9.4] : times(i)));
  const { tokens, exclusions } = await readTrace(text(JSON.stringify(all)));
  expect(exclusions).toMatchObject([{ reason: 'bad-time', count: 1, unreadable: true }]);
  expect(tokens?.requestCount).toBe(199);
  expect([...(tokens?.chunkSec ?? [])]).toEqual(all.flatMap((_, i) => (i === 9 ? [] : times(i))));
});
