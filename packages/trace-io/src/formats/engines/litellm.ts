import type { Input } from '../../bytes/input.js';
import { eachJsonLine } from '../../json/json-lines.js';
import type { JsonRecord } from '../../json/json-record.js';
import { ended } from '../../requests/cut-requests.js';
import { RequestBuilder } from '../../requests/request-builder.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';

/**
 * The standard logging payload of the LiteLLM proxy, one call a line: epoch seconds of the proxy's clock. `completionStartTime` is the first token of a
 * streamed answer; a call that was not streamed has it at the end, and is left out. `model_id` names the deployment, an engine of its own.
 * Prompts that were cached stand in `metadata.usage_object.prompt_tokens_details`.
 */
export const litellm: TraceFormat = {
  name: 'litellm',
  description: 'LiteLLM standard logging payloads (JSON lines)',
  recognise: ({ firstObject }) =>
    firstObject !== undefined &&
    typeof firstObject.startTime === 'number' &&
    ['completionStartTime', 'startTime', 'completion_tokens', 'call_type'].every((name) =>
      Object.hasOwn(firstObject, name),
    ),
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const builder = new RequestBuilder(input.file);
  await eachJsonLine(input, (record, line) => {
    addCall(record, line, builder);
  });
  return builder.trace({
    format: 'litellm',
    clock: "the proxy's wall clock, epoch seconds",
    timeUnit: 's',
    queueInPrefill: 'yes',
    firstTokenWithPrefill: true,
    settings: options.settings,
  });
}

function addCall(record: JsonRecord, line: number, builder: RequestBuilder): boolean {
  const hasFailed = record.text('status') === 'failure';
  const cached = record
    .inner('metadata')
    ?.inner('usage_object')
    ?.inner('prompt_tokens_details')
    ?.count('cached_tokens', true);
  const arrivalSec = record.number('startTime', hasFailed);
  const first = record.number('completionStartTime', hasFailed);
  const lastTokenSec = record.number('endTime', hasFailed);
  const row = {
    arrivalSec,
    // Of a call without a token the proxy repeats its start or its end.
    firstTokenSec: hasFailed && !(first > arrivalSec && first < lastTokenSec) ? Number.NaN : first,
    lastTokenSec,
    promptTokens: record.count('prompt_tokens', hasFailed),
    ...(cached !== undefined && { cachedTokens: cached }),
    outputTokens: record.count('completion_tokens', hasFailed),
    ...(record.has('model_id') && { instance: record.name('model_id') }),
  };
  const id = record.name('id');
  return hasFailed ? builder.addCut('failed', id, line, ended(row)) : builder.add(id, line, row);
}
