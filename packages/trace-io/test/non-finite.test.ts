import { describe, expect, test } from 'vitest';
import { readTrace } from '../src/index.js';
import { NonFiniteFilter, parsedJson } from '../src/json/non-finite.js';
import { text } from './streams.js';

const filtered = (json: string, size: number): string => {
  const bytes = new TextEncoder().encode(json);
  const filter = new NonFiniteFilter();
  const decoder = new TextDecoder();
  let all = '';
  for (let at = 0; at < bytes.length; at += size) {
    all += decoder.decode(filter.write(bytes.subarray(at, at + size)), { stream: true });
  }
  return all + decoder.decode(filter.end());
};

describe("numbers of Python's JSON that JSON does not have", () => {
  const json = '{"NaN": "NaN, \\"-Infinity", "a": [NaN,-1e-5,-Infinity, Infinity], "ü\\\\": -2, "b":NaN}';
  const said = { NaN: 'NaN, "-Infinity', a: [null, -1e-5, null, null], 'ü\\': -2, b: null };

  test('are null in a text, and stay what they are inside strings', () => {
    expect(parsedJson(json)).toEqual(said);
    expect(() => parsedJson('{"a": Nan}')).toThrow(SyntaxError);
  });

  test.each([1, 2, 3, 7, 1000])('are null in a stream of chunks of %i bytes', (size) => {
    expect(JSON.parse(filtered(json, size))).toEqual(said);
    for (const other of ['{"a": Nan}', 'Infinite', '[-', '[-I', 'NN', '-Infinitx']) {
      expect(filtered(other, size)).toBe(other);
    }
  });

  const lists = (nan: string) =>
    `{"backend": "vllm", "mean_itl_ms": NaN, "input_lens": [5, 6], "output_lens": [2, 2], "ttfts": [0.1, ${nan}], "itls": [[0.1], [0.2]], "start_times": [1, 2]}`;

  test('leave out the request that needs them, and nothing else', async () => {
    expect((await readTrace(text(lists('0.2')))).requests?.length).toBe(2);
    const trace = await readTrace(text(lists('NaN')), { maxBad: 0.5 });
    expect(trace.requests?.length).toBe(1);
    expect(trace.exclusions).toMatchObject([{ reason: 'bad-field', count: 1, lines: [2], unreadable: true }]);
    const gap = await readTrace(text(lists('0.2').replace('[0.2]]', '[Infinity]]')), { maxBad: 0.5 });
    expect(gap.requests?.length).toBe(1);
  });

  test('do not hide what a file of lines is', async () => {
    const line = (timestamp: number) =>
      `{"timestamp": ${timestamp}, "input_length": 5, "output_length": 7, "x": NaN}\n`;
    expect((await readTrace(text(line(1) + line(2)))).facts.format).toBe('mooncake');
  });
});
