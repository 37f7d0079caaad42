import { Fault } from '@stepclock/faults';
import { DECODE, PREFILL, phasesOfRequests, readTrace } from '@stepclock/trace-io';
import { describe, expect, test } from 'vitest';
import { plain } from './plain-table.js';
import { chunked, text } from './streams.js';

const row = (change: Record<string, unknown> = {}): string =>
  JSON.stringify({
    request_id: 'a',
    input_toks: 96,
    output_toks: 5,
    arrival_time: 1.7e9,
    queued_ts: 10,
    scheduled_ts: 10.1,
    first_token_ts: 10.4,
    last_token_ts: 11,
    ...change,
  });

test('a request gives a prefill and a decode of one step less than its output', async () => {
  const trace = await readTrace(text(`${row()}\n`), { fileName: 'requests.jsonl' });
  expect(trace.facts).toMatchObject({ format: 'request-log', queueInPrefill: 'no', firstTokenWithPrefill: true });
  expect(trace.phases && plain(trace.phases)).toEqual([
    { request: 'a', kind: PREFILL, start: 10.1, end: 10.4, prefill: 96, decode: 0 },
    { request: 'a', kind: DECODE, start: 10.4, end: 11, prefill: 0, decode: 4 },
  ]);
  expect(trace.requests).toMatchObject({ length: 1 });
  expect(trace.requests?.arrivalSec?.[0]).toBe(10);
});

test('a request of one token has no decode phase', async () => {
  const { phases } = await readTrace(text(row({ output_toks: 1, last_token_ts: 10.4 })));
  expect(phases && plain(phases)).toMatchObject([{ kind: PREFILL }]);
});

test('integers may come as strings, cached tokens are not work, instances are kept apart', async () => {
  const content = [row({ input_toks: '96', cached_tokens: 32, instance_id: 'x' }), row({ instance_id: 'y' })].join(
    '\r\n',
  );
  const { phases } = await readTrace(text(content));
  expect(phases && plain(phases)).toMatchObject([
    { prefill: 64, cached: 32, instance: 'x' },
    { kind: DECODE, instance: 'x' },
    { prefill: 96, instance: 'y' },
    { kind: DECODE, instance: 'y' },
  ]);
});

test('requests without tokens are left out and counted', async () => {
  const content = [
    row(),
    row({ request_id: 'b', first_token_ts: null, last_token_ts: null }),
    row({ request_id: 'c', output_toks: 0 }),
  ];
  const trace = await readTrace(text(content.join('\n')));
  expect(trace.requests?.length).toBe(1);
  expect(trace.exclusions).toMatchObject([
    { reason: 'no-tokens', count: 1, lines: [2] },
    { reason: 'no-output', count: 1, lines: [3] },
  ]);
});

test('fields can be mapped', async () => {
  const content = row().replace('input_toks', 'n_in').replace('request_id', 'rid');
  const trace = await readTrace(text(content), { columns: { input_toks: 'n_in', request_id: 'rid' } });
  expect(trace.requests?.promptTokens[0]).toBe(96);
});

test('chunk borders fall anywhere', async () => {
  const bytes = new TextEncoder().encode(`${row()}\n\n${row({ request_id: 'é' })}`);
  for (const size of [1, 2, 3, 50, 1000]) {
    const { requests } = await readTrace(chunked(bytes, size));
    expect(requests?.requestIds.at(1)).toBe('é');
  }
});

describe('meta.json', () => {
  const meta = {
    model: 'm',
    vllm_version: '0.19.0',
    engine_kwargs: { max_num_seqs: 128, max_num_batched_tokens: '2048', max_model_len: null },
    kv_cache: { num_kv_tokens: 41408, num_gpu_blocks: 1, block_size: 16 },
    hardware: { device_name: 'GPU' },
    __proto__: { chunk_size: 5 },
  };
  const expected = {
    maxNumBatchedTokens: 2048,
    maxNumSeqs: 128,
    kvTokens: 41408,
    model: 'm',
    engine: 'vLLM 0.19.0',
    device: 'GPU',
  };

  test('gives the engine settings, as text or object', async () => {
    for (const metaJson of [meta, JSON.stringify(meta)]) {
      expect((await readTrace(text(row()), { metaJson })).facts.settings).toEqual(expected);
    }
  });

  test('of blocks gives the tokens of the KV cache', async () => {
    const metaJson = {
      kv_cache: { num_gpu_blocks: 10, block_size: 16 },
      scheduler_config: { long_prefill_token_threshold: 0 },
    };
    expect((await readTrace(text(row()), { metaJson })).facts.settings).toEqual({ kvTokens: 160 });
  });

  test('that is not JSON is an error of its own file', async () => {
    const failed = readTrace(text(row()), { metaJson: '{', metaJsonName: 'm/meta.json' });
    await expect(failed).rejects.toThrow(Fault);
    await expect(failed).rejects.toMatchObject({ code: 'trace-io/bad-json', file: 'm/meta.json' });
  });
});

test('phasesOfRequests counts every output token as a step where the first token is a decode step of its own', () => {
  const requests = {
    length: 1,
    requestIds: { length: 1, at: () => 'a' },
    arrivalSec: Float64Array.of(0),
    firstTokenSec: Float64Array.of(1),
    lastTokenSec: Float64Array.of(3),
    promptTokens: Float64Array.of(10),
    outputTokens: Float64Array.of(4),
  };
  expect(plain(phasesOfRequests(requests)).map(({ decode }) => decode)).toEqual([0, 3]);
  expect(plain(phasesOfRequests(requests, { firstTokenWithPrefill: false })).map(({ decode }) => decode)).toEqual([
    0, 4,
  ]);
});
