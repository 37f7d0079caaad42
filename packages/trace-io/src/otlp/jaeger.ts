import type { Head } from '../formats/trace-format.js';
import { isObject, type JsonObject } from '../json/json-record.js';
import { instanceOf } from './span.js';

/** Whether a file is what Jaeger's page and its API give: `{ data: [{ traceID, spans, processes }] }`. */
export const isJaeger = ({ keys, text }: Head): boolean =>
  keys.includes('data') && /"traceID"\s*:/.test(text) && /"spans"\s*:/.test(text);

/** A span of Jaeger in OTLP's shape: tags are attributes, whole microseconds nanoseconds. */
export const jaegerSpan = (span: JsonObject): JsonObject => ({
  attributes: span.tags,
  spanId: span.spanID,
  startTimeUnixNano: nanosecondsOf(span.startTime),
  endTimeUnixNano:
    typeof span.startTime === 'number' && typeof span.duration === 'number'
      ? nanosecondsOf(span.startTime + span.duration)
      : undefined,
  status: { code: hasFailed(span.tags) ? 2 : 0 },
});

/** Numbers that are no whole microseconds stay as they are, for the reader to refuse. */
const nanosecondsOf = (microseconds: unknown): unknown =>
  typeof microseconds === 'number' && Number.isSafeInteger(microseconds) && microseconds >= 0
    ? `${microseconds}000`
    : microseconds;

const hasFailed = (tags: unknown): boolean =>
  Array.isArray(tags) &&
  tags.some((tag: unknown) => {
    if (!isObject(tag)) return false;
    return tag.key === 'error' ? tag.value === true : tag.key === 'otel.status_code' && tag.value === 'ERROR';
  });

/** A name for the engine behind a process of Jaeger; undefined where it tells nothing. */
export const jaegerInstance = (process: JsonObject): string | undefined => {
  const tags: unknown[] = Array.isArray(process.tags) ? process.tags : [];
  return instanceOf({ attributes: [...tags, { key: 'service.name', value: process.serviceName }] });
};
