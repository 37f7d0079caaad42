import {
  columnMapOf,
  type PhaseTrace,
  readTrace,
  type TokenTable,
  type TokenTrace,
  type Trace,
} from '@stepclock/trace-io';
import { describe, expect, test } from 'vitest';

const read = (file: unknown, options: Parameters<typeof readTrace>[1] = {}): Promise<Trace> => {
  const text = typeof file === 'string' ? file : JSON.stringify(file);
  return readTrace(new Blob([text]).stream(), options);
};
const lines = (...records: readonly object[]): string => records.map((record) => JSON.stringify(record)).join('\n');

/** Chunk times of every request, rounded where they are sums. */
const chunksOf = ({ requestCount, chunkOffsets, chunkSec }: TokenTable): number[][] =>
  Array.from({ length: requestCount }, (_, r) =>
    [...chunkSec.subarray(chunkOffsets[r], chunkOffsets[r + 1])].map((sec) => Math.round(sec * 1e9) / 1e9),
  );

const bench = {
  backend: 'vllm',
  request_throughput: 1,
  total_input_tokens: 12,
  duration: 3.5,
  input_lens: [7, 5, 9],
  output_lens: [3, 2, 4],
  ttfts: [0.5, 0.25, 0],
  itls: [[0.1, 0.2], [0.3], []],
  errors: ['', '', 'connection lost'],
};

describe('vllm bench serve', () => {
  test('start times, first tokens and gaps give the time of every chunk', async () => {
    const { tokens, phases, kind } = (await read({ ...bench, start_times: [10, 11, 12] })) as PhaseTrace;
    expect(kind).toBe('phases');
    expect(phases.length).toBe(4);
    expect(tokens).toMatchObject({ requestCount: 2, starts: 'given', durationSec: 3.5 });
    expect(tokens && chunksOf(tokens)).toEqual([
      [10.5, 10.6, 10.8],
      [11.25, 11.55],
    ]);
    expect([...(tokens?.sentSec ?? [])]).toEqual([10, 11]);
    expect([...(tokens?.promptTokens ?? [])]).toEqual([7, 5]);
    expect([...(tokens?.outputTokens ?? [])]).toEqual([3, 2]);
  });

  test('without start times the chunks count from each request, and there are no phases', async () => {
    const trace = (await read(bench)) as TokenTrace;
    expect(trace.kind).toBe('tokens');
    expect(trace.phases).toBeUndefined();
    expect(trace.exclusions).toMatchObject([{ reason: 'rejected', count: 1 }]);
    expect(trace.tokens).toMatchObject({ requestCount: 2, starts: 'unknown', durationSec: 3.5 });
    expect(chunksOf(trace.tokens)).toEqual([
      [0.5, 0.6, 0.8],
      [0.25, 0.55],
    ]);
  });

  test('a line of sglang.bench_serving reads the same', async () => {
    const trace = await read(`${JSON.stringify({ ...bench, server_info: null })}\n`);
    expect(trace.kind).toBe('tokens');
  });

  test('a gap that is negative is refused with its place', async () => {
    const itls = [[0.1, -0.2], [0.3], []];
    await expect(read({ ...bench, itls, start_times: [1, 2, 3] })).rejects.toMatchObject({
      code: 'trace-io/bad-field',
      column: 'itls[0][1]',
      value: -0.2,
    });
  });
});

describe('AIPerf', () => {
  const value = (amount: number | readonly number[], unit: string) => ({ value: amount, unit });
  const record = (startNs: number, more: object = {}, phase = 'profiling') => ({
    metadata: { request_start_ns: startNs, benchmark_phase: phase, x_request_id: `r${startNs}` },
    metrics: {
      time_to_first_token: value(40, 'ms'),
      request_latency: value(60, 'ms'),
      input_sequence_length: value(100, 'tokens'),
      output_sequence_length: value(3, 'tokens'),
      inter_chunk_latency: value([8, 12], 'ms'),
      ...more,
    },
  });

  test('chunks, the prompt as the server counts it, and requests of the warm-up, which are load too', async () => {
    const usage = { usage_prompt_tokens: value(110, 'tokens') };
    const { tokens, phases } = (await read(
      lines(record(1e9), record(2e9, usage), record(0, {}, 'warmup')),
    )) as PhaseTrace;
    expect(phases.length).toBe(4);
    expect(tokens && chunksOf(tokens)).toEqual([
      [0.04, 0.048, 0.06],
      [1.04, 1.048, 1.06],
      [-0.96, -0.952, -0.94],
    ]);
    expect([...(tokens?.promptTokens ?? [])]).toEqual([100, 110, 100]);
  });
});

describe('inference-perf', () => {
  const request = (start: number, times: readonly number[], error: object | null = null) => ({
    start_time: start,
    end_time: start + 9,
    request: '{}',
    info: {
      request_metrics: { text: { input_tokens: 8 } },
      response_metrics: { output_tokens: times.length, chunk_times: times },
    },
    error,
  });

  test('failed requests with chunk times are load: among the chunks and, as far as they got, the phases', async () => {
    const { tokens, phases, facts, exclusions } = (await read([
      request(1, [1.5, 1.6, 1.8]),
      request(2, [2.5, 2.6], { type: 'cut off' }),
    ])) as PhaseTrace;
    // As far as it got, it is load.
    expect([phases.length, facts.cutRequests]).toEqual([4, 1]);
    expect(exclusions).toEqual([]);
    expect(tokens && chunksOf(tokens)).toEqual([
      [1.5, 1.6, 1.8],
      [2.5, 2.6],
    ]);
  });

  test('chunks out of order are refused', async () => {
    await expect(read([request(1, [1.5, 1.4, 1.8])])).rejects.toMatchObject({ code: 'trace-io/bad-time' });
  });
});

describe('any log with a list of times, by --map tokens=FIELD', () => {
  const log = lines(
    { sent: 1000, n_in: 5, n_out: 3, out: { at: [1500, 1600, 1800] } },
    { sent: 2000, n_in: 6, n_out: 2, out: { at: [2500, 2600] } },
  );

  test('first and last tokens follow from the list', async () => {
    const map = columnMapOf('arrival=sent,prompt=n_in,output=n_out,tokens=out.at');
    const { tokens, requests } = (await read(log, { map, timeUnit: 'ms' })) as PhaseTrace;
    expect(tokens && chunksOf(tokens)).toEqual([
      [1.5, 1.6, 1.8],
      [2.5, 2.6],
    ]);
    expect([...(requests?.firstTokenSec ?? [])]).toEqual([1.5, 2.5]);
    expect([...(requests?.lastTokenSec ?? [])]).toEqual([1.8, 2.6]);
  });

  test('a delimited file has no lists', async () => {
    const map = columnMapOf('arrival=a,prompt=p,output=o,tokens=t');
    await expect(read('a,p,o,t\n1,2,3,4\n', { map })).rejects.toMatchObject({ code: 'trace-io/bad-map' });
  });

  test('what is no time in the list is refused with its place', async () => {
    const map = columnMapOf('arrival=sent,prompt=n_in,output=n_out,tokens=t');
    const bad = lines({ sent: 1, n_in: 5, n_out: 3, t: [2, 'late'] });
    await expect(read(bad, { map })).rejects.toMatchObject({ code: 'trace-io/bad-field', column: 't[1]' });
  });
});
