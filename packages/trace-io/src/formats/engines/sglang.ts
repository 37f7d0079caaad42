import type { Input } from '../../bytes/input.js';
import { eachJsonLine } from '../../json/json-lines.js';
import type { JsonRecord } from '../../json/json-record.js';
import { ended } from '../../requests/cut-requests.js';
import { RequestBuilder } from '../../requests/request-builder.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';

const RECEIVED = ['request_received_ts', 'created_time', 'arrival_time'] as const;
const SCHEDULED = ['forward_entry_ts', 'forward_entry_time'] as const;
const FIRST = ['prefill_finished_ts', 'prefill_finished_time', 'first_token_ts', 'first_token_time'] as const;
const LAST = ['decode_finished_ts', 'decode_finished_time', 'request_finished_ts', 'finished_time'] as const;

/** Marks of one clock may be taken by two processes. */
const CLOCK_SLACK_SEC = 1;

/**
 * SGLang's request metrics, one request a line (`--export-metrics-to-file`, sgl-project/sglang
 * python/sglang/srt/managers/request_metrics_exporter.py, and the `meta_info` of `--log-requests` lines): epoch seconds of the server. The names drift
 * between versions, so several are known for each mark. The prefill starts at `forward_entry_time` (where it is on the same clock), or at
 * `request_received_ts` + `queue_time`; where a file has neither, the queue is folded in. `cached_tokens` are subtracted; `spec_verify_ct` is the number of decode
 * steps under speculative decoding.
 */
export const sglang: TraceFormat = {
  name: 'sglang',
  description: 'SGLang request metrics (JSON lines)',
  recognise: ({ firstObject }) =>
    firstObject !== undefined &&
    (Object.hasOwn(firstObject, 'request_received_ts') ||
      Object.hasOwn(firstObject, 'prefill_finished_ts') ||
      Object.hasOwn(firstObject, 'request_parameters') ||
      Object.hasOwn(firstObject, 'meta_info') ||
      (Object.hasOwn(firstObject, 'event') && Object.hasOwn(firstObject, 'rid'))),
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const builder = new RequestBuilder(input.file);
  let folded = 0;
  await eachJsonLine(input, (record, line) => {
    // Request logs also announce requests that have only come in.
    if (record.text('event') === 'request.received') return;
    const meta = record.inner('meta_info') ?? record.inner('out')?.inner('meta_info') ?? record;
    if (!addRequest(meta, record, line, builder)) folded++;
  });
  return builder.trace({
    format: 'sglang',
    clock: "the server's wall clock, epoch seconds",
    timeUnit: 's',
    queueInPrefill: folded > 0 ? 'yes' : 'no',
    firstTokenWithPrefill: true,
    settings: options.settings,
  });
}

/** Whether it is known when the request was scheduled. */
function addRequest(meta: JsonRecord, record: JsonRecord, line: number, builder: RequestBuilder): boolean {
  const reason = meta.inner('finish_reason')?.text('type') ?? meta.text('finish_reason');
  const isAborted = reason === 'abort';
  const outputTokens = meta.count(meta.named('completion_tokens', 'output_tokens'), isAborted);
  const received = meta.number(meta.named(...RECEIVED), isAborted);
  const first = meta.number(meta.named(...FIRST), isAborted || outputTokens === 0);
  const last = meta.number(meta.named(...LAST), isAborted || outputTokens <= 1);
  const entry = meta.number(meta.named(...SCHEDULED), true);
  const queued = meta.number('queue_time', true);
  // Some versions give the entry on a monotonic clock beside epoch seconds: then the time in the queue tells.
  const onOneClock = entry >= received - CLOCK_SLACK_SEC && !(entry > first);
  const scheduled = onOneClock ? entry : received + queued;
  const verified = meta.count('spec_verify_ct', true);
  const idName = meta.named('id', 'rid', 'request_id');
  const id = meta.has(idName) ? meta.name(idName) : record.has('rid') ? record.name('rid') : String(line);
  const row = {
    arrivalSec: received,
    ...(!Number.isNaN(scheduled) && { scheduledSec: scheduled }),
    firstTokenSec: first,
    lastTokenSec: Number.isNaN(last) ? first : last,
    promptTokens: meta.count(meta.named('prompt_tokens', 'input_tokens'), isAborted),
    cachedTokens: meta.count('cached_tokens', true),
    outputTokens,
    ...(verified > 0 && { decodeSteps: verified }),
  };
  if (!isAborted) builder.add(id, line, row);
  else {
    builder.addCut('aborted', id, line, ended(row));
    return true;
  }
  return !Number.isNaN(scheduled);
}
