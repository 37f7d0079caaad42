import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { MOST_IDLE } from '../src/bounds/idle-limit.js';
import { readTrace, withinLimits } from '../src/index.js';

const MIB = 2 ** 20;

async function* zeros(chunks: number): AsyncGenerator<Uint8Array> {
  const chunk = new Uint8Array(MIB);
  for (let i = 0; i < chunks; i++) yield chunk;
}

const counted = async (source: AsyncIterable<Uint8Array>): Promise<number> => {
  let bytes = 0;
  for await (const chunk of source) bytes += chunk.length;
  return bytes;
};

describe('an input may unpack', () => {
  test('to what its limit allows, and no further', async () => {
    expect(await counted(withinLimits(zeros(3), { file: 'a', maxBytes: 3 * MIB }))).toBe(3 * MIB);
    await expect(counted(withinLimits(zeros(4), { file: 'a', maxBytes: 3 * MIB }))).rejects.toThrow(
      'file: must unpack to at most 3145728 bytes (a): --max-bytes allows more',
    );
  });

  test('to 64 MiB however small it was, and to a thousand times of its size', async () => {
    expect(await counted(withinLimits(zeros(64), { file: 'a', packedBytes: 100 }))).toBe(64 * MIB);
    await expect(counted(withinLimits(zeros(65), { file: 'a', packedBytes: 100 }))).rejects.toThrow(
      'must unpack to at most 1000 times its 100 bytes',
    );
    expect(await counted(withinLimits(zeros(65), { file: 'a', packedBytes: MIB }))).toBe(65 * MIB);
  });

  test('as a trace', async () => {
    await expect(readTrace(new Blob(['a,b\n1,2\n']).stream(), { maxBytes: 4 })).rejects.toMatchObject({
      code: 'trace-io/too-many-bytes',
    });
  });
});

/** A text of `times` copies, in chunks, as an unpacked bomb comes. */
async function* repeated(text: string, times: number, before = ''): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  const some = Math.max(1, Math.floor(MIB / text.length));
  const block = encoder.encode(text.repeat(some));
  yield encoder.encode(before);
  for (let done = 0; done < times; done += some) yield block;
}

describe('a small file that unpacks to a large one ends early', { timeout: 60_000 }, () => {
  const idle = (what: string, kind: keyof typeof MOST_IDLE = 'documents') =>
    `must have ${what} in one of ${MOST_IDLE[kind]} ${kind} one after another`;
  test.each([
    ['lines without a step', 'x\n', 'step-log', '', idle('a step', 'lines')],
    ['lines without a span', '{}\n', 'otlp', '{"name":1}\n', idle('a span of a request')],
    ['documents without a request', '{}\n', 'guidellm', '{"a":\n1}', idle('what is looked for')],
    ['requests that were not served', '{},', 'inference-perf', '[', idle('one that was served', 'requests')],
    [
      'tokens that nothing is looked for in',
      '[],',
      'guidellm',
      '[',
      'must have what is looked for in one of 2500000 tokens one after another',
    ],
    ['elements that are no spans', '[],', 'otlp', '[', idle('a span of a request')],
    ['prompt lengths without end', '1,', 'vllm-bench', '{"input_lens":[', 'must have at most 1500000 requests'],
    ['a text without end', 'x', 'vllm-bench', '{"a":"', 'must have at most 8388608 bytes in one text or run of blanks'],
    ['blanks without end', ' ', 'vllm-bench', '{', 'must have at most 8388608 bytes in one text or run of blanks'],
    ['a number without end', '1', 'vllm-bench', '{"a":', 'must have at most 1048576 bytes in one number'],
    ['brackets without end', '[', 'auto', '', 'must have at most 200 levels of nesting'],
    ['objects without end', '{"a":', 'auto', '', 'must have at most 200 levels of nesting'],
    ['a line of brackets', '[', 'request-log', '', 'line: must be at most 67108864 bytes'],
  ])('%s', async (_, text, format, before, rule) => {
    await expect(readTrace(repeated(text, 300 * MIB, before), { format })).rejects.toThrow(rule);
  });

  test('settings that are nothing but brackets', async () => {
    await expect(
      readTrace(new Blob(['a,b\n1,2\n']).stream(), { metaJson: '['.repeat(1000), metaJsonName: 'meta.json' }),
    ).rejects.toThrow('must have at most 200 levels of nesting (meta.json:1)');
  });

  test('a log without a step is still named as what it is', async () => {
    const log = repeated('INFO:     127.0.0.1 - "GET /health HTTP/1.1" 200 OK\n', 2 * MOST_IDLE.lines);
    await expect(readTrace(log)).rejects.toThrow('must be a log of a known format');
  });
});

describe('a Parquet file of few bytes', () => {
  const written = (columns: Parameters<typeof parquetWriteBuffer>[0]['columnData']): Blob =>
    new Blob([parquetWriteBuffer({ columnData: columns })]);

  test('whose dictionary holds a text that thousands of rows name: it is left out', async () => {
    const rows = 2000;
    const times = Float64Array.from({ length: rows }, (_, i) => i);
    const file = written([
      { name: 'request_id', data: Array.from(times, (i) => `r${i}`), type: 'STRING' },
      { name: 'phase_type', data: new Array(rows).fill('prefill'), type: 'STRING' },
      { name: 't_start', data: times, type: 'DOUBLE' },
      { name: 't_end', data: times.map((t) => t + 1), type: 'DOUBLE' },
      { name: 'prefill_tokens', data: new Array(rows).fill(9), type: 'INT32' },
      { name: 'decode_tokens', data: new Array(rows).fill(0), type: 'INT32' },
      { name: 'prompt', data: new Array(rows).fill('x'.repeat(17 * MIB)), type: 'STRING' },
    ]);
    expect(file.size).toBeLessThan(2 * MIB);
    expect((await readTrace(file.stream(), { fileName: 'a.parquet' })).phases).toHaveLength(rows);
    const ids = written([{ name: 'request_id', data: new Array(rows).fill('x'.repeat(17 * MIB)), type: 'STRING' }]);
    await expect(readTrace(ids.stream(), { format: 'phase-csv' })).rejects.toThrow('header: must have');
  });

  test('of more row groups than a library looks through in time', async () => {
    const file = new Blob([
      parquetWriteBuffer({
        columnData: [{ name: 'a', data: new Array(2001).fill(1), type: 'INT32' }],
        rowGroupSize: 1,
      }),
    ]);
    await expect(readTrace(file.stream())).rejects.toThrow('must have at most 2000 row groups; got 2001');
  });

  test('of more columns than a trace has, or with a footer that fills the memory', async () => {
    const columns = Array.from({ length: 1025 }, (_, i) => ({ name: `c${i}`, data: [1], type: 'INT32' as const }));
    await expect(readTrace(written(columns).stream())).rejects.toThrow('must have at most 1024 columns; got 1025');
    const footer = new Uint8Array(9 * MIB);
    footer.set([0x50, 0x41, 0x52, 0x31]);
    const size = footer.length - 12;
    new DataView(footer.buffer).setUint32(footer.length - 8, size, true);
    footer.set([0x50, 0x41, 0x52, 0x31], footer.length - 4);
    await expect(readTrace(new Blob([footer]).stream())).rejects.toThrow(
      `must have a footer of at most 4194304 bytes; got ${size}`,
    );
  });
});
