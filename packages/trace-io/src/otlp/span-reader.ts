import { idleLimit } from '../bounds/idle-limit.js';
import type { Input } from '../bytes/input.js';
import type { Head } from '../formats/trace-format.js';
import { readJsonDocuments } from '../json/json-documents.js';
import { eachJsonLine } from '../json/json-lines.js';
import { isObject, type JsonObject, type JsonRecord } from '../json/json-record.js';
import { isJaeger, jaegerInstance, jaegerSpan } from './jaeger.js';
import { instanceOf, type Span, spanOf, speaksOfRequests } from './span.js';

/** Takes the spans of a file; an instance may get its name after its spans. */
export interface SpanSink {
  readonly span: (span: Span, instance: string | undefined) => void;
  readonly nameInstance: (placeholder: string, name: string) => void;
}

const RESOURCE_SPANS = ['resourceSpans', 'resource_spans'] as const;
const SCOPE_SPANS = ['scopeSpans', 'scope_spans', 'instrumentationLibrarySpans'] as const;
const CONSOLE_FIELDS = [
  'name',
  'context',
  'start_time',
  'end_time',
  'status',
  'attributes',
  'events',
  'resource',
] as const;

/**
 * Hands out the spans of any JSON export: OTLP JSON lines (a batch a line, parsed line by line), one OTLP document or several,
 * lists of spans, Jaeger's traces, and the single spans that an SDK's console exporter prints. Documents are streamed span by span.
 */
export async function readSpans(input: Input, head: Head, sink: SpanSink): Promise<void> {
  if (isJaeger(head)) return readJaeger(input, sink);
  if (head.firstObject !== undefined) return readLines(input, sink);
  if (head.firstLine.startsWith('[')) return readDocuments(input, ['$.*'], sink);
  if (RESOURCE_SPANS.some((name) => head.text.includes(`"${name}"`))) {
    const spans = RESOURCE_SPANS.flatMap((resource) => [
      `$.${resource}.*.resource`,
      ...SCOPE_SPANS.map((scope) => `$.${resource}.*.${scope}.*.spans.*`),
    ]);
    return readDocuments(input, spans, sink);
  }
  return readDocuments(
    input,
    CONSOLE_FIELDS.map((name) => `$.${name}`),
    sink,
  );
}

/** A sink that ends the reading where nothing speaks of requests any more: `looked` is told of every object that was looked through. */
function watched(file: string, sink: SpanSink): { readonly sink: SpanSink; readonly looked: (line: number) => void } {
  const watch = idleLimit(file, 'a span of a request', 'documents');
  let says = false;
  return {
    sink: {
      ...sink,
      span: (span, instance) => {
        says = true;
        sink.span(span, instance);
      },
    },
    looked: (line) => {
      watch(says, line);
      says = false;
    },
  };
}

async function readLines(input: Input, sink: SpanSink): Promise<void> {
  const times = ['startTimeUnixNano', 'endTimeUnixNano'];
  const counted = watched(input.file, sink);
  const take = ({ object }: JsonRecord, line: number): void => {
    takeObject(object, input.file, line, counted.sink);
    counted.looked(line);
  };
  await eachJsonLine(input, take, times);
}

/** A whole object: a batch of resource spans, or one span. */
function takeObject(object: JsonObject, file: string, line: number, sink: SpanSink): void {
  const batches = RESOURCE_SPANS.map((name) => (Object.hasOwn(object, name) ? object[name] : undefined)).find(
    Array.isArray,
  );
  if (batches === undefined) takeSpan(object, instanceOf(object.resource), file, line, sink);
  for (const batch of (batches ?? []) as unknown[]) {
    if (!isObject(batch)) continue;
    const instance = instanceOf(batch.resource);
    for (const name of SCOPE_SPANS) {
      const scopes = Object.hasOwn(batch, name) ? batch[name] : undefined;
      if (!Array.isArray(scopes)) continue;
      for (const scope of scopes as unknown[]) {
        const spans = isObject(scope) ? scope.spans : undefined;
        if (!Array.isArray(spans)) continue;
        for (const span of spans as unknown[]) if (isObject(span)) takeSpan(span, instance, file, line, sink);
      }
    }
  }
}

/** Traces of Jaeger; a span names its process, which comes behind it. */
async function readJaeger(input: Input, sink: SpanSink): Promise<void> {
  let document = 0;
  const counted = watched(input.file, sink);
  const placeholder = (trace: unknown, process: unknown): string =>
    `\u0000${document}/${String(trace)}/${String(process)}`;
  await readJsonDocuments(input, ['$.data.*.spans.*', '$.data.*.processes.*'], {
    value: ({ value, path, line }) => {
      const [, trace, what, process] = path;
      if (!isObject(value)) return;
      if (what === 'processes') sink.nameInstance(placeholder(trace, process), jaegerInstance(value) ?? '');
      else {
        takeSpan(jaegerSpan(value), placeholder(trace, value.processID), input.file, line, counted.sink);
        counted.looked(line);
      }
    },
    documentEnd: () => {
      document++;
    },
  });
}

async function readDocuments(input: Input, paths: readonly string[], sink: SpanSink): Promise<void> {
  let document = 0;
  let named = new Map<string, string | undefined>();
  let single: Record<string, unknown> = {};
  const counted = watched(input.file, sink);
  await readJsonDocuments(input, paths, {
    value: ({ value, path, line }) => {
      const [top, index, what] = path;
      if (what === 'resource') {
        const placeholder = `\u0000${document}/${String(index)}`;
        const name = instanceOf(value);
        named.set(placeholder, name);
        sink.nameInstance(placeholder, name ?? '');
      } else if (path.length > 3) {
        const placeholder = `\u0000${document}/${String(index)}`;
        const instance = named.has(placeholder) ? named.get(placeholder) : placeholder;
        if (isObject(value)) takeSpan(value, instance, input.file, line, counted.sink);
      } else if (typeof top === 'number') {
        if (isObject(value)) takeObject(value, input.file, line, counted.sink);
      } else if (typeof top === 'string') {
        single[top] = value;
      }
      // The fields of a single span are looked through together, at its end.
      if (typeof top === 'number' || path.length > 1) counted.looked(line);
    },
    documentEnd: (line) => {
      if (Object.keys(single).length > 0) takeSpan(single, instanceOf(single.resource), input.file, line, counted.sink);
      single = {};
      document++;
      named = new Map();
    },
  });
}

function takeSpan(object: JsonObject, instance: string | undefined, file: string, line: number, sink: SpanSink): void {
  if (speaksOfRequests(object)) sink.span(spanOf(object, file, line), instance);
}
