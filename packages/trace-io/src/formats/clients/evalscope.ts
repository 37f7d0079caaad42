import type { Input } from '../../bytes/input.js';
import { eachJsonLine } from '../../json/json-lines.js';
import { type JsonRecord, numberOf } from '../../json/json-record.js';
import { parsedJson } from '../../json/non-finite.js';
import { RequestBuilder } from '../../requests/request-builder.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';

/**
 * The table `result` of evalscope's benchmark_data.db (modelscope/evalscope, evalscope perf), which is read as JSON lines: seconds of the client's
 * perf_counter. The prefill starts when the request was sent (queue folded in); chunks come `first_chunk_latency` after it, then after each gap
 * of `inter_token_latencies` (a JSON list as text; older files: `chunk_times`, on the clock of `start_time`). Failed requests are excluded;
 * their chunks are load.
 */
export const evalscope: TraceFormat = {
  name: 'evalscope',
  description: 'evalscope perf benchmark_data.db (SQLite)',
  recognise: ({ firstObject }) =>
    firstObject !== undefined &&
    Object.hasOwn(firstObject, 'first_chunk_latency') &&
    (Object.hasOwn(firstObject, 'inter_token_latencies') || Object.hasOwn(firstObject, 'chunk_times')),
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const builder = new RequestBuilder(input.file, 'snapped');
  let index = 0;
  await eachJsonLine(input, (record, line) => addRequest(record, String(index++), line, builder));
  return builder.trace({
    format: 'evalscope',
    clock: "the benchmark client's perf_counter, seconds",
    timeUnit: 's',
    queueInPrefill: 'yes',
    firstTokenWithPrefill: true,
    settings: options.settings,
  });
}

function addRequest(record: JsonRecord, id: string, line: number, builder: RequestBuilder): boolean {
  const hasFailed = record.number('success', true) === 0;
  const sentSec = record.number('start_time');
  const chunkSec = chunksOf(record, sentSec);
  if (chunkSec.length === 0) return builder.exclude(hasFailed ? 'rejected' : 'no-tokens', line);
  const promptTokens = record.count('prompt_tokens', hasFailed);
  const outputTokens = record.count('completion_tokens', hasFailed);
  const row = {
    arrivalSec: sentSec,
    firstTokenSec: chunkSec[0],
    lastTokenSec: chunkSec[chunkSec.length - 1],
    promptTokens,
    outputTokens,
  };
  if (promptTokens > 0)
    builder.addChunks(
      line,
      { sentSec, promptTokens, outputTokens: outputTokens > 0 ? outputTokens : chunkSec.length },
      chunkSec,
    );
  return hasFailed ? builder.addCut('failed', id, line, row) : builder.add(id, line, row);
}

function chunksOf(record: JsonRecord, sentSec: number): readonly number[] {
  if (record.has('chunk_times') && !record.has('inter_token_latencies')) return secondsOf(record, 'chunk_times');
  if (!record.has('first_chunk_latency')) return [];
  const chunkSec = [sentSec + record.number('first_chunk_latency')];
  let since = 0;
  for (const gap of record.has('inter_token_latencies') ? secondsOf(record, 'inter_token_latencies') : []) {
    since += gap;
    chunkSec.push(chunkSec[0] + since);
  }
  return chunkSec;
}

function secondsOf(record: JsonRecord, name: string): readonly number[] {
  const value = record.raw(name);
  const fault = () => record.fault(name, value, 'must be a JSON list of finite seconds');
  let list: unknown = value;
  if (typeof value === 'string') {
    try {
      list = parsedJson(value);
    } catch {
      throw fault();
    }
  }
  if (!Array.isArray(list)) throw fault();
  return list.map((item: unknown) => {
    const seconds = numberOf(item);
    if (!Number.isFinite(seconds)) throw fault();
    return seconds;
  });
}
