import { parsedJson } from '../src/json/non-finite.js';
import type { FormatFixture } from './format-fixtures.js';

const RECORDS = 5;
/** Attributes and events are a record's own fields, however they are spelt. */
const KEPT_WHOLE = ['attributes', 'events', 'tags'];

/** The fixture with a few records only: a fuzz run reads it many times. Parquet stays whole. */
export function smallFixture({ name, bytes }: FormatFixture): Uint8Array {
  if (/\.(?:parquet|db)$/.test(name)) return bytes;
  const text = new TextDecoder().decode(bytes);
  const encoder = new TextEncoder();
  if (name === 'otlp-console.json')
    return encoder.encode(`${text.split('\n}\n').slice(0, RECORDS).join('\n}\n')}\n}\n`);
  if (name.endsWith('.json')) return encoder.encode(JSON.stringify(cutLists(parsedJson(text)), null, 1));
  const header = name.includes('with-header') ? 12 : 1;
  const lines = text
    .split('\n')
    .slice(0, RECORDS + header)
    .map((line) => (line.length > 5000 ? JSON.stringify(cutLists(parsedJson(line))) : line));
  return encoder.encode(`${lines.join('\n')}\n`);
}

function cutLists(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, RECORDS).map(cutLists);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      KEPT_WHOLE.includes(key) ? inner : key === 'request_totals' ? {} : cutLists(inner),
    ]),
  );
}
