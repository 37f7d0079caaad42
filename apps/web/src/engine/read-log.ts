import { MAX_BYTES, readTrace } from '@stepclock/trace-io';
import type { GivenFile } from '../messages.js';
import { inputFault, type TraceInput } from './program.js';

const GZIP = [0x1f, 0x8b] as const;

const startsAsGzip = async (blob: Blob): Promise<boolean> => {
  const head = new Uint8Array(await blob.slice(0, GZIP.length).arrayBuffer());
  return GZIP.every((byte, i) => head[i] === byte);
};

async function* chunksOf(
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

const hexOf = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Browsers compute digests on pages of this machine and of https only. */
const sha256Of = async (blob: Blob): Promise<string> =>
  globalThis.crypto.subtle === undefined ? '' : hexOf(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));

const textOf = async ({ blob, name }: GivenFile): Promise<string> => {
  const isPacked = await startsAsGzip(blob);
  const stream = isPacked ? blob.stream().pipeThrough(new DecompressionStream('gzip')) : blob.stream();
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of chunksOf(stream, name, isPacked)) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
};

const lastName = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

const isSettings = ({ name }: GivenFile): boolean => /(?:^|\.)meta\.json$/i.test(lastName(name));

/** A log, and the settings that came with it. */
interface LogFile {
  readonly file: GivenFile;
  readonly meta?: GivenFile;
}

/** The logs among some files: `LOG.meta.json` holds the settings of LOG, `meta.json` those of all others. */
export const logsOf = (files: readonly GivenFile[]): readonly LogFile[] => {
  const settings = files.filter(isSettings);
  const logs = files.filter((file) => !isSettings(file));
  // Settings alone are read as a log, so that the reader says what they are.
  if (logs.length === 0) return files.map((file) => ({ file }));
  const common = settings.find(({ name }) => lastName(name).toLowerCase() === 'meta.json');
  return logs.map((file) => {
    const own = (of: (name: string) => string) =>
      settings.find(({ name }) => of(name) === of(`${file.name}.meta.json`));
    const meta = own((name) => name) ?? own(lastName) ?? common;
    return meta === undefined ? { file } : { file, meta };
  });
};

/** Reads a log in full, as the program reads a file. @param onShare told how much of it is read */
export const readLog = async ({ file, meta }: LogFile, onShare: (share: number) => void): Promise<TraceInput> => {
  const { name, blob } = file;
  const isPacked = await startsAsGzip(blob);
  let taken = 0;
  const counted = blob.stream().pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform: (chunk, controller) => {
        taken += chunk.length;
        onShare(taken / blob.size);
        controller.enqueue(chunk);
      },
    }),
  );
  const stream = isPacked ? counted.pipeThrough(new DecompressionStream('gzip')) : counted;
  const trace = await readTrace(chunksOf(stream, name, isPacked), {
    fileName: name,
    maxBytes: MAX_BYTES,
    ...(isPacked ? { packedBytes: blob.size } : { sizeBytes: blob.size }),
    ...(meta && { metaJson: await textOf(meta), metaJsonName: meta.name }),
  });
  return { trace, requests: trace.requests?.length ?? null, name, sha256: await sha256Of(blob) };
};
