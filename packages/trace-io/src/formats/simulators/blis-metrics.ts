import { Fault } from '@stepclock/faults';
import { attempted, type Input } from '../../bytes/input.js';
import { readJsonDocuments } from '../../json/json-documents.js';
import { isObject, JsonRecord } from '../../json/json-record.js';
import { RequestBuilder } from '../../requests/request-builder.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';

/**
 * The MetricsOutput of BLIS, the inference-sim simulator (inference-sim/inference-sim, sim/metrics_utils.go): `requests[]` with
 * `arrived_at` in seconds of simulated time and `scheduling_delay_ms`, `ttft_ms`, `e2e_ms` from there; `handled_by` names the instance. Output
 * tokens (`num_decode_tokens`) include the first. Requests that never finished have zeros and are excluded.
 */
export const blisMetrics: TraceFormat = {
  name: 'blis-metrics',
  description: 'BLIS (inference-sim) MetricsOutput JSON with requests',
  recognise: ({ text }) =>
    /^\s*\{/.test(text) && (/"scheduling_delay_ms"\s*:/.test(text) || /"vllm_estimated_duration_s"\s*:/.test(text)),
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const builder = new RequestBuilder(input.file, 'snapped');
  await readJsonDocuments(input, ['$.requests.*'], {
    value: ({ value, path, line }) => {
      const at = `requests[${String(path[1])}]`;
      if (!isObject(value)) {
        throw new Fault('trace-io/bad-field', {
          what: at,
          file: input.file,
          line,
          column: at,
          value,
          rule: 'must be an object',
        });
      }
      attempted(input, line, () => addRequest(new JsonRecord(value, input.file, line, at), line, builder));
    },
  });
  return builder.trace({
    format: 'blis-metrics',
    clock: 'simulated time, seconds (delays in milliseconds)',
    timeUnit: 'ms',
    queueInPrefill: 'no',
    firstTokenWithPrefill: true,
    settings: { engine: 'BLIS', ...options.settings },
  });
}

function addRequest(item: JsonRecord, line: number, builder: RequestBuilder): boolean {
  const arrival = item.number('arrived_at');
  const ttft = item.number('ttft_ms') / 1000;
  const e2e = item.number('e2e_ms') / 1000;
  const outputTokens = item.count('num_decode_tokens');
  if (!(ttft > 0) || !(e2e > 0)) return builder.exclude('unfinished', line);
  return builder.add(item.name(item.named('requestID', 'request_id', 'id')), line, {
    arrivalSec: arrival,
    scheduledSec: arrival + item.number('scheduling_delay_ms') / 1000,
    firstTokenSec: arrival + ttft,
    lastTokenSec: arrival + e2e,
    promptTokens: item.count('num_prefill_tokens'),
    outputTokens,
    ...(item.has('handled_by') && { instance: item.name('handled_by') }),
  });
}
