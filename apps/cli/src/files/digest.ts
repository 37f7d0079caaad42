import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Larger files are read a second time, by a thread of their own, while the first reading is parsed. */
const WORTH_A_THREAD = 8e6;

/** The thread's program, as text: it must run from sources and from the build alike. */
const PROGRAM = `
const { createHash } = require('node:crypto');
const { openSync, readSync } = require('node:fs');
const { parentPort, workerData } = require('node:worker_threads');
const file = openSync(workerData, 'r');
const block = Buffer.allocUnsafe(1 << 20);
const hash = createHash('sha256');
for (let n = readSync(file, block); n > 0; n = readSync(file, block)) hash.update(block.subarray(0, n));
parentPort.postMessage(hash.digest('hex'));
`;

/** The SHA-256 of an input, taken while it is read. */
export interface Digest {
  /** To be called with every chunk of the input as stored. */
  update(chunk: Uint8Array): void;
  hex(): Promise<string>;
}

/** The digest of an input: of a large file beside the reading of it, otherwise on the way. */
export const digestOf = (path: string | undefined, size: number | undefined): Digest => {
  if (path === undefined || size === undefined || size < WORTH_A_THREAD) {
    const hash = createHash('sha256');
    return { update: (chunk) => hash.update(chunk), hex: async () => hash.digest('hex') };
  }
  const worker = new Worker(PROGRAM, { eval: true, workerData: path });
  const message = once(worker, 'message').then(([hex]) => String(hex));
  // A fault of the thread counts when the digest is asked for, not before.
  message.catch(() => {});
  return { update: () => {}, hex: () => message };
};
