import type { RequestTable } from '../tables/request-table.js';

const ROWS_A_CHUNK = 256;

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, string | number>>;
}

/**
 * Requests as OTLP JSON lines in pieces, one span a line, with vLLM's attributes (`gen_ai.latency.*`, `gen_ai.usage.*`) for any tool that reads
 * them and `journey.*` events whose `ts.monotonic` holds the times themselves, so that reading it again gives the same requests to the last digit.
 *
 * @throws RangeError for requests without latencies: a span needs a beginning and an end.
 */
export function* otlpJsonlChunks(requests: RequestTable): Generator<string> {
  if (requests.firstTokenSec === undefined) {
    throw new RangeError('requests: first and last token times are needed for spans; a workload has none');
  }
  let lines: string[] = [];
  for (let i = 0; i < requests.length; i++) {
    lines.push(JSON.stringify(batchOf(requests, i)));
    if (lines.length === ROWS_A_CHUNK) {
      yield `${lines.join('\n')}\n`;
      lines = [];
    }
  }
  if (lines.length > 0) yield `${lines.join('\n')}\n`;
}

/** `otlpJsonlChunks` in one string. */
export function formatOtlpJsonl(requests: RequestTable): string {
  return [...otlpJsonlChunks(requests)].join('');
}

function batchOf(requests: RequestTable, i: number) {
  const at = (column: Float64Array | undefined): number => column?.[i] ?? Number.NaN;
  const arrival = at(requests.arrivalSec);
  const scheduled = at(requests.scheduledSec);
  const start = Number.isNaN(arrival) ? scheduled : arrival;
  const first = at(requests.firstTokenSec);
  const last = Number.isNaN(at(requests.lastTokenSec)) ? first : at(requests.lastTokenSec);
  const { instance, instanceIds } = requests;
  const instanceName = instance && instanceIds ? instanceIds.at(instance[i]) : undefined;
  const attributes = [
    text('gen_ai.request.id', requests.requestIds.at(i)),
    ...whole('gen_ai.usage.prompt_tokens', at(requests.promptTokens)),
    ...whole('gen_ai.usage.completion_tokens', at(requests.outputTokens)),
    ...whole('gen_ai.usage.cached_tokens', at(requests.cachedTokens)),
    ...double('gen_ai.latency.time_in_queue', scheduled - arrival),
    ...double('gen_ai.latency.time_to_first_token', first - start),
    ...double('gen_ai.latency.time_in_model_prefill', first - scheduled),
    ...double('gen_ai.latency.time_in_model_decode', last - first),
    ...double('gen_ai.latency.e2e', last - start),
    ...whole('stepclock.decode_steps', at(requests.decodeSteps)),
  ];
  const preemptions = at(requests.preemptions);
  const events = [
    ...event('QUEUED', arrival),
    ...event('SCHEDULED', scheduled),
    ...Array.from({ length: Math.max(preemptions, 0) }, () => ({ name: 'journey.PREEMPTED', attributes: [] })),
    ...event('FIRST_TOKEN', first),
    ...event('FINISHED', last),
  ];
  const span = {
    traceId: (i + 1).toString(16).padStart(32, '0'),
    spanId: (i + 1).toString(16).padStart(16, '0'),
    name: 'llm_request',
    kind: 2,
    startTimeUnixNano: nanoseconds(start),
    endTimeUnixNano: nanoseconds(last),
    attributes,
    events,
  };
  const resource = [
    text('service.name', 'vllm'),
    ...(instanceName === undefined ? [] : [text('service.instance.id', instanceName)]),
  ];
  return {
    resourceSpans: [
      { resource: { attributes: resource }, scopeSpans: [{ scope: { name: 'stepclock' }, spans: [span] }] },
    ],
  };
}

function text(key: string, value: string): KeyValue {
  return { key, value: { stringValue: value } };
}

/** OTLP writes 64-bit integers as strings. */
function whole(key: string, value: number): KeyValue[] {
  return Number.isNaN(value) ? [] : [{ key, value: { intValue: String(value) } }];
}

function double(key: string, value: number): KeyValue[] {
  return Number.isNaN(value) ? [] : [{ key, value: { doubleValue: value } }];
}

function event(name: string, sec: number) {
  if (Number.isNaN(sec)) return [];
  return [{ timeUnixNano: nanoseconds(sec), name: `journey.${name}`, attributes: double('ts.monotonic', sec) }];
}

/** Span times are unsigned; a trace that begins before zero keeps its exact times in the events. */
function nanoseconds(sec: number): string {
  return String(BigInt(Math.round(Math.max(sec, 0) * 1e9)));
}
