import { Fault } from '@stepclock/faults';
import { attempted, type Input } from '../../bytes/input.js';
import { readJsonDocuments } from '../../json/json-documents.js';
import { isObject, JsonRecord, numberOf } from '../../json/json-record.js';
import { RequestBuilder } from '../../requests/request-builder.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';

/**
 * inference-perf's per_request_lifecycle_metrics.json (kubernetes-sigs/inference-perf 0.2 on, inference_perf/apis/base.py): one list
 * of requests, seconds of the client's perf_counter. The prefill starts when the request was sent (queue folded in); first and last token are the
 * first and last of `chunk_times` (`output_token_times` in older files). Token counts are the server's usage where it is there.
 */
export const inferencePerf: TraceFormat = {
  name: 'inference-perf',
  description: 'inference-perf per_request_lifecycle_metrics.json',
  recognise: ({ text }) =>
    /^\s*\[/.test(text) && /"start_time"\s*:/.test(text) && /"(?:info|request|end_time)"\s*:/.test(text),
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const builder = new RequestBuilder(input.file);
  await readJsonDocuments(input, ['$.*'], {
    value: ({ value, path, line }) =>
      attempted(input, line, () => addRequest(value, Number(path[0]), line, input.file, builder)),
  });
  return builder.trace({
    format: 'inference-perf',
    clock: "the load generator's perf_counter, seconds",
    timeUnit: 's',
    queueInPrefill: 'yes',
    firstTokenWithPrefill: true,
    settings: options.settings,
  });
}

function addRequest(value: unknown, index: number, line: number, file: string, builder: RequestBuilder): boolean {
  const path = `[${index}]`;
  if (!isObject(value)) {
    throw new Fault('trace-io/bad-field', { what: path, file, line, column: path, value, rule: 'must be an object' });
  }
  const item = new JsonRecord(value, file, line, path);
  const info = item.inner('info');
  const response = info?.inner('response_metrics') ?? info;
  const times = response === undefined ? [] : timesOf(response, response.named('chunk_times', 'output_token_times'));
  const counts =
    info !== undefined && response !== undefined && times.length > 0 ? countsOf(info, response) : undefined;
  // Failed requests with chunk times are load like any other.
  if (counts !== undefined) builder.addChunks(line, { sentSec: item.number('start_time'), ...counts }, times);
  const failed = item.has('error');
  if (counts === undefined)
    return failed ? builder.excludeFailed(line, times.length > 0) : builder.exclude('no-tokens', line);
  const id = item.has('request_id') ? item.name('request_id') : String(index);
  const row = {
    arrivalSec: item.number('start_time'),
    firstTokenSec: times[0],
    lastTokenSec: times[times.length - 1],
    ...counts,
  };
  return failed ? builder.addCut('failed', id, line, row) : builder.add(id, line, row);
}

function countsOf(info: JsonRecord, response: JsonRecord) {
  const usage = response.inner('server_usage');
  const cached = usage?.inner('prompt_tokens_details')?.count('cached_tokens', true);
  return {
    promptTokens: usage?.has('prompt_tokens')
      ? usage.count('prompt_tokens')
      : (info.inner('request_metrics')?.inner('text') ?? info).count('input_tokens'),
    ...(cached !== undefined && { cachedTokens: cached }),
    outputTokens: usage?.has('completion_tokens') ? usage.count('completion_tokens') : response.count('output_tokens'),
  };
}

function timesOf(response: JsonRecord, name: string): number[] {
  const times = response.raw(name);
  if (times === undefined || times === null) return [];
  if (!Array.isArray(times)) throw response.fault(name, times, 'must be a list of seconds');
  return times.map((time: unknown) => {
    const seconds = numberOf(time);
    if (!Number.isFinite(seconds)) throw response.fault(name, time, 'must be finite seconds');
    return seconds;
  });
}
