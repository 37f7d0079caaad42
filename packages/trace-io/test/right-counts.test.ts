import { expect, test } from 'vitest';
import { readTrace, type Trace } from '../src/index.js';

const read = async (...records: readonly object[]): Promise<Trace> =>
  readTrace(new Blob([records.map((record) => JSON.stringify(record)).join('\n')]).stream());
const requestOf = ({ requests, facts }: Trace) => ({
  prompt: requests?.promptTokens[0],
  output: requests?.outputTokens[0],
  arrival: requests?.arrivalSec?.[0],
  scheduled: requests?.scheduledSec?.[0],
  queue: facts.queueInPrefill,
});
const reasonsOf = async (trace: Promise<Trace>): Promise<unknown> =>
  (await trace).exclusions.map(({ reason }) => reason);

const tokens = (value: number) => ({ value, unit: 'tokens' });
const aiperf = (metadata: object, metrics: object = {}) => ({
  metadata: { request_start_ns: '10000000000', request_end_ns: '11000000000', ...metadata },
  metrics: {
    time_to_first_token: { value: 500, unit: 'ms' },
    request_latency: { value: 1, unit: 's' },
    inter_chunk_latency: { value: [250, 250], unit: 'ms' },
    input_sequence_length: tokens(100),
    output_sequence_length: tokens(3),
    ...metrics,
  },
});

test('AIPerf: what the server counted comes before what the client did', async () => {
  const usage = { usage_prompt_tokens: tokens(110), usage_completion_tokens: tokens(4) };
  expect(requestOf(await read(aiperf({}, usage)))).toMatchObject({ prompt: 110, output: 4 });
  expect(requestOf(await read(aiperf({})))).toMatchObject({ prompt: 100, output: 3 });
});

test('AIPerf: a request comes when the server acknowledges it, unless that is with its first token', async () => {
  expect(requestOf(await read(aiperf({ request_ack_ns: '10020000000' }))).arrival).toBeCloseTo(0.02, 9);
  expect(requestOf(await read(aiperf({ request_ack_ns: '10499000000' }))).arrival).toBe(0);
  expect(requestOf(await read(aiperf({ request_ack_ns: null }))).arrival).toBe(0);
});

test('AIPerf: reasoning that no chunk shows hides the end of the prefill', async () => {
  const usage = { usage_completion_tokens: tokens(9), usage_reasoning_tokens: tokens(6) };
  expect(await reasonsOf(read(aiperf({}), aiperf({ x_request_id: 'r' }, usage)))).toEqual(['hidden-reasoning']);
  const shown = { value: [60, 60, 60, 60, 60, 60, 60, 60], unit: 'ms' };
  expect(await reasonsOf(read(aiperf({}, { ...usage, inter_chunk_latency: shown })))).toEqual([]);
});

const span = (latencies: object) => ({
  spanId: 'a',
  startTimeUnixNano: '10000000000',
  endTimeUnixNano: '11000000000',
  attributes: Object.entries({
    'gen_ai.usage.prompt_tokens': 100,
    'gen_ai.usage.completion_tokens': 3,
    'gen_ai.latency.time_to_first_token': 0.5,
    ...latencies,
  }).map(([key, doubleValue]) => ({ key, value: { doubleValue } })),
});
const spans = (latencies: object) => ({ resourceSpans: [{ scopeSpans: [{ spans: [span(latencies)] }] }] });

test('OpenTelemetry: the time in the queue, or that in the prefill, tells when a request was scheduled', async () => {
  const queued = requestOf(await read(spans({ 'gen_ai.latency.time_in_queue': 0.2 })));
  expect(queued).toMatchObject({ arrival: 0, queue: 'no' });
  expect(queued.scheduled).toBeCloseTo(0.2, 9);
  const both = { 'gen_ai.latency.time_in_queue': 0.2, 'gen_ai.latency.time_in_model_prefill': 0.25 };
  expect(requestOf(await read(spans(both))).scheduled).toBeCloseTo(0.25, 9);
  expect(requestOf(await read(spans({}))).queue).toBe('yes');
});

const bench = (more: object) => ({
  ...{ endpoint_type: 'openai', total_input_tokens: 1, request_throughput: 1 },
  ...{ input_lens: [100, 90], output_lens: [3, 3], start_times: [10, 10], ttfts: [0.5, 0.5] },
  itls: [
    [0.25, 0.25],
    [0.25, 0.25],
  ],
  ...more,
});

test('vllm bench: the server tells how long each request waited, and its prefill took', async () => {
  const queued = requestOf(await read(bench({ server_queue_times: [0.2, 0.1] })));
  expect([queued.scheduled, queued.queue]).toEqual([10.2, 'no']);
  const both = { server_queue_times: [0.2, 0.1], server_ttfts: [0.25, 0.3] };
  expect(requestOf(await read(bench(both))).scheduled).toBe(10.25);
  expect(requestOf(await read(bench({ server_queue_times: [0.2, null] }))).queue).toBe('yes');
});

const says = (...events: readonly object[]): string =>
  events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
const delta = (choice: object): string => says({ choices: [{ delta: choice }] });
const usage = (completion_tokens: number, reasoning_tokens = 0): string =>
  says({
    choices: [],
    usage: { prompt_tokens: 100, completion_tokens, completion_tokens_details: { reasoning_tokens } },
  });
const profile = (...responses: readonly string[]) => ({
  service_kind: 'openai',
  experiments: [
    {
      requests: [
        {
          timestamp: 10e9,
          response_timestamps: responses.map((_, i) => 10.5e9 + i * 0.25e9),
          response_outputs: responses.map((response) => ({ response })),
        },
      ],
    },
  ],
});

test('genai-perf: a role alone is no token; usage counts what chunks hold several of', async () => {
  const trace = await read(
    profile(delta({ role: 'assistant' }), delta({ content: 'a' }), delta({ content: 'bc' }), usage(3)),
  );
  expect(requestOf(trace)).toMatchObject({ prompt: 100, output: 3 });
  expect([trace.requests?.firstTokenSec?.[0], trace.requests?.lastTokenSec?.[0]]).toEqual([0.75, 1]);
  expect(trace.tokens?.chunkOffsets[1]).toBe(2);
});

test('genai-perf: reasoning that no chunk shows hides the end of the prefill, shown it does not', async () => {
  const answer = [delta({ content: 'a' }), delta({ content: 'b' })];
  await expect(read(profile(...answer, usage(9, 7)))).rejects.toThrow('nothing tells when their prefill ended');
  const shown = ['r', 'e', 'a'].map((reasoning_content) => delta({ reasoning_content }));
  expect(requestOf(await read(profile(...shown, ...answer, usage(5, 3))))).toMatchObject({ output: 5 });
});
