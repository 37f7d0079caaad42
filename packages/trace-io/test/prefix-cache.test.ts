import { describe, expect, test } from 'vitest';
import { readTrace } from '../src/index.js';

const row = (timestamp: number, input_length: number, hash_ids: unknown) =>
  `${JSON.stringify({ timestamp, input_length, output_length: 10, hash_ids })}\n`;
const cachedOf = async (text: string, prefixCacheBlocks?: number) => {
  const trace = await readTrace(new Blob([text]).stream(), {
    fileName: 'load.jsonl',
    ...(prefixCacheBlocks !== undefined && { prefixCacheBlocks }),
  });
  const { cachedTokens } = trace.requests ?? {};
  return cachedTokens && [...cachedTokens];
};

describe('a prefix cache before a workload with hashes', () => {
  const load = row(0, 1500, [1, 2, 3]) + row(10, 1400, [1, 2, 9]) + row(20, 1536, [1, 2, 3]) + row(30, 600, [7, 8]);

  test('finds the blocks that prompts share from their heads on, all but the last token at most', async () => {
    expect(await cachedOf(load, 100)).toEqual([0, 1024, 1535, 0]);
  });

  test('is not there unless asked for', async () => {
    expect(await cachedOf(load)).toBeUndefined();
  });

  // 1 2 3, then 1 2 9: of four blocks 3 is the oldest; of three blocks the last request left 1, 2 and 9.
  test('loses what was used longest ago', async () => {
    expect(await cachedOf(load, 3)).toEqual([0, 1024, 1024, 0]);
    expect(await cachedOf(load, 2)).toEqual([0, 1024, 1024, 0]);
  });

  test('of one prompt the tail goes first', async () => {
    const long = row(0, 2048, [1, 2, 3, 4]) + row(10, 2048, [1, 2, 3, 4]);
    expect(await cachedOf(long, 2)).toEqual([0, 1024]);
  });

  test('a block after one that is missing is not found', async () => {
    const gap = row(0, 1024, [1, 2]) + row(1, 1024, [3, 4]) + row(2, 1024, [9, 2]);
    expect(await cachedOf(gap, 10)).toEqual([0, 0, 0]);
  });

  test('Bailian has blocks of 16 tokens', async () => {
    const chat = (timestamp: number, hash_ids: number[]) =>
      `${JSON.stringify({ chat_id: timestamp, parent_chat_id: -1, timestamp, input_length: 40, output_length: 10, type: 'text', turn: 1, hash_ids })}\n`;
    expect(await cachedOf(chat(0, [1, 2, 3]) + chat(1, [1, 2, 4]), 10)).toEqual([0, 32]);
  });

  test('asks for hashes, for the order of arrival and for a format that has them', async () => {
    const faults = [
      [row(0, 10, undefined), /list of the hashes of the prompt.*load.jsonl:1:hash_ids/],
      [row(0, 10, [{}]), /must be the list of the hashes of the prompt/],
      [row(5, 10, [1]) + row(4, 10, [1]), /timestamp: must not be earlier.*load.jsonl:2:timestamp/],
      [
        'TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,10,10\n',
        /\(bailian, mooncake\).*azure has none/,
      ],
    ] as const;
    for (const [text, message] of faults) await expect(cachedOf(text, 10)).rejects.toThrow(message);
  });
});
