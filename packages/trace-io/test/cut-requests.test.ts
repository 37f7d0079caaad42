import { expect, test } from 'vitest';
import { DECODE, type ReadTraceOptions, readTrace } from '../src/index.js';

const timings = (start: number, first: number | null, last: number | null, tokens: number) => ({
  request_start: start,
  first_token_iteration: first,
  last_token_iteration: last,
  token_iterations: tokens,
});
const request = (request_id: string, status: string, times: object, output: number | null) => ({
  request_id,
  info: { status, timings: times },
  input_metrics: { text_tokens: 100 },
  output_metrics: { text_tokens: output },
});

test('a request that the end of a benchmark cut off counts as far as it got', async () => {
  const benchmark = {
    requests: {
      successful: [request('done', 'completed', timings(10, 10.5, 11, 6), 6)],
      incomplete: [
        request('cut', 'cancelled', timings(10.25, 10.75, 11.25, 5), 5),
        request('waiting', 'cancelled', timings(10.75, null, null, 0), null),
      ],
      errored: [request('broken', 'errored', timings(10.5, 11, 11.125, 2), null)],
    },
  };
  const text = JSON.stringify({ benchmarks: [benchmark] });
  const trace = await readTrace(new Blob([text]).stream(), { format: 'guidellm' });
  expect(trace.facts.cutRequests).toBe(2);
  expect(trace.exclusions.map(({ reason, count }) => [reason, count])).toEqual([['no-tokens', 1]]);
  const rows = Array.from({ length: trace.requests?.length ?? 0 }, (_, i) => [
    trace.requests?.requestIds.at(i),
    trace.requests?.outputTokens[i],
    trace.requests?.lastTokenSec?.[i],
  ]);
  expect(rows).toEqual([
    ['done', 6, 11],
    ['cut', 5, 11.25],
    ['broken', 2, 11.125],
  ]);
});

const lines = (...records: readonly object[]): string => records.map((record) => JSON.stringify(record)).join('\n');
const attributes = (of: object) => Object.entries(of).map(([key, value]) => ({ key, value }));
const span = (spanId: string, of: object, more: object = {}) => ({
  ...{ spanId, startTimeUnixNano: '10000000000', endTimeUnixNano: '11000000000' },
  attributes: attributes({
    'gen_ai.usage.prompt_tokens': { intValue: 100 },
    'gen_ai.latency.time_to_first_token': { doubleValue: 0.5 },
    ...of,
  }),
  ...more,
});
const aiperf = (id: string, more: object) => ({
  metadata: { request_start_ns: '10000000000', request_end_ns: '11000000000', x_request_id: id, ...more },
  error: null,
  metrics: {
    time_to_first_token: { value: 0.5, unit: 's' },
    request_latency: { value: 1, unit: 's' },
    input_sequence_length: { value: 100, unit: 'tokens' },
    output_sequence_length: { value: 6, unit: 'tokens' },
  },
});
const bench = {
  ...{ endpoint_type: 'openai', total_input_tokens: 1, request_throughput: 1 },
  ...{ input_lens: [100, 100, 100], output_lens: [6, 0, 0], start_times: [10, 10, 10], ttfts: [0.5, 0.5, 0] },
  ...{ itls: [[0.1, 0.1, 0.1, 0.1, 0.1], [0.1, 0.15], []], errors: ['', 'reset', 'refused'] },
};
const sglang = { request_received_ts: 10, forward_entry_ts: 10.1, prefill_finished_ts: 10.5, decode_finished_ts: 11 };
const counts = { prompt_tokens: 100, completion_tokens: 6 };
const call = { call_type: 'chat', startTime: 10, completionStartTime: 10.5, endTime: 11, ...counts };
const journey = (name: string, sec: number, more: object = {}) => ({
  name: `journey.${name}`,
  attributes: attributes({ 'ts.monotonic': { doubleValue: sec }, ...more }),
});
const started = [
  journey('QUEUED', 10),
  journey('SCHEDULED', 10.1, { 'prefill.total_tokens': { intValue: 100 } }),
  journey('FIRST_TOKEN', 10.5),
];
const record = { input_toks: 100, output_toks: 6, queued_ts: 10, scheduled_ts: 10.1, first_token_ts: 10.5 };
const done = { 'decode.done_tokens': { intValue: 6 } };

type Stopped = readonly [
  name: string,
  text: string,
  reasons: object,
  ends: readonly number[],
  options?: ReadTraceOptions,
];

/** A served request each, and one that stopped without a count of its tokens: it presses from its start to its end. */
const STOPPED: readonly Stopped[] = [
  ['vllm-bench', JSON.stringify(bench), { failed: [1, 1], rejected: [1, undefined] }, [10.75]],
  [
    'sglang-bench',
    JSON.stringify({ ...bench, random_input_len: 1 }),
    { failed: [1, 1], rejected: [1, undefined] },
    [10.75],
  ],
  [
    'aiperf',
    lines(aiperf('a', {}), {
      ...aiperf('b', { was_cancelled: true, cancellation_time_ns: '10750000000' }),
      metrics: { error_isl: { value: 100, unit: 'tokens' } },
      error: { type: 'RequestCancellationError' },
    }),
    { aborted: [1, 1] },
    [0.75],
  ],
  [
    'evalscope',
    lines(
      { start_time: 10, first_chunk_latency: 0.5, inter_token_latencies: '[0.1,0.4]', success: 1, ...counts },
      { start_time: 10, first_chunk_latency: 0.5, inter_token_latencies: '[0.25]', success: 0, prompt_tokens: 100 },
    ),
    { failed: [1, 1] },
    [10.75],
  ],
  [
    'otlp',
    lines({
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: [
                span('a', { 'gen_ai.usage.completion_tokens': { intValue: 6 } }),
                span('b', {}, { status: { code: 2 } }),
              ],
            },
          ],
        },
      ],
    }),
    { failed: [1, 1] },
    [1],
  ],
  [
    'otlp',
    lines({
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: [
                { ...span('a', {}), attributes: [], events: [...started, journey('FINISHED', 11, done)] },
                {
                  ...span('b', {}),
                  attributes: [],
                  events: [
                    ...started,
                    journey('FINISHED', 10.75, { ...done, 'finish.status': { stringValue: 'aborted' } }),
                  ],
                },
                { ...span('c', {}), attributes: [], events: started },
              ],
            },
          ],
        },
      ],
    }),
    { aborted: [1, 1], unfinished: [1, 1] },
    [10.75, 11],
  ],
  [
    'sglang',
    lines(
      { id: 'a', ...sglang, ...counts },
      { id: 'b', ...sglang, ...counts, decode_finished_ts: 10.75, finish_reason: { type: 'abort' } },
    ),
    { aborted: [1, 1] },
    [10.75],
  ],
  [
    'litellm',
    lines({ id: 'a', ...call }, { id: 'b', ...call, endTime: 10.75, completion_tokens: 0, status: 'failure' }),
    { failed: [1, 1] },
    [10.75],
  ],
  [
    'request-log',
    lines({ request_id: 'a', ...record, last_token_ts: 11 }, { request_id: 'b', ...record, last_token_ts: null }),
    { unfinished: [1, 1] },
    [11],
  ],
  [
    'mapped',
    'start,first,last,in,out\n10,10.5,11,100,6\n10,10.5,10.75,100,0\n10,10.5,,100,3\n',
    { aborted: [1, 1], unfinished: [1, 1] },
    [10.75, 11],
    { map: { start: 'start', first: 'first', last: 'last', prompt: 'in', output: 'out' } },
  ],
];

for (const [name, text, reasons, ends, options] of STOPPED) {
  test(`${name}: a request that stopped presses on the others until it did`, async () => {
    const trace = await readTrace(new Blob([text]).stream(), options);
    expect(trace.facts.format).toBe(name);
    expect(Object.fromEntries(trace.exclusions.map(({ reason, count, load }) => [reason, [count, load]]))).toEqual(
      reasons,
    );
    const { phases } = trace;
    const cut = Array.from(phases?.cut?.keys() ?? []).filter(
      (row) => phases?.cut?.[row] === 1 && phases.kind[row] === DECODE,
    );
    expect(cut.map((row) => phases?.endSec[row])).toEqual(ends.map((end) => expect.closeTo(end, 9)));
    expect(trace.requests?.length).toBe(1);
  });
}

test('a request that is open for longer than any other took has ended at a time that the log does not tell', async () => {
  const later = { ...record, queued_ts: 20, scheduled_ts: 20.1, first_token_ts: 20.5 };
  const text = lines(
    { request_id: 'a', ...record, last_token_ts: 11 },
    { request_id: 'b', ...record, last_token_ts: null },
    { request_id: 'c', ...later, last_token_ts: 21 },
    { request_id: 'd', ...later, last_token_ts: null },
  );
  const { phases, exclusions } = await readTrace(new Blob([text]).stream());
  expect(phases?.cut).toBeUndefined();
  expect(exclusions).toMatchObject([{ reason: 'unfinished', count: 2 }]);
});
