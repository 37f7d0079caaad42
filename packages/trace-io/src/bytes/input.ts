import { Fault } from '@stepclock/faults';
import type { BadRecords } from '../requests/bad-records.js';
import { ByteBuffer } from './byte-buffer.js';

/** Bytes in chunks: a Node stream, an async generator, a browser's `blob.stream()` or `response.body`. */
export type ByteSource = AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/** Any byte source as an async iterable (not every browser's streams are one). */
export function bytesOf(source: ByteSource): AsyncIterable<Uint8Array> {
  return Symbol.asyncIterator in source ? source : readStream(source);
}

async function* readStream(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) yield step.value;
  } finally {
    await reader.cancel();
  }
}

/** A byte stream being read, with what error messages and progress need to know of it. */
export interface Input {
  readonly source: AsyncIterable<Uint8Array>;
  readonly file: string;
  readonly onProgress: (bytes: number) => void;
  /** Takes the records that cannot be read; absent where the first of them ends the reading. */
  readonly bad?: BadRecords;
  /** The part of the stream that has been read, from 0 to 1; NaN where its size is not known. */
  readonly fractionRead?: () => number;
}

/** Takes a record of an input, or leaves it to the input's bad ones. */
export function attempted(input: Input, line: number, take: () => void): void {
  if (input.bad === undefined) take();
  else input.bad.attempt(line, take);
}

/** Bytes that a first line of JSON may have to be read whole for recognition. */
const LONGEST_FIRST_LINE = 8 * 1024 * 1024;
const LF = 0x0a;

/**
 * The first bytes of a stream, enough to recognise a format, and the whole stream again. A first line of JSON is among them to its end.
 *
 * Bytes that are no text of ours (UTF-16, gzip and other binaries) are refused here, by name, before any reader sees them.
 */
export async function peeked(
  source: AsyncIterable<Uint8Array>,
  file: string,
  headBytes: number,
): Promise<{ head: Uint8Array; all: AsyncIterable<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]();
  // The source may reuse its chunk for the next one: they are copied.
  const taken = new ByteBuffer();
  let oneLine = true;
  while (taken.length < headBytes || (oneLine && taken.length < LONGEST_FIRST_LINE && startsAsJson(taken.bytes))) {
    const { value, done } = await iterator.next();
    if (done) break;
    taken.append(value);
    oneLine &&= !value.includes(LF);
  }
  const all = taken.bytes;
  const head = startsAsJson(all) ? all : all.subarray(0, headBytes);
  refuseBinary(head, file);
  return { head, all: resumed(all, iterator) };
}

function startsAsJson(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7b || bytes[0] === 0x5b;
}

async function* resumed(taken: Uint8Array, iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield taken;
    for (let step = await iterator.next(); !step.done; step = await iterator.next()) yield step.value;
  } finally {
    // A reader that stops early (an error) must not leave a file open.
    await iterator.return?.();
  }
}

const SIGNATURES: readonly { readonly bytes: readonly number[]; readonly name: string; readonly hint: string }[] = [
  { bytes: [0xff, 0xfe], name: 'UTF-16 (little-endian) text', hint: 'save the file as UTF-8' },
  { bytes: [0xfe, 0xff], name: 'UTF-16 (big-endian) text', hint: 'save the file as UTF-8' },
  { bytes: [0x1f, 0x8b], name: 'gzip data', hint: 'decompress it first' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], name: 'Zstandard data', hint: 'decompress it first' },
  { bytes: [0x42, 0x5a, 0x68], name: 'bzip2 data', hint: 'decompress it first' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], name: 'xz data', hint: 'decompress it first' },
  {
    bytes: [0x50, 0x4b, 0x03, 0x04],
    name: 'a zip archive (or a spreadsheet)',
    hint: 'extract it, or export it as CSV',
  },
];

function refuseBinary(head: Uint8Array, file: string): void {
  if (head.length === 0) {
    throw new Fault('trace-io/empty-file', {
      what: 'file',
      file,
      line: 1,
      rule: 'must hold a trace',
      hint: 'the file is empty',
    });
  }
  const known = SIGNATURES.find(({ bytes }) => bytes.every((byte, i) => head[i] === byte));
  if (known) {
    throw new Fault('trace-io/not-utf8', {
      what: 'encoding',
      file,
      line: 1,
      value: known.name,
      rule: 'must be UTF-8 text',
      hint: known.hint,
    });
  }
}

const UTF8_BOM: readonly number[] = [0xef, 0xbb, 0xbf];

export function startsWithBom(bytes: Uint8Array): boolean {
  return UTF8_BOM.every((byte, i) => bytes[i] === byte);
}
