import type { JsonRecord } from './json-record.js';

/** The record and the name that a path such as `timings.first` leads to; a field of that name goes first. */
export function fieldAt(record: JsonRecord, path: string): [JsonRecord, string] {
  if (record.has(path)) return [record, path];
  const parts = path.split('.');
  const name = parts.pop() ?? path;
  let at = record;
  for (const part of parts) {
    const inner = at.inner(part);
    if (inner === undefined) return [record, path];
    at = inner;
  }
  return [at, name];
}
