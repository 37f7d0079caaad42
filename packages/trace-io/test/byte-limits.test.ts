import { describe, expect, test } from 'vitest';
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
