import type { JsonRecord } from './json-record.js';

/**
 * Whole nanoseconds since the epoch in a field, exactly: they have 19 digits, more than a double holds, and come as strings (OTLP) or as JSON
 * numbers, whose last digits JSON.parse has rounded already.
 */
export function nanosecondsOf(record: JsonRecord, name: string): bigint {
  const value = record.raw(name);
  if (typeof value === 'string' && /^\d{1,30}$/.test(value.trim())) return BigInt(value.trim());
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 1e30) return BigInt(value);
  throw record.fault(name, value, 'must be whole nanoseconds since the epoch');
}

/** Seconds from `origin` to `nanoseconds`, rounded once. */
export function secondsBetween(origin: bigint, nanoseconds: bigint): number {
  return Number(nanoseconds - origin) / 1e9;
}

const ISO = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,12}))?\s*(Z|UTC|[+-]\d\d:?\d\d)?$/i;

/**
 * Nanoseconds since the epoch of a date such as `2023-11-16 18:15:46.6805900` (any number of decimals, UTC where no zone is given);
 * `undefined` where it is none.
 */
export function nanosecondsOfDate(text: string): bigint | undefined {
  const match = ISO.exec(text.trim());
  if (match === null) return undefined;
  const [, day, time, fraction = '', zone = 'Z'] = match;
  const offset = /^[zu]/i.test(zone) ? 'Z' : zone.includes(':') ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`;
  const milliseconds = Date.parse(`${day}T${time}${offset}`);
  if (Number.isNaN(milliseconds)) return undefined;
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9));
}
