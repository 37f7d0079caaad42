import type { Input } from '../../bytes/input.js';
import { secondsBetween } from '../../json/nanoseconds.js';
import { isJaeger } from '../../otlp/jaeger.js';
import { type Attributes, numberAttribute, type Span } from '../../otlp/span.js';
import { readSpans } from '../../otlp/span-reader.js';
import { ended } from '../../requests/cut-requests.js';
import { RequestBuilder } from '../../requests/request-builder.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';

const QUEUE = 'gen_ai.latency.time_in_queue';
const TTFT = 'gen_ai.latency.time_to_first_token';
const PREFILL = 'gen_ai.latency.time_in_model_prefill';
const DECODE = 'gen_ai.latency.time_in_model_decode';
const PROMPT = ['gen_ai.usage.prompt_tokens', 'gen_ai.usage.input_tokens'] as const;
const OUTPUT = ['gen_ai.usage.completion_tokens', 'gen_ai.usage.output_tokens'] as const;
const CACHED = [
  'gen_ai.usage.cached_tokens',
  'gen_ai.usage.cache_read.input_tokens',
  'gen_ai.usage.cache_read_input_tokens',
] as const;
/** Not of vLLM: written by `formatOtlpJsonl` where a request's decode steps are known. */
const DECODE_STEPS = 'stepclock.decode_steps';
const REQUEST_ID = ['gen_ai.request.id', 'gen_ai.request_id'] as const;

/**
 * vLLM's OpenTelemetry spans (`--otlp-traces-endpoint`; vllm/tracing, v0.6 on) as OTLP JSON lines of the collector's file exporter, one OTLP JSON
 * document, a list of spans, Jaeger's export, or a console exporter's output. Epoch nanoseconds for the span's start (the arrival), seconds in the
 * attributes: first token = start + time_to_first_token, scheduled = first token - time_in_model_prefill, last = first +
 * time_in_model_decode. Attributes that exceed the span's length a million times are nanoseconds. Spans that carry
 * `journey.*` events (`ts.monotonic`, seconds of the engine's monotonic clock) are read by those instead: they know scheduling and
 * preemption themselves. Requests for n > 1 sequences, failed and aborted ones are excluded; resource attributes tell instances apart; spans without
 * `gen_ai.usage`, `gen_ai.latency` or `journey` are no requests.
 */
export const otlp: TraceFormat = {
  name: 'otlp',
  description: 'OpenTelemetry spans of vLLM: OTLP JSON lines, an OTLP JSON document, a Jaeger export, or printed spans',
  recognise: (head) => isJaeger(head) || speaksOfSpans(head.text),
  read,
};

const speaksOfSpans = (text: string): boolean =>
  /"resource_?[sS]pans"\s*:/.test(text) || (/^\s*[{[]/.test(text) && /"gen_ai\.(?:latency|usage)\./.test(text));

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const journeys = new RequestBuilder(input.file);
  const latencies = new RequestBuilder(input.file, 'snapped');
  let seenJourney = false;
  let origin: bigint | undefined;
  let folded = 0;
  let unscheduled = 0;
  await readSpans(input, options.head, {
    span: (span, instance) => {
      if (span.events.some(({ name }) => name.startsWith('journey.'))) {
        seenJourney = true;
        if (!addJourney(span, instance, journeys)) unscheduled++;
      }
      if (span.attributes.has(TTFT) || hasUsage(span.attributes)) {
        origin ??= (span.startNs / 1_000_000_000n) * 1_000_000_000n;
        if (!addLatencies(span, instance, origin, latencies)) folded++;
      }
    },
    nameInstance: (placeholder, name) => {
      journeys.nameInstance(placeholder, name);
      latencies.nameInstance(placeholder, name);
    },
  });
  const common = { format: 'otlp', firstTokenWithPrefill: true, settings: { engine: 'vLLM', ...options.settings } };
  if (seenJourney && journeys.length >= latencies.length) {
    return journeys.trace({
      ...common,
      clock: "the engine's monotonic clock (journey events), seconds",
      timeUnit: 's',
      queueInPrefill: unscheduled > 0 ? 'yes' : 'no',
    });
  }
  return latencies.trace({
    ...common,
    clock: "the server's wall clock, epoch nanoseconds; durations in seconds",
    timeUnit: 'ns',
    queueInPrefill: folded > 0 ? 'yes' : 'no',
    originSec: Number((origin ?? 0n) / 1_000_000_000n),
  });
}

function hasUsage(attributes: Attributes): boolean {
  return hasAny(attributes, OUTPUT) || hasAny(attributes, PROMPT);
}

function idOf(span: Span): string {
  const id = REQUEST_ID.map((name) => span.attributes.get(name)).find(
    (value) => typeof value === 'string' && value !== '',
  );
  return typeof id === 'string' ? id : span.id;
}

/** Whether it is known when the request was scheduled. */
function addLatencies(span: Span, instance: string | undefined, origin: bigint, builder: RequestBuilder): boolean {
  const { attributes, line } = span;
  const several = numberAttribute(attributes, 'gen_ai.request.n', 'gen_ai.usage.num_sequences') > 1;
  const stopped = span.failed ? 'failed' : wasAborted(attributes) ? 'aborted' : undefined;
  if (stopped === undefined && several) builder.exclude('several-sequences', line);
  else if (stopped === undefined && !attributes.has(TTFT)) builder.exclude('no-tokens', line);
  else return addTimed(span, instance, origin, builder, stopped);
  return true;
}

/** A request whose times the span tells, or one that `stopped` before its end, with those that it tells. */
function addTimed(
  span: Span,
  instance: string | undefined,
  origin: bigint,
  builder: RequestBuilder,
  stopped: 'failed' | 'aborted' | undefined,
): boolean {
  const { attributes, line } = span;
  const isWhole = stopped === undefined;
  const spanSec = span.endNs === undefined ? Number.NaN : secondsBetween(span.startNs, span.endNs);
  const scale = unitOf(
    [QUEUE, TTFT, PREFILL, DECODE].map((name) => numberAttribute(attributes, name)),
    spanSec,
  );
  const start = secondsBetween(origin, span.startNs);
  const seconds = (name: string): number => numberAttribute(attributes, name) * scale;
  const ttft = isWhole ? requiredAttribute(span, TTFT) * scale : seconds(TTFT);
  const first = start + ttft;
  const prefill = seconds(PREFILL);
  const queue = seconds(QUEUE);
  const decode = seconds(DECODE);
  const scheduled = Number.isNaN(prefill) ? start + queue : first - prefill;
  const count = (names: readonly string[]): number =>
    isWhole || hasAny(attributes, names) ? countAttribute(span, names) : Number.NaN;
  const row = {
    arrivalSec: start,
    ...(!Number.isNaN(scheduled) && { scheduledSec: scheduled }),
    ...((isWhole || !Number.isNaN(first)) && { firstTokenSec: first }),
    lastTokenSec: Number.isNaN(decode) ? start + spanSec : first + decode,
    promptTokens: count(PROMPT),
    outputTokens: count(OUTPUT),
    ...(CACHED.some((name) => attributes.has(name)) && { cachedTokens: countAttribute(span, CACHED) }),
    ...(instance !== undefined && { instance }),
  };
  if (isWhole) builder.add(idOf(span), line, row);
  else builder.addCut(stopped, idOf(span), line, Number.isNaN(decode) ? ended(row) : row);
  return !isWhole || !Number.isNaN(scheduled);
}

/** Seconds, unless the largest value exceeds the span a million times: then some engine wrote nanoseconds. */
function unitOf(values: readonly number[], spanSec: number): number {
  const largest = Math.max(...values.filter((value) => !Number.isNaN(value)));
  return largest > 1e6 * (spanSec > 0 ? spanSec : 1) ? 1e-9 : 1;
}

/** Whether it is known when the request was scheduled, or does not matter because the request is left out. */
function addJourney(span: Span, instance: string | undefined, builder: RequestBuilder): boolean {
  const { events, attributes, line } = span;
  const event = (name: string): Attributes | undefined =>
    events.find((found) => found.name === `journey.${name}`)?.attributes;
  const queued = event('QUEUED');
  const scheduled = event('SCHEDULED');
  const firstToken = event('FIRST_TOKEN');
  const finished = event('FINISHED');
  const status = finished?.get('finish.status');
  const several = numberAttribute(attributes, 'gen_ai.request.n') > 1;
  const stopped =
    span.failed || status === 'error'
      ? 'failed'
      : status === 'aborted' || status === 'ignored' || wasAborted(attributes)
        ? 'aborted'
        : finished === undefined
          ? 'unfinished'
          : undefined;
  if (several) builder.exclude('several-sequences', line);
  else if (firstToken === undefined) builder.exclude(stopped === 'failed' ? 'rejected' : 'no-tokens', line);
  else {
    const steps = numberAttribute(attributes, DECODE_STEPS);
    const row = {
      ...(queued && { arrivalSec: monotonic(span, queued, 'QUEUED') }),
      ...(scheduled && { scheduledSec: monotonic(span, scheduled, 'SCHEDULED') }),
      firstTokenSec: monotonic(span, firstToken, 'FIRST_TOKEN'),
      ...(finished && { lastTokenSec: monotonic(span, finished, 'FINISHED') }),
      promptTokens: usage(span, PROMPT, scheduled ?? firstToken, 'prefill.total_tokens'),
      outputTokens:
        finished === undefined
          ? Number.NaN
          : usage(span, OUTPUT, finished, 'decode.done_tokens', stopped !== undefined),
      ...(hasAny(attributes, CACHED) && { cachedTokens: countAttribute(span, CACHED) }),
      preemptions: events.filter(({ name }) => name === 'journey.PREEMPTED').length,
      ...(steps > 0 && { decodeSteps: steps }),
      ...(instance !== undefined && { instance }),
    };
    const id = idOf(span);
    const taken = stopped === undefined ? builder.add(id, line, row) : builder.addCut(stopped, id, line, ended(row));
    return !taken || scheduled !== undefined;
  }
  return true;
}

/** A token count of the span's usage attributes, or else of one of its events. */
function usage(span: Span, names: readonly string[], event: Attributes, name: string, optional = false): number {
  if (hasAny(span.attributes, names)) return countAttribute(span, names);
  const count = numberAttribute(event, name);
  return optional && Number.isNaN(count) ? count : wholeNumber(span, name, count);
}

function monotonic(span: Span, attributes: Attributes, event: string): number {
  const seconds = numberAttribute(attributes, 'ts.monotonic');
  if (Number.isNaN(seconds))
    throw span.record.fault(`journey.${event} ts.monotonic`, attributes.get('ts.monotonic'), 'must be finite seconds');
  return seconds;
}

function hasAny(attributes: Attributes, names: readonly string[]): boolean {
  return names.some((name) => attributes.has(name));
}

function requiredAttribute(span: Span, name: string): number {
  const number = numberAttribute(span.attributes, name);
  if (Number.isNaN(number)) throw span.record.fault(name, span.attributes.get(name), 'must be a finite number');
  return number;
}

function countAttribute(span: Span, names: readonly string[]): number {
  const name = names.find((candidate) => span.attributes.has(candidate)) ?? names[0];
  return wholeNumber(span, name, numberAttribute(span.attributes, name));
}

function wholeNumber(span: Span, name: string, number: number): number {
  if (!(number >= 0 && Number.isSafeInteger(number)))
    throw span.record.fault(name, span.attributes.get(name), 'must be a whole number >= 0');
  return number;
}

function wasAborted(attributes: Attributes): boolean {
  const reasons = attributes.get('gen_ai.response.finish_reasons');
  const listed = Array.isArray(reasons) ? reasons : [reasons];
  return listed.some((reason) => typeof reason === 'string' && /\b(?:abort|aborted|cancelled|error)\b/.test(reason));
}
