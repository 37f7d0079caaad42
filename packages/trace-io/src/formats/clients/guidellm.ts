import { Fault } from '@stepclock/faults';
import { attempted, type Input } from '../../bytes/input.js';
import { readJsonDocuments } from '../../json/json-documents.js';
import { isObject, JsonRecord, numberOf } from '../../json/json-record.js';
import { RequestBuilder } from '../../requests/request-builder.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';

const LISTS = ['successful', 'errored', 'incomplete'] as const;

/**
 * GuideLLM's benchmarks.json (0.4 on: `benchmarks[].requests.successful[].info.timings`, vllm-project/guidellm
 * src/guidellm/schemas; also the flat fields of 0.2 and 0.3): epoch seconds on the client's clock, the queue folded into the prefill. Prompt,
 * cached and output tokens are the server's usage where it reported them. Each benchmark of the file is a window of its own, read
 * as an instance. Errored and incomplete requests count as far as they got, where their tokens have times; a list that holds fewer requests than the benchmark counted is refused,
 * because the missing ones pressed on the others.
 *
 * @throws Fault `trace-io/truncated-requests`
 */
export const guidellm: TraceFormat = {
  name: 'guidellm',
  description: 'GuideLLM benchmarks.json',
  recognise: ({ text, keys }) =>
    keys.includes('benchmarks') &&
    /"(?:guidellm_version|requests|run_stats|request_totals|scheduling_strategy)"\s*:/.test(text),
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const builder = new RequestBuilder(input.file);
  const listed = new Map<number, number>();
  const counted = new Map<number, { count: number; line: number }>();
  let documentLine = 1;
  const paths = [
    ...LISTS.map((list) => `$.benchmarks.*.requests.${list}.*`),
    '$.benchmarks.*.metrics.request_totals',
    '$.benchmarks.*.request_totals',
    '$.benchmarks.*.run_stats.requests_made',
  ];
  await readJsonDocuments(input, paths, {
    value: ({ value, path, line }) => {
      const benchmark = Number(path[1]);
      if (path[2] === 'requests') {
        const list = String(path[3]);
        if (list === 'successful') listed.set(benchmark, (listed.get(benchmark) ?? 0) + 1);
        const place = { file: input.file, line, path: `benchmarks[${benchmark}].requests.${list}[${Number(path[4])}]` };
        attempted(input, line, () => {
          if (list === 'successful') addRequest(value, benchmark, place, builder);
          else addCut(value, benchmark, place, builder, list === 'errored' ? 'failed' : 'unfinished');
        });
      } else {
        const count = isObject(value) ? numberOf(value.successful) : Number.NaN;
        if (count >= 0) counted.set(benchmark, { count, line });
      }
    },
    documentEnd: (line) => {
      documentLine = line;
    },
  });
  for (const [benchmark, { count, line }] of counted) {
    const present = listed.get(benchmark) ?? 0;
    if (present < count) {
      throw new Fault('trace-io/truncated-requests', {
        what: 'GuideLLM benchmark',
        file: input.file,
        line: line || documentLine,
        column: `benchmarks[${benchmark}].requests.successful`,
        value: `${present} requests`,
        rule: `must list all ${count} requests that the benchmark counted`,
        hint: 'run it again without sampling of requests',
      });
    }
  }
  return builder.trace({
    format: 'guidellm',
    clock: "the benchmark client's wall clock, epoch seconds",
    timeUnit: 's',
    queueInPrefill: 'yes',
    firstTokenWithPrefill: true,
    settings: options.settings,
  });
}

interface Place {
  readonly file: string;
  readonly line: number;
  readonly path: string;
}

function recordOf(value: unknown, { file, line, path }: Place): JsonRecord {
  if (isObject(value)) return new JsonRecord(value, file, line, path);
  throw new Fault('trace-io/bad-field', { what: path, file, line, column: path, value, rule: 'must be an object' });
}

/** The record of a request's times, which versions keep in several places. */
function timingsOf(item: JsonRecord): JsonRecord {
  return (
    item.inner('info')?.inner('timings') ??
    item.inner('scheduler_info')?.inner('request_timings') ??
    item.inner('request_timings') ??
    item
  );
}

function addRequest(value: unknown, benchmark: number, place: Place, builder: RequestBuilder): boolean {
  const item = recordOf(value, place);
  const { line } = place;
  const timings = timingsOf(item);
  const outputTokens = tokens(item, 'output');
  const first = firstToken(timings);
  const status = item.inner('info')?.text('status');
  if (status === 'errored') return builder.excludeFailed(line, !Number.isNaN(first));
  if (status === 'cancelled') return builder.exclude('aborted', line);
  if (Number.isNaN(first)) return builder.exclude('no-tokens', line);
  return builder.add(item.has('request_id') ? item.name('request_id') : place.path, line, {
    arrivalSec: startOf(item, timings),
    firstTokenSec: first,
    lastTokenSec: timings.number(
      timings.named('last_token_iteration', 'last_iteration', 'last_token_time', 'request_end', 'end_time'),
    ),
    promptTokens: tokens(item, 'prompt'),
    cachedTokens: cachedOf(item),
    outputTokens,
    instance: `benchmark-${benchmark}`,
  });
}

/** A request that failed or was cut off at the end of the benchmark: it counts as far as it got, where that is known. */
function addCut(
  value: unknown,
  benchmark: number,
  place: Place,
  builder: RequestBuilder,
  reason: 'failed' | 'unfinished',
): boolean {
  const item = recordOf(value, place);
  const timings = timingsOf(item);
  const ended = timings.named('request_end', 'resolve_end', 'end_time');
  return builder.addCut(reason, item.has('request_id') ? item.name('request_id') : place.path, place.line, {
    arrivalSec: startOf(item, timings, true),
    firstTokenSec: firstToken(timings),
    lastTokenSec: timings.number('last_token_iteration', true),
    endSec: timings.number(ended, true),
    promptTokens: tokens(item, 'prompt', true),
    cachedTokens: cachedOf(item),
    // Each of GuideLLM's token iterations is a token so far; whatever the output metrics say was counted from its text.
    outputTokens: timings.count('token_iterations', true),
    instance: `benchmark-${benchmark}`,
  });
}

const firstToken = (timings: JsonRecord): number =>
  timings.number(timings.named('first_token_iteration', 'first_iteration', 'first_token_time'), true);

/** Dumps repeat the start beside the timings, and some have it only there. */
function startOf(item: JsonRecord, timings: JsonRecord, nullable = false): number {
  const started = ['request_start', 'resolve_start', 'start_time'].some((name) => timings.has(name)) ? timings : item;
  return started.number(started.named('request_start', 'resolve_start', 'request_start_time', 'start_time'), nullable);
}

const cachedOf = (item: JsonRecord): number =>
  item.inner('input_metrics')?.count('cached_tokens', true) ?? item.count('cached_tokens', true);

/** The token count of one side: the field of the dump, or the usage metrics that it is computed from. */
function tokens(item: JsonRecord, side: 'prompt' | 'output', nullable = false): number {
  const flat = item.named(`${side}_tokens`, `${side === 'prompt' ? 'prompt' : 'output'}_token_count`);
  if (item.has(flat)) return item.count(flat, nullable);
  const usage = item.inner(side === 'prompt' ? 'input_metrics' : 'output_metrics');
  const [owner, name] = usage === undefined ? [item, flat] : [usage, usage.named('total_tokens', 'text_tokens')];
  return owner.count(name, nullable);
}
