import { open, readFile, stat } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import type { Fault } from '@stepclock/faults';
import { type ByteLimits, withinLimits } from '@stepclock/trace-io';
import { inputFault } from '../session/errors.js';
import type { Io } from '../session/io.js';
import { type Digest, digestOf } from './digest.js';

/** An opened input: its bytes, already unpacked, and what is known of its size. */
export interface Input {
  /** For messages: the path, or `<stdin>`. */
  readonly name: string;
  /** A chunk holds until the next one is asked for: all may stand in the same memory. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Bytes of the file as stored; undefined for a stream. */
  readonly size: number | undefined;
  /** SHA-256 of the bytes as stored, in hex; once all of them are read. */
  readonly sha256: () => Promise<string>;
  /** Lets go of a file that was not read to its end. */
  readonly close: () => Promise<unknown>;
}

/** Standard input as a positional: yargs loses a lone dash there, so `run` puts this word in its place. */
export const STDIN = '<stdin>';

/** Whether a path stands for standard input. */
export const isStdin = (path: string): boolean => path === '-' || path === STDIN;

const GZIP = [0x1f, 0x8b] as const;
/** Large reads: the parsers work a block at a time. */
const READ_BYTES = 1 << 20;

/**
 * A file's bytes through one block of memory. (A stream's blocks are new ones, and a hundred megabytes of them pile up before anybody collects
 * them.)
 */
async function* fileBytes(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const block = new Uint8Array(READ_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(block, 0, READ_BYTES, null).catch((error: unknown) => {
        // A fault of reading does not say of what.
        throw error instanceof Error ? Object.assign(error, { path }) : error;
      });
      if (bytesRead === 0) return;
      yield block.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function* copied(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield chunk.slice();
}

async function* withFirst(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (first.length > 0) yield first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    // A reader that stops early must not leave a file open.
    await rest.return?.();
  }
}

const isUnpacking = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');

async function* unpacked(bytes: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  // A pipe reads ahead of what is unpacked.
  const gunzip = createGunzip();
  // A pipeline lets go of the file when the reader stops early or the unpacking fails, and hands on a fault of reading.
  pipeline(Readable.from(copied(bytes)), gunzip, () => {});
  try {
    yield* gunzip;
  } catch (error) {
    if (!isUnpacking(error)) throw error;
    throw inputFault(name, `must be a whole gzip file; got one that does not unpack (${error.message})`, undefined, {
      cause: error,
    });
  }
}

/** Unpacks gzip where the first two bytes say so, whatever the file's name. */
const maybeGunzip = async (
  bytes: AsyncIterable<Uint8Array>,
  limits: ByteLimits,
): Promise<AsyncIterable<Uint8Array>> => {
  const iterator = bytes[Symbol.asyncIterator]();
  let first: Uint8Array = new Uint8Array(0);
  while (first.length < GZIP.length) {
    const next = await iterator.next();
    if (next.done === true) break;
    first = first.length === 0 && next.value.length >= GZIP.length ? next.value : Buffer.concat([first, next.value]);
  }
  const whole = withFirst(first, iterator);
  return withinLimits(GZIP.every((byte, i) => first[i] === byte) ? unpacked(whole, limits.file) : whole, limits);
};

async function* tapped(bytes: AsyncIterable<Uint8Array>, digest: Digest): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    digest.update(chunk);
    yield chunk;
  }
}

/** What reading needs to know. */
export interface Reading {
  readonly io: Pick<Io, 'stdin'>;
  /** Bytes that an input may unpack to. */
  readonly maxBytes: number;
}

/**
 * Opens a path, or standard input for `-`. Gzip is unpacked on the way.
 *
 * @throws Fault `trace-io/too-many-bytes`, while it is read, where it unpacks to more than `maxBytes` or to too many times its size
 */
export const openInput = async (path: string, { io, maxBytes }: Reading): Promise<Input> => {
  if (isStdin(path)) {
    const digest = digestOf(undefined, undefined);
    return {
      name: STDIN,
      bytes: await maybeGunzip(tapped(io.stdin, digest), { file: STDIN, maxBytes }),
      size: undefined,
      sha256: digest.hex,
      close: async () => {},
    };
  }
  const facts = await stat(path);
  if (facts.isDirectory()) throw inputFault(path, 'must be a file; got a directory');
  const size = facts.isFile() ? facts.size : undefined;
  const digest = digestOf(path, size);
  const stored = fileBytes(path);
  const bytes = await maybeGunzip(tapped(stored, digest), { file: path, maxBytes, packedBytes: size });
  return { name: path, bytes, size, sha256: digest.hex, close: () => stored.return(undefined) };
};

/** A model, a sheet, settings: more than anybody writes, and less than a text in memory may have. */
const WHOLE_BYTES = 2 ** 28;

const tooLarge = (name: string): Fault =>
  inputFault(name, `must hold at most ${WHOLE_BYTES} bytes to be read as a whole`);

/** All bytes of an input that is read as a whole. */
export const allBytes = async ({ bytes, name }: Input): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of copied(bytes)) {
    length += part.length;
    if (length > WHOLE_BYTES) throw tooLarge(name);
    parts.push(part);
  }
  return Buffer.concat(parts);
};

/** The text of an input that is read as a whole, a model or a configuration, and its name for messages. */
export const readWhole = async (
  path: string,
  reading: Reading,
): Promise<{ readonly text: string; readonly name: string }> => {
  const input = await openInput(path, reading);
  return { text: (await allBytes(input)).toString('utf8'), name: input.name };
};

/** As much of a packed file unpacks to 135 MB at most, the start of any log among it. */
const PACKED_HEAD_BYTES = 2 ** 17;

/** The text that a file begins with, a megabyte or what a part of a gzip file unpacks to. @throws Fault where a packed one is none */
export const readHead = async (path: string): Promise<string> => {
  const stored = fileBytes(path);
  try {
    const { value: bytes = new Uint8Array(0) } = await stored.next();
    if (!GZIP.every((byte, i) => bytes[i] === byte)) return Buffer.from(bytes).toString('utf8');
    // Flushed, for a part of a file has no end.
    const options = { finishFlush: constants.Z_SYNC_FLUSH };
    return gunzipSync(bytes.subarray(0, PACKED_HEAD_BYTES), options).toString('utf8');
  } catch (error) {
    if (!isUnpacking(error)) throw error;
    throw inputFault(path, `must be a gzip file; got one that does not unpack (${error.message})`);
  } finally {
    await stored.return(undefined);
  }
};

/** A small file's text, or undefined when there is none. */
export const readTextIfThere = async (path: string): Promise<string | undefined> => {
  try {
    const facts = await stat(path);
    // A pipe would be waited for, a device has no end.
    if (!facts.isFile()) throw inputFault(path, 'must be a file');
    if (facts.size > WHOLE_BYTES) throw tooLarge(path);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw error;
  }
};
