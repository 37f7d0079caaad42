import { Fault, MOST_LEVELS, nestsTooDeep } from '@stepclock/faults';
import { ByteBuffer } from '../bytes/byte-buffer.js';
import { type Input, startsWithBom } from '../bytes/input.js';
import { isObject, JsonRecord } from './json-record.js';
import { parsedJson } from './non-finite.js';

const LF = 0x0a;
/** A line is held whole: longer ones are another kind of file. */
const LONGEST_LINE = 64 * 1024 * 1024;
/** Blank lines one after another that a log may have. */
const MOST_BLANK_LINES = 2 ** 20;
/** Lines that are shorter cannot nest deep enough to hurt. */
const SHORT_LINE = 64 * 1024;

/** A line of a text. */
interface Line {
  readonly line: number;
  /** Without its end; hold until the next line. */
  readonly bytes: Uint8Array;
  /** Whether it has its end: the last line of a file may lack it. */
  readonly isEnded: boolean;
}

/** The lines of a text stream, blank ones left out. Memory is one chunk and one line. */
export async function* linesOf(input: Input): AsyncGenerator<Line> {
  // The source may reuse its chunk for the next one: what is kept of one is copied.
  const kept = new ByteBuffer();
  let line = 1;
  let bytesRead = 0;
  let blank = 0;
  const counted = (bytes: Uint8Array): boolean => {
    blank = isBlank(bytes) ? blank + 1 : 0;
    if (blank <= MOST_BLANK_LINES) return blank === 0;
    const rule = `must have at most ${MOST_BLANK_LINES} blank lines one after another`;
    throw new Fault('trace-io/too-many-blank-lines', { what: 'file', file: input.file, line, rule });
  };
  for await (const chunk of input.source) {
    let from = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, from)) {
      let bytes = chunk.subarray(from, end);
      if (kept.length > 0) {
        kept.append(bytes);
        bytes = kept.bytes;
      }
      if (counted(bytes)) yield { line, bytes, isEnded: true };
      kept.clear();
      line++;
      from = end + 1;
    }
    if (from < chunk.length) {
      kept.append(chunk.subarray(from));
      if (kept.length > LONGEST_LINE) {
        throw new Fault('trace-io/line-too-long', {
          what: 'line',
          file: input.file,
          line,
          rule: `must be at most ${LONGEST_LINE} bytes`,
        });
      }
    }
    bytesRead += chunk.length;
    input.onProgress(bytesRead);
  }
  if (!isBlank(kept.bytes)) yield { line, bytes: kept.bytes, isEnded: false };
}

/**
 * Hands out the objects of a JSON lines stream. Integers of 16 digits and more in the fields `exactIntegers` come as strings: JSON.parse would round them.
 * NaN and Infinity are null. Lines that cannot be read, or whose taking finds a fault, are left to `input.bad` where there is one.
 */
export async function eachJsonLine(
  input: Input,
  take: (record: JsonRecord, line: number) => void,
  exactIntegers: readonly string[] = [],
): Promise<void> {
  const { file, bad } = input;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  // A quote before and after the name: inside a JSON string both would be escaped.
  const long =
    exactIntegers.length === 0 ? undefined : new RegExp(`("(?:${exactIntegers.join('|')})"\\s*:\\s*)(\\d{16,})`, 'g');
  for await (const { line, bytes, isEnded } of linesOf(input)) {
    const recordOf = (): JsonRecord => new JsonRecord(parsedLine(bytes, line, file, decoder, long), file, line);
    if (bad === undefined) take(recordOf(), line);
    else if (isEnded || bytes.at(-1) === 0x7d) bad.attempt(line, () => take(recordOf(), line));
    else {
      const record = bad.whole(line, recordOf);
      if (record !== undefined) bad.attempt(line, () => take(record, line));
    }
  }
}

/** The object of a line. @throws Fault `trace-io/not-utf8`, `trace-io/bad-json` */
export function parsedLine(bytes: Uint8Array, line: number, file: string, decoder: TextDecoder, long?: RegExp) {
  let text: string;
  try {
    text = decoder.decode(line === 1 && startsWithBom(bytes) ? bytes.subarray(3) : bytes);
  } catch {
    throw new Fault('trace-io/not-utf8', { what: 'encoding', file, line, rule: 'must be valid UTF-8 text' });
  }
  if (bytes.length > SHORT_LINE && nestsTooDeep(bytes)) {
    const rule = `must have at most ${MOST_LEVELS} levels of nesting`;
    throw new Fault('trace-io/bad-json', { what: 'line', file, line, rule });
  }
  let value: unknown;
  try {
    value = parsedJson(long === undefined ? text : text.replace(long, '$1"$2"'));
  } catch (error) {
    throw new Fault('trace-io/bad-json', {
      what: 'line',
      file,
      line,
      value: text,
      rule: 'must be one JSON object',
      hint: reason(error),
    });
  }
  if (isObject(value)) return value;
  throw new Fault('trace-io/bad-json', { what: 'line', file, line, value: text, rule: 'must be one JSON object' });
}

/** V8 quotes the text in some messages; the value is shown anyway. */
const reason = (error: unknown): string | undefined =>
  error instanceof Error
    ? error.message.replace(/,? ?"[\s\S]*" is not valid JSON$/, '').slice(0, 100) || undefined
    : undefined;

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((b) => b === 0x20 || b === 0x09 || b === 0x0d);
}
