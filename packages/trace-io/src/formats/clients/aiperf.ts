import type { Input } from '../../bytes/input.js';
import { eachJsonLine } from '../../json/json-lines.js';
import { isObject, type JsonRecord, numberOf } from '../../json/json-record.js';
import { nanosecondsOf, secondsBetween } from '../../json/nanoseconds.js';
import { hidesReasoning, RequestBuilder } from '../../requests/request-builder.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';

const UNIT_SEC: Readonly<Record<string, number>> = {
  ns: 1e-9,
  nanoseconds: 1e-9,
  us: 1e-6,
  microseconds: 1e-6,
  ms: 1e-3,
  milliseconds: 1e-3,
  s: 1,
  sec: 1,
  seconds: 1,
};

/**
 * AIPerf's profile_export.jsonl (ai-dynamo/aiperf, docs/tutorials/working-with-profile-exports.md): one request a line, epoch
 * nanoseconds in `metadata`, values with units in `metrics`. The prefill starts when the server acknowledged the request, or when it was sent (queue folded in). Only the
 * profiling phase counts; cancelled requests are load from their start to their end. Output is `output_sequence_length` (reasoning tokens included), or
 * `output_token_count` + `reasoning_token_count`.
 */
export const aiperf: TraceFormat = {
  name: 'aiperf',
  description: 'AIPerf profile_export.jsonl',
  recognise: ({ firstObject }) =>
    firstObject !== undefined &&
    isObject(firstObject.metadata) &&
    (Object.hasOwn(firstObject.metadata, 'request_start_ns') || Object.hasOwn(firstObject.metadata, 'benchmark_phase')),
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const builder = new RequestBuilder(input.file, 'snapped');
  let origin: bigint | undefined;
  await eachJsonLine(
    input,
    (record, line) => {
      const metadata = record.inner('metadata');
      if (metadata === undefined) throw record.fault('metadata', record.raw('metadata'), 'must be an object');
      const start = nanosecondsOf(metadata, 'request_start_ns');
      // Whole seconds, so that the relative times stay exact.
      origin ??= (start / 1_000_000_000n) * 1_000_000_000n;
      const zero = origin;
      const timeOf = (...names: readonly string[]): number => {
        const name = names.find((known) => metadata.has(known));
        return name === undefined ? Number.NaN : secondsBetween(zero, nanosecondsOf(metadata, name));
      };
      const times = { startSec: secondsBetween(origin, start), ackSec: timeOf(ACK_NS), endSec: timeOf(...END_NS) };
      addRequest(record, metadata, times, line, builder);
    },
    ['request_start_ns', ACK_NS, ...END_NS],
  );
  return builder.trace({
    format: 'aiperf',
    clock: "the benchmark client's wall clock, epoch nanoseconds",
    timeUnit: 'ns',
    queueInPrefill: 'yes',
    firstTokenWithPrefill: true,
    settings: options.settings,
    originSec: Number((origin ?? 0n) / 1_000_000_000n),
  });
}

/** When a request stopped, where it was cancelled, or ended. */
const END_NS = ['cancellation_time_ns', 'request_end_ns'] as const;
/** The server's count of reasoning tokens, streamed or not. */
const REASONING = 'usage_reasoning_tokens';
/** When the server acknowledged a streamed request. */
const ACK_NS = 'request_ack_ns';

/** When a request was sent, acknowledged and ended, s; NaN where the file does not tell. */
interface Times {
  readonly startSec: number;
  readonly ackSec: number;
  readonly endSec: number;
}

/** A server that acknowledges within this part of the wait for the first token did so when it took the request in; one that is later, with the token. */
const SOON = 0.5;

/** When a request reached its server, nearer than when it was sent; how the wait went in between (`http_req_*`) tells no more. */
const reachedSec = ({ startSec, ackSec }: Times, ttftSec: number): number =>
  ackSec > startSec && ackSec - startSec < SOON * ttftSec ? ackSec : startSec;

function addRequest(
  record: JsonRecord,
  metadata: JsonRecord,
  times: Times,
  line: number,
  builder: RequestBuilder,
): boolean {
  const phase = metadata.text('benchmark_phase');
  const metrics = record.inner('metrics');
  // Warm-up, cancelled and failed requests with chunk times are load like any other.
  if (metrics !== undefined && !record.has('error')) addChunks(metrics, times, line, builder);
  if (phase !== undefined && phase !== 'profiling') return builder.exclude('other-phase', line);
  const stopped = stoppedBy(record, metadata);
  if (stopped !== undefined) return addCut(stopped, idOf(metadata, line), line, times, metrics, builder);
  if (metrics === undefined || !metrics.has('time_to_first_token')) return builder.exclude('no-tokens', line);
  const reasoning = metrics.has(REASONING) ? metricOf(metrics, REASONING).count('value') : 0;
  const gaps = metrics.inner('inter_chunk_latency')?.raw('value');
  if (Array.isArray(gaps) && hidesReasoning(gaps.length + 1, outputTokensOf(metrics), reasoning))
    return builder.exclude('hidden-reasoning', line);
  const { startSec } = times;
  const ttft = secondsOf(metrics, 'time_to_first_token');
  const latency = secondsOf(metrics, 'request_latency');
  return builder.add(idOf(metadata, line), line, {
    arrivalSec: reachedSec(times, ttft),
    firstTokenSec: startSec + ttft,
    lastTokenSec: startSec + latency,
    promptTokens: metricOf(metrics, promptName(metrics)).count('value'),
    outputTokens: outputTokensOf(metrics),
    ...(metrics.has('usage_prompt_cached_tokens') && {
      cachedTokens: metricOf(metrics, 'usage_prompt_cached_tokens').count('value'),
    }),
  });
}

/** Why a request did not come to its end; undefined where it did. */
function stoppedBy(record: JsonRecord, metadata: JsonRecord): 'aborted' | 'failed' | undefined {
  const error = record.inner('error');
  if (metadata.raw('was_cancelled') === true || /cancel|timeout/i.test(error?.text('type') ?? '')) return 'aborted';
  return record.has('error') ? 'failed' : undefined;
}

/** Of a request that did not come to its end AIPerf keeps its prompt and when it was sent and stopped. */
function addCut(
  reason: 'aborted' | 'failed',
  id: string,
  line: number,
  { startSec, endSec }: Times,
  metrics: JsonRecord | undefined,
  builder: RequestBuilder,
): boolean {
  const prompt = PROMPT.find((name) => metrics?.has(name));
  const ttft = metrics?.has('time_to_first_token') ? secondsOf(metrics, 'time_to_first_token') : undefined;
  return builder.addCut(reason, id, line, {
    arrivalSec: startSec,
    ...(ttft !== undefined && { firstTokenSec: startSec + ttft }),
    endSec,
    promptTokens: prompt === undefined || metrics === undefined ? Number.NaN : metricOf(metrics, prompt).count('value'),
    outputTokens: Number.NaN,
  });
}

/** The chunks of a request that was streamed: `inter_chunk_latency` is the list of gaps after the first. */
function addChunks(metrics: JsonRecord, times: Times, line: number, builder: RequestBuilder): void {
  if (!metrics.has('time_to_first_token') || !metrics.has('inter_chunk_latency')) return;
  const latency = metricOf(metrics, 'inter_chunk_latency');
  const gaps = latency.raw('value');
  if (!Array.isArray(gaps)) return;
  const scale = scaleOf(latency);
  const chunkSec = new Float64Array(gaps.length + 1);
  const ttft = secondsOf(metrics, 'time_to_first_token');
  chunkSec[0] = times.startSec + ttft;
  for (let j = 0; j < gaps.length; j++) {
    const gap = numberOf(gaps[j]);
    if (!(gap >= 0 && gap < Infinity)) throw latency.fault(`value[${j}]`, gaps[j], 'must be a latency, at least 0');
    chunkSec[j + 1] = chunkSec[j] + gap * scale;
  }
  if (!metrics.has(promptName(metrics))) return;
  const cached = metrics.has('usage_prompt_cached_tokens')
    ? metricOf(metrics, 'usage_prompt_cached_tokens').count('value')
    : undefined;
  builder.addChunks(
    line,
    {
      sentSec: reachedSec(times, ttft),
      promptTokens: metricOf(metrics, promptName(metrics)).count('value'),
      outputTokens: Math.max(outputTokensOf(metrics), 1),
      ...(cached !== undefined && { cachedTokens: cached }),
    },
    chunkSec,
  );
}

/** What the server counted comes first, where the file has it: a chat template is part of the prompt, and an answer may hold what no chunk does. */
const PROMPT = ['usage_prompt_tokens', 'input_sequence_length', 'error_isl'] as const;
const promptName = (metrics: JsonRecord): string => PROMPT.find((name) => metrics.has(name)) ?? PROMPT[1];

function outputTokensOf(metrics: JsonRecord): number {
  if (metrics.has('usage_completion_tokens')) return metricOf(metrics, 'usage_completion_tokens').count('value');
  if (metrics.has('output_sequence_length')) return metricOf(metrics, 'output_sequence_length').count('value');
  const reasoning = metrics.has('reasoning_token_count')
    ? metricOf(metrics, 'reasoning_token_count').count('value')
    : 0;
  return metricOf(metrics, 'output_token_count').count('value') + reasoning;
}

/** Request ids are absent from old files; the line tells requests apart there. */
function idOf(metadata: JsonRecord, line: number): string {
  return metadata.has('x_request_id') ? metadata.name('x_request_id') : String(line);
}

function metricOf(metrics: JsonRecord, name: string): JsonRecord {
  const metric = metrics.inner(name);
  if (metric === undefined) throw metrics.fault(name, metrics.raw(name), 'must be a value with its unit');
  return metric;
}

function secondsOf(metrics: JsonRecord, name: string): number {
  const metric = metricOf(metrics, name);
  return metric.number('value') * scaleOf(metric);
}

function scaleOf(metric: JsonRecord): number {
  const unit = metric.text('unit') ?? '';
  const scale = Object.hasOwn(UNIT_SEC, unit) ? UNIT_SEC[unit] : undefined;
  if (scale === undefined)
    throw metric.fault('unit', metric.raw('unit'), `must be one of ${Object.keys(UNIT_SEC).join(', ')}`);
  return scale;
}
