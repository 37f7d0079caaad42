import type { Input } from '../../bytes/input.js';
import { eachJsonLine } from '../../json/json-lines.js';
import type { JsonRecord } from '../../json/json-record.js';
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
  if (record.text('status') === 'failure') return builder.exclude('failed', line);
  const cached = record
    .inner('metadata')
    ?.inner('usage_object')
    ?.inner('prompt_tokens_details')
    ?.count('cached_tokens', true);
  return builder.add(record.name('id'), line, {
    arrivalSec: record.number('startTime'),
    firstTokenSec: record.number('completionStartTime'),
    lastTokenSec: record.number('endTime'),
    promptTokens: record.count('prompt_tokens'),
    ...(cached !== undefined && { cachedTokens: cached }),
    outputTokens: record.count('completion_tokens'),
    ...(record.has('model_id') && { instance: record.name('model_id') }),
  });
}
