import type { GivenFile } from '../../messages.js';
import { inputFault } from '../program.js';

const GZIP = [0x1f, 0x8b] as const;
/** What of a file tells what it is; servers print their settings when they start, and then for days. */
const HEAD_BYTES = 2 ** 20;
const PACKED_HEAD_BYTES = 2 ** 17;

export const startsAsGzip = async (blob: Blob): Promise<boolean> => {
  const head = new Uint8Array(await blob.slice(0, GZIP.length).arrayBuffer());
  return GZIP.every((byte, i) => head[i] === byte);
};

/** A stream's chunks. @throws Fault where a packed one does not unpack */
export async function* chunksOf(
  stream: ReadableStream<Uint8Array>,
  name: string,
  isPacked: boolean,
): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    if (!isPacked) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw inputFault(name, `must be a whole gzip file; got one that does not unpack (${why})`, undefined, {
      cause: error,
    });
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

export const textOf = async ({ blob, name }: GivenFile): Promise<string> => {
  const isPacked = await startsAsGzip(blob);
  const stream = isPacked ? blob.stream().pipeThrough(new DecompressionStream('gzip')) : blob.stream();
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of chunksOf(stream, name, isPacked)) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
};

/** The text that a file begins with: a megabyte, or what the first part of a packed one unpacks to; empty where it does not unpack. */
export const headTextOf = async ({ blob }: GivenFile): Promise<string> => {
  if (!(await startsAsGzip(blob))) return blob.slice(0, HEAD_BYTES).text();
  const reader = blob.slice(0, PACKED_HEAD_BYTES).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (let next = await reader.read(); !next.done && text.length < HEAD_BYTES; next = await reader.read())
      text += decoder.decode(next.value, { stream: true });
  } catch {
    // A part of a packed file has no end: what came before is what was asked for.
  }
  await reader.cancel().catch(() => undefined);
  return text;
};
