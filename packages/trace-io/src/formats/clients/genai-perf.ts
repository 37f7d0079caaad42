import { Fault } from '@stepclock/faults';
import { attempted, type Input } from '../../bytes/input.js';
import { readJsonDocuments } from '../../json/json-documents.js';
import { isObject, JsonRecord, numberOf } from '../../json/json-record.js';
import { hidesReasoning, RequestBuilder } from '../../requests/request-builder.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';

/**
 * The profile export of Perf Analyzer and genai-perf (triton-inference-server/perf_analyzer, profile_export.json): experiments of requests, each
 * with its `timestamp`, its `response_timestamps` (epoch nanoseconds, rounded to a quarter of a microsecond by JSON) and, of an OpenAI endpoint, the
 * text of every response. A response with content is a chunk; an empty one, a role alone and `[DONE]` are none. Prompt tokens stand nowhere but in
 * the `usage` of the last response. Each experiment is an instance.
 */
export const genaiPerf: TraceFormat = {
  name: 'genai-perf',
  description: 'genai-perf / Perf Analyzer profile_export.json, with usage in the responses',
  recognise: ({ keys, text }) =>
    keys.includes('experiments') && /"(?:response_timestamps|service_kind)"\s*:/.test(text),
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const builder = new RequestBuilder(input.file);
  let originNs: number | undefined;
  let withoutCounts = 0;
  await readJsonDocuments(input, ['$.experiments.*.requests.*'], {
    value: ({ value, path, line }) => {
      const [, experiment, , index] = path;
      attempted(input, line, () => {
        const at = `experiments[${experiment}].requests[${index}]`;
        if (!isObject(value)) return builder.exclude('no-tokens', line);
        const request = new JsonRecord(value, input.file, line, at);
        originNs ??= Math.floor(request.number('timestamp') / 1e9) * 1e9;
        const responses = responsesOf(request, originNs);
        if (responses.chunkSec.length > 0 && responses.promptTokens === undefined) withoutCounts++;
        const sentSec = (request.number('timestamp') - originNs) / 1e9;
        return addRequest(responses, { experiment: String(experiment), index: String(index), sentSec, line }, builder);
      });
    },
  });
  if (withoutCounts > 0 && builder.length === 0) {
    throw new Fault('trace-io/no-token-counts', {
      what: 'profile of genai-perf',
      file: input.file,
      value: `${withoutCounts} requests with texts in place of token counts`,
      rule: 'must tell the prompt tokens of requests, in the usage of their last response',
      hint: 'profile again with --extra-inputs stream_options:{"include_usage":true}, or with AIPerf, which follows it',
    });
  }
  return builder.trace({
    format: 'genai-perf',
    clock: "the benchmark client's wall clock, epoch nanoseconds",
    timeUnit: 'ns',
    queueInPrefill: 'yes',
    firstTokenWithPrefill: true,
    settings: options.settings,
    originSec: (originNs ?? 0) / 1e9,
  });
}

interface Place {
  readonly experiment: string;
  readonly index: string;
  readonly sentSec: number;
  readonly line: number;
}

function addRequest(
  { chunkSec, promptTokens, outputTokens, reasoningTokens }: Responses,
  { experiment, index, sentSec, line }: Place,
  builder: RequestBuilder,
): boolean {
  if (chunkSec.length === 0) return builder.exclude('no-tokens', line);
  if (promptTokens === undefined) return builder.exclude('no-prompt', line);
  const counts = { promptTokens, outputTokens: outputTokens ?? chunkSec.length };
  if (hidesReasoning(chunkSec.length, counts.outputTokens, reasoningTokens))
    return builder.exclude('hidden-reasoning', line);
  builder.addChunks(line, { sentSec, ...counts, instance: experiment }, chunkSec);
  return builder.add(`${experiment}/${index}`, line, {
    arrivalSec: sentSec,
    firstTokenSec: chunkSec[0],
    lastTokenSec: chunkSec[chunkSec.length - 1],
    ...counts,
    instance: experiment,
  });
}

interface Responses {
  readonly chunkSec: readonly number[];
  readonly promptTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly reasoningTokens: number;
}

function responsesOf(request: JsonRecord, originNs: number): Responses {
  const times = request.raw('response_timestamps');
  if (!Array.isArray(times)) throw request.fault('response_timestamps', times, 'must be a list of nanoseconds');
  const outputs = request.raw('response_outputs');
  const chunkSec: number[] = [];
  let promptTokens: number | undefined;
  let outputTokens: number | undefined;
  let reasoningTokens = 0;
  for (const [i, time] of times.entries()) {
    const nanoseconds = numberOf(time);
    if (!Number.isFinite(nanoseconds))
      throw request.fault('response_timestamps', time, 'must be whole nanoseconds since the epoch');
    const output: unknown = Array.isArray(outputs) ? outputs[i] : undefined;
    const said = isObject(output) && typeof output.response === 'string' ? saidIn(output.response) : undefined;
    promptTokens = said?.promptTokens ?? promptTokens;
    outputTokens = said?.outputTokens ?? outputTokens;
    reasoningTokens = said?.reasoningTokens ?? reasoningTokens;
    if (said === undefined || said.hasContent) chunkSec.push((nanoseconds - originNs) / 1e9);
  }
  return { chunkSec, promptTokens, outputTokens, reasoningTokens };
}

/** What a response of an OpenAI endpoint says: one event or several, each after `data:`. */
function saidIn(response: string) {
  let hasContent = false;
  let promptTokens: number | undefined;
  let outputTokens: number | undefined;
  let reasoningTokens: number | undefined;
  for (const event of response.split(/^data:/m)) {
    const value = eventOf(event.trim());
    if (value === undefined) continue;
    const choices: unknown[] = Array.isArray(value.choices) ? value.choices : [];
    if (choices.some(isContent)) hasContent = true;
    if (!isObject(value.usage)) continue;
    promptTokens = countIn(value.usage.prompt_tokens) ?? promptTokens;
    outputTokens = countIn(value.usage.completion_tokens) ?? outputTokens;
    const details = value.usage.completion_tokens_details;
    if (isObject(details)) reasoningTokens = countIn(details.reasoning_tokens) ?? reasoningTokens;
  }
  return { hasContent, promptTokens, outputTokens, reasoningTokens };
}

const countIn = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;

function eventOf(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a choice brings text: of a chat (`delta`), or of a completion (`text`). A role alone is none. */
function isContent(choice: unknown): boolean {
  if (!isObject(choice)) return false;
  if (typeof choice.text === 'string') return choice.text !== '';
  const { delta } = choice;
  return (
    isObject(delta) &&
    ['content', 'reasoning_content', 'reasoning'].some((name) => typeof delta[name] === 'string' && delta[name] !== '')
  );
}
