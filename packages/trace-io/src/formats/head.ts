import { nestsTooDeep } from '@stepclock/faults';
import { startsWithBom } from '../bytes/input.js';
import { normalised } from '../delimited/header.js';
import { parsedJson } from '../json/non-finite.js';
import { topKeys } from '../json/top-keys.js';
import type { Head } from './trace-format.js';

/** Bytes that recognition looks at. */
export const HEAD_BYTES = 64 * 1024;

/** What the first bytes of a file show at a glance. Never throws: what cannot be read here is an error of the reader later. */
export function headOf(bytes: Uint8Array): Head {
  const all = new TextDecoder().decode(startsWithBom(bytes) ? bytes.subarray(3) : bytes);
  const text = all.slice(0, HEAD_BYTES);
  const firstLine = (/^\s*(\S[^\r\n]*)/.exec(all)?.[1] ?? '').trim();
  const delimiter = firstLine.includes('\t') && !firstLine.includes(',') ? '\t' : ',';
  const json = firstLine.startsWith('{') || firstLine.startsWith('[');
  return {
    text,
    firstLine,
    delimiter,
    headerNames: json ? [] : firstLine.split(delimiter).map((name) => normalised(name.replace(/^"(.*)"$/, '$1'))),
    // What was cut off, and a list, is no object: reading megabytes of it would tell the same.
    firstObject: firstLine.startsWith('{') && firstLine.endsWith('}') ? objectOf(firstLine) : undefined,
    keys: json ? topKeys(text) : [],
  };
}

function objectOf(line: string): Readonly<Record<string, unknown>> | undefined {
  if (nestsTooDeep(line)) return undefined;
  try {
    const value = parsedJson(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
