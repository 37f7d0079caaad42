import { isObject, type JsonObject, JsonRecord, numberOf } from '../json/json-record.js';
import { nanosecondsOf, nanosecondsOfDate } from '../json/nanoseconds.js';

/** Attributes of a span, an event or a resource by name, whatever their spelling in the file. */
export type Attributes = ReadonlyMap<string, unknown>;

interface SpanEvent {
  readonly name: string;
  readonly attributes: Attributes;
}

/** A span of any JSON export, in one shape. */
export interface Span {
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly startNs: bigint;
  /** Absent where the span has no end. */
  readonly endNs: bigint | undefined;
  readonly failed: boolean;
  readonly id: string;
  readonly record: JsonRecord;
  readonly line: number;
}

/** Reads OTLP's `[{ key, value: { intValue } }]` and plain `{ key: value }` alike. */
function attributesOf(value: unknown): Attributes {
  if (Array.isArray(value)) {
    return new Map(
      value.flatMap((entry: unknown): [string, unknown][] =>
        isObject(entry) && typeof entry.key === 'string' ? [[entry.key, plainValue(entry.value)]] : [],
      ),
    );
  }
  return new Map(isObject(value) ? Object.entries(value) : []);
}

const VALUE_FIELDS = [
  'stringValue',
  'intValue',
  'doubleValue',
  'boolValue',
  'string_value',
  'int_value',
  'double_value',
] as const;

function plainValue(value: unknown): unknown {
  if (!isObject(value)) return value;
  const field = VALUE_FIELDS.find((name) => Object.hasOwn(value, name));
  if (field !== undefined) return value[field];
  const list = value.arrayValue;
  return isObject(list) && Array.isArray(list.values) ? list.values.map(plainValue) : undefined;
}

/** A finite number under one of the names, NaN where none is there. */
export function numberAttribute(attributes: Attributes, ...names: readonly string[]): number {
  for (const name of names) {
    const value = attributes.get(name);
    if (value !== undefined && value !== null) {
      const number = numberOf(value);
      return Number.isFinite(number) ? number : Number.NaN;
    }
  }
  return Number.NaN;
}

/** Whether a JSON object has anything of a request in it; other spans (HTTP, tools) are no requests and not looked at. */
export function speaksOfRequests(span: JsonObject): boolean {
  const attributes = Object.hasOwn(span, 'attributes') ? span.attributes : undefined;
  const names = Array.isArray(attributes)
    ? attributes.map((entry: unknown) => (isObject(entry) ? entry.key : undefined))
    : isObject(attributes)
      ? Object.keys(attributes)
      : [];
  if (names.some((name) => typeof name === 'string' && /^gen_ai\.(?:latency|usage)\./.test(name))) return true;
  const events = Object.hasOwn(span, 'events') ? span.events : undefined;
  return (
    Array.isArray(events) &&
    events.some(
      (event: unknown) => isObject(event) && typeof event.name === 'string' && event.name.startsWith('journey.'),
    )
  );
}

export function spanOf(object: JsonObject, file: string, line: number): Span {
  const record = new JsonRecord(object, file, line);
  const events = record.raw('events');
  const context = record.inner('context');
  const status = record.inner('status');
  const code = status?.raw('code') ?? status?.raw('status_code');
  const id = record.text('spanId') ?? record.text('span_id') ?? context?.text('span_id') ?? `line-${line}`;
  return {
    attributes: attributesOf(record.raw('attributes')),
    events: (Array.isArray(events) ? events : []).flatMap((event: unknown) =>
      isObject(event) && typeof event.name === 'string'
        ? [{ name: event.name, attributes: attributesOf(event.attributes) }]
        : [],
    ),
    startNs: timeOf(record, 'startTimeUnixNano', 'start_time_unix_nano', 'start_time', 'startTime'),
    endNs: ['endTimeUnixNano', 'end_time_unix_nano', 'end_time', 'endTime'].some((name) => record.has(name))
      ? timeOf(record, 'endTimeUnixNano', 'end_time_unix_nano', 'end_time', 'endTime')
      : undefined,
    failed: code === 2 || code === 'STATUS_CODE_ERROR' || code === 'ERROR',
    id,
    record,
    line,
  };
}

function timeOf(record: JsonRecord, ...names: readonly [string, ...string[]]): bigint {
  const name = record.named(...names);
  const text = record.text(name);
  return (text === undefined ? undefined : nanosecondsOfDate(text)) ?? nanosecondsOf(record, name);
}

/** What tells engines apart where nothing names the instance itself. */
const PLACE_ATTRIBUTES = ['k8s.pod.name', 'container.id', 'host.name', 'process.pid', 'service.name'];

/** A name for the engine behind a resource; undefined where its attributes tell nothing. */
export function instanceOf(resource: unknown): string | undefined {
  if (!isObject(resource)) return undefined;
  const attributes = attributesOf(resource.attributes);
  const text = (name: string): string[] => {
    const value = attributes.get(name);
    return value === undefined || value === null || typeof value === 'object' ? [] : [String(value)];
  };
  const [own] = text('service.instance.id');
  if (own !== undefined) return own;
  const parts = PLACE_ATTRIBUTES.flatMap(text);
  return parts.length === 0 ? undefined : parts.join('/');
}
