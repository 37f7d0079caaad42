/** Endless-looking inputs made on the fly, so that the benchmark measures reading and not the disk or a big string. */

interface Request {
  readonly i: number;
  readonly arrival: number;
  readonly first: number;
  readonly last: number;
  readonly prompt: number;
  readonly output: number;
}

/** A cheap deterministic stand-in for a trace: what counts here is the shape of the text. */
function requestAt(i: number): Request {
  const spread = ((i * 2654435761) % 4294967296) / 4294967296;
  const arrival = i / 12 + spread / 100;
  return {
    i,
    arrival,
    first: arrival + 0.05 + spread / 7,
    last: arrival + 2.3 + spread * 9.7,
    prompt: 100 + ((i * 7919) % 2000),
    output: 2 + ((i * 104729) % 300),
  };
}

const EPOCH = 1_760_000_000;
const json = JSON.stringify;
const TEXT = 'word '.repeat(120);

interface Shape {
  readonly head?: string;
  readonly record: (r: Request) => string;
  readonly between?: string;
  readonly tail?: string | ((requests: number) => string);
}

const times = (r: Request, count: number): number[] =>
  Array.from({ length: count }, (_, k) => r.first + ((r.last - r.first) * k) / count);

/** Gaps between the tokens of a request, with all the digits that a clock of Python gives. */
const gapsOf = (r: Request): number[] =>
  Array.from({ length: r.output - 1 }, (_, k) => (r.last - r.first) / (r.output - 1) + 1e-5 * Math.sin(r.i + k));

const columnOf = (name: string, requests: number, of: (r: Request) => number | string): string =>
  `"${name}":${json(Array.from({ length: requests }, (_, i) => of(requestAt(i))))}`;

const event = (content: string): string => `data: ${json({ choices: [{ index: 0, delta: { content } }] })}\n\n`;

export const SHAPES: Readonly<Record<string, Shape>> = {
  'phase-csv': {
    head: 'request_id,phase_type,t_start,t_end,prefill_tokens,decode_tokens\n',
    record: (r) =>
      `r${r.i},prefill,${r.arrival},${r.first},${r.prompt},0\nr${r.i},decode,${r.first},${r.last},0,${r.output}\n`,
  },
  'request-log': {
    record: (r) =>
      `${json({ request_id: `bench-${r.i}`, input_toks: r.prompt, output_toks: r.output, arrival_time: EPOCH + r.arrival, queued_ts: r.arrival, scheduled_ts: r.arrival, first_token_ts: r.first, last_token_ts: r.last })}\n`,
  },
  otlp: {
    record: (r) =>
      `${json({
        resourceSpans: [
          {
            resource: { attributes: [{ key: 'service.name', value: { stringValue: 'vllm' } }] },
            scopeSpans: [
              {
                spans: [
                  {
                    traceId: String(r.i),
                    spanId: String(r.i),
                    name: 'llm_request',
                    startTimeUnixNano: `${EPOCH}${String(Math.round(r.arrival * 1e9))
                      .padStart(9, '0')
                      .slice(-9)}`,
                    endTimeUnixNano: `${EPOCH + 20}000000000`,
                    attributes: [
                      { key: 'gen_ai.request.id', value: { stringValue: `r${r.i}` } },
                      { key: 'gen_ai.latency.time_to_first_token', value: { doubleValue: r.first - r.arrival } },
                      {
                        key: 'gen_ai.latency.time_in_model_prefill',
                        value: { doubleValue: (r.first - r.arrival) / 2 },
                      },
                      { key: 'gen_ai.latency.time_in_model_decode', value: { doubleValue: r.last - r.first } },
                      { key: 'gen_ai.usage.prompt_tokens', value: { intValue: String(r.prompt) } },
                      { key: 'gen_ai.usage.completion_tokens', value: { intValue: String(r.output) } },
                    ],
                  },
                ],
              },
            ],
          },
        ],
      })}\n`,
  },
  guidellm: {
    head: '{"metadata":{"version":1},"benchmarks":[{"requests":{"successful":[',
    between: ',',
    record: (r) =>
      json({
        request_id: `r${r.i}`,
        request_args: TEXT,
        output: TEXT,
        info: {
          status: 'completed',
          timings: {
            request_start: EPOCH + r.arrival,
            first_token_iteration: EPOCH + r.first,
            last_token_iteration: EPOCH + r.last,
          },
        },
        prompt_tokens: r.prompt,
        output_tokens: r.output,
      }),
    tail: ']}}]}',
  },
  'vllm-bench': {
    head: '{"backend":"vllm","endpoint_type":"openai","request_throughput":1,"total_input_tokens":1,"itls":[',
    between: ',',
    record: (r) => json(gapsOf(r)),
    tail: (requests) =>
      `],${[
        columnOf('input_lens', requests, (r) => r.prompt),
        columnOf('output_lens', requests, (r) => r.output),
        columnOf('ttfts', requests, (r) => r.first - r.arrival),
        columnOf('start_times', requests, (r) => r.arrival),
        columnOf('generated_texts', requests, () => TEXT),
        columnOf('errors', requests, () => ''),
      ].join(',')}}`,
  },
  'genai-perf': {
    head: '{"experiments":[{"experiment":{"mode":"concurrency","value":8},"requests":[',
    between: ',',
    record: (r) => {
      const chunks = times(r, r.output);
      const usage = `data: ${json({ choices: [], usage: { prompt_tokens: r.prompt, completion_tokens: r.output } })}\n\n`;
      return json({
        timestamp: (EPOCH + r.arrival) * 1e9,
        request_inputs: { payload: TEXT },
        response_timestamps: [...chunks, r.last].map((sec) => (EPOCH + sec) * 1e9),
        response_outputs: [...chunks.map(() => ({ response: event('word') })), { response: usage }],
      });
    },
    tail: '],"window_boundaries":[]}],"service_kind":"openai","endpoint":"v1/chat/completions"}',
  },
  'inference-perf': {
    head: '[',
    between: ',',
    record: (r) =>
      json({
        start_time: r.arrival,
        end_time: r.last,
        request: TEXT,
        response: TEXT,
        info: { input_tokens: r.prompt, output_tokens: r.output, output_token_times: times(r, Math.min(r.output, 60)) },
        error: null,
      }),
    tail: ']',
  },
  aiperf: {
    record: (r) =>
      `${json({ metadata: { x_request_id: `r${r.i}`, request_start_ns: 'NS', benchmark_phase: 'profiling', was_cancelled: false }, metrics: { input_sequence_length: { value: r.prompt, unit: 'tokens' }, time_to_first_token: { value: (r.first - r.arrival) * 1e3, unit: 'ms' }, request_latency: { value: (r.last - r.arrival) * 1e3, unit: 'ms' }, output_sequence_length: { value: r.output, unit: 'tokens' } }, error: null }).replace('"NS"', `${EPOCH}${String(r.i % 1e9).padStart(9, '0')}`)}\n`,
  },
  sglang: {
    record: (r) =>
      `${json({ request_parameters: TEXT, id: `r${r.i}`, finish_reason: { type: 'length' }, prompt_tokens: r.prompt, completion_tokens: r.output, cached_tokens: 0, request_received_ts: EPOCH + r.arrival, queue_time: 0.001, prefill_finished_ts: EPOCH + r.first, decode_finished_ts: EPOCH + r.last })}\n`,
  },
  'blis-metrics': {
    head: '{"vllm_estimated_duration_s":1,"requests":[',
    between: ',\n',
    record: (r) =>
      json({
        arrived_at: r.arrival,
        requestID: `r${r.i}`,
        num_prefill_tokens: r.prompt,
        num_decode_tokens: r.output,
        ttft_ms: (r.first - r.arrival) * 1e3,
        e2e_ms: (r.last - r.arrival) * 1e3,
        scheduling_delay_ms: 1.5,
        handled_by: 'instance-0',
      }),
    tail: ']}',
  },
  'blis-trace': {
    head: 'request_id,prefix_length,input_tokens,output_tokens,server_input_tokens,arrival_time_us,send_time_us,first_chunk_time_us,last_chunk_time_us,status\n',
    record: (r) =>
      `${r.i},0,${r.prompt},${r.output},0,${[r.arrival, r.arrival, r.first, r.last].map((sec) => Math.round(sec * 1e6) + 1e6).join(',')},ok\n`,
  },
  azure: {
    head: 'TIMESTAMP,ContextTokens,GeneratedTokens\n',
    record: (r) =>
      `${new Date((EPOCH + r.arrival) * 1000).toISOString().slice(0, 19).replace('T', ' ')}.${String((r.i * 7919) % 1e7).padStart(7, '0')},${r.prompt},${r.output}\n`,
  },
  burstgpt: {
    head: 'Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n',
    record: (r) => `${r.arrival},ChatGPT,${r.prompt},${r.output},${r.prompt + r.output},Conversation log\n`,
  },
  mooncake: {
    record: (r) =>
      `${json({ timestamp: Math.round(r.arrival * 1000), input_length: r.prompt, output_length: r.output, hash_ids: [1, 2, 3, r.i] })}\n`,
  },
  'step-csv': {
    head: 'start_sec,duration_sec,prefill_tokens,decode_tokens,context_tokens\n',
    record: (r) => `${r.arrival},${(8 + r.output / 100) / 1e3},0,${r.output},${r.prompt * r.output}\n`,
  },
  'step-log': {
    record: (r) =>
      `INFO 11-21 02:00:00 [core.py:360] Iteration(${r.i}): 0 context requests, 0 context tokens, ${r.output} generation requests, ${r.output} generation tokens, iteration elapsed time: ${(8 + r.output / 100).toFixed(2)} ms\n`,
  },
};

/** The text of `requests` requests in a format, in chunks of about 64 KB. */
export async function* synthetic(shape: Shape, requests: number): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = shape.head ?? '';
  for (let i = 0; i < requests; i++) {
    if (i > 0) text += shape.between ?? '';
    text += shape.record(requestAt(i));
    if (text.length > 65_536) {
      yield encoder.encode(text);
      text = '';
    }
  }
  const { tail = '' } = shape;
  yield encoder.encode(text + (typeof tail === 'string' ? tail : tail(requests)));
}
