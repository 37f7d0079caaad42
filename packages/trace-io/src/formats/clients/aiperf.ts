import type { Input } from '../../bytes/input.js';
import { jsonLinesOf } from '../../json/json-lines.js';
import { isObject, type JsonRecord } from '../../json/json-record.js';
import { nanosecondsOf, secondsBetween } from '../../json/nanoseconds.js';
import { RequestBuilder } from '../../requests/request-builder.js';
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
 * nanoseconds in `metadata`, values with units in `metrics`. The prefill starts when the request was sent (queue folded in). Only the
 * profiling phase counts; failed and cancelled requests are excluded. Output is `output_sequence_length` (reasoning tokens included), or
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
  for await (const { line, record } of jsonLinesOf(input, ['request_start_ns'])) {
    const metadata = record.inner('metadata');
    if (metadata === undefined) throw record.fault('metadata', record.raw('metadata'), 'must be an object');
    const start = nanosecondsOf(metadata, 'request_start_ns');
    // Whole seconds, so that the relative times stay exact.
    origin ??= (start / 1_000_000_000n) * 1_000_000_000n;
    addRequest(record, metadata, secondsBetween(origin, start), line, builder);
  }
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

function addRequest(
  record: JsonRecord,
  metadata: JsonRecord,
  startSec: number,
  line: number,
  builder: RequestBuilder,
): boolean {
  const phase = metadata.text('benchmark_phase');
  if (phase !== undefined && phase !== 'profiling') return builder.exclude('other-phase', line);
  if (metadata.raw('was_cancelled') === true) return builder.exclude('aborted', line);
  if (record.has('error')) return builder.exclude('failed', line);
  const metrics = record.inner('metrics');
  if (metrics === undefined || !metrics.has('time_to_first_token')) return builder.exclude('no-tokens', line);
  const latency = secondsOf(metrics, 'request_latency');
  return builder.add(idOf(metadata, line), line, {
    arrivalSec: startSec,
    firstTokenSec: startSec + secondsOf(metrics, 'time_to_first_token'),
    lastTokenSec: startSec + latency,
    promptTokens: metricOf(metrics, 'input_sequence_length').count('value'),
    outputTokens: metrics.has('output_sequence_length')
      ? metricOf(metrics, 'output_sequence_length').count('value')
      : metricOf(metrics, 'output_token_count').count('value') +
        (metrics.has('reasoning_token_count') ? metricOf(metrics, 'reasoning_token_count').count('value') : 0),
    ...(metrics.has('usage_prompt_cached_tokens') && {
      cachedTokens: metricOf(metrics, 'usage_prompt_cached_tokens').count('value'),
    }),
  });
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
  const unit = metric.text('unit') ?? '';
  const scale = Object.hasOwn(UNIT_SEC, unit) ? UNIT_SEC[unit] : undefined;
  if (scale === undefined)
    throw metric.fault('unit', metric.raw('unit'), `must be one of ${Object.keys(UNIT_SEC).join(', ')}`);
  return metric.number('value') * scale;
}
