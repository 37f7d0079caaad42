import { isServerLog, MAX_BYTES, readTrace } from '@stepclock/trace-io';
import type { GivenFile } from '../../messages.js';
import type { TraceInput } from '../program.js';
import { chunksOf, headTextOf, startsAsGzip, textOf } from './given-text.js';
import type { LogFile } from './logs-of.js';

const hexOf = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Browsers compute digests on pages of this machine and of https only. */
const sha256Of = async (blob: Blob): Promise<string> =>
  globalThis.crypto.subtle === undefined ? '' : hexOf(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));

const settingsTextOf = async (meta: GivenFile): Promise<string> => {
  const head = await headTextOf(meta);
  return isServerLog(head) ? head : textOf(meta);
};

/** Reads a log in full, as the program reads a file. @param onShare told how much of it is read */
export const readLog = async ({ file, meta }: LogFile, onShare: (share: number) => void): Promise<TraceInput> => {
  const { name, blob } = file;
  const isPacked = await startsAsGzip(blob);
  // Beside the reading: a browser digests in a thread of its own.
  const sha256 = sha256Of(blob);
  sha256.catch(() => undefined);
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
    ...(meta && { metaJson: await settingsTextOf(meta), metaJsonName: meta.name }),
  });
  return { trace, requests: trace.requests?.length ?? null, name, sha256: await sha256 };
};
