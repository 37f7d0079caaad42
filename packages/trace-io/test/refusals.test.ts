import { readFileSync } from 'node:fs';
import { Fault } from '@stepclock/faults';
import { seededRandom } from '@stepclock/numerics';
import { columnMapOf, formats, readTrace } from '@stepclock/trace-io';
import { parquetMetadata } from 'hyparquet';
import { describe, expect, test } from 'vitest';
import { formatFixtures } from './format-fixtures.js';
import { outcome } from './outcome.js';
import { text } from './streams.js';

const failure = async (content: string, options = {}): Promise<Fault> => {
  const error = await readTrace(text(content), { fileName: 'f', ...options }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Fault);
  return error as Fault;
};

const bench = { backend: 'vllm', request_throughput: 1, total_input_tokens: 9 };
const lists = { input_lens: [9], output_lens: [2], ttfts: [0.1], itls: [[0.2]], errors: [''] };

describe('a file that is not of the format it is said to be', () => {
  // One file of each format that is recognised, and each format that it may be taken for.
  const files = formatFixtures().filter(({ options, expected }) => {
    return options.map === undefined && options.columns === undefined && expected.facts.format !== 'mapped';
  });

  test.each(files.map((file) => [file.name, file] as const))('%s: what it looks like is told', async (_, file) => {
    const own = String(file.expected.facts.format);
    const wrong = formats.map(({ name }) => name).filter((name) => name !== own);
    let refused = 0;
    for (const format of wrong) {
      const error = await readTrace(new Blob([new Uint8Array(file.bytes)]).stream(), { ...file.options, format }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      // Some files are of two formats.
      if (error === undefined) continue;
      refused++;
      expect(error).toBeInstanceOf(Fault);
      expect((error as Fault).message).toMatch(new RegExp(`: the file looks like ${own}, not ${format}$`));
    }
    expect(refused).toBeGreaterThan(wrong.length / 2);
  });

  test('a fault in a file that is what it is said to be has no such words', async () => {
    const said = await failure('{"request_id":"a","queued_ts":1}\n', { format: 'request-log' });
    expect(said.message).not.toContain('looks like');
    const phases = 'request_id,phase_type,t_start,t_end,prefill_tokens,decode_tokens\nA,prefill,0,x,9,0\n';
    const mapped = await failure(phases, {
      map: columnMapOf('start=t_start,last=t_end,prompt=prefill_tokens,output=decode_tokens'),
    });
    expect(mapped.message).not.toContain('looks like');
  });
});

describe('what a file lacks is said in words that help', () => {
  test('a vllm bench result without details', async () => {
    const error = await failure(JSON.stringify(bench));
    expect(error.code).toBe('trace-io/not-detailed');
    expect(error.message).toContain('--save-detailed');
  });

  test('a vllm bench result without start times, of answers that came in one piece', async () => {
    const error = await failure(JSON.stringify({ ...bench, ...lists, itls: lists.itls.map(() => []) }));
    expect(error.code).toBe('trace-io/no-start-times');
    expect(error.message).toContain('from which they can be rebuilt');
  });

  test('a vllm bench result whose lists differ in length', async () => {
    const error = await failure(JSON.stringify({ ...bench, ...lists, ttfts: [], start_times: [1] }));
    expect(error).toMatchObject({ code: 'trace-io/bad-field', column: 'ttfts' });
  });

  test('a GuideLLM file with fewer requests than it counted', async () => {
    const timings = { request_start: 1, first_token_iteration: 2, last_token_iteration: 3 };
    const request = { request_id: 'a', info: { timings }, prompt_tokens: 3, output_tokens: 2 };
    const file = {
      benchmarks: [{ metrics: { request_totals: { successful: 5 } }, requests: { successful: [request] } }],
    };
    const error = await failure(JSON.stringify(file));
    expect(error).toMatchObject({ code: 'trace-io/truncated-requests', value: '1 requests' });
    expect(error.message).toContain('all 5');
  });

  test('a file of failed requests only', async () => {
    const line = { metadata: { request_start_ns: 1, benchmark_phase: 'profiling' }, error: { code: 500 } };
    const error = await failure(JSON.stringify(line));
    expect(error).toMatchObject({ code: 'trace-io/no-requests', line: 1 });
    expect(error.message).toContain('1 requests that failed');
  });

  test('a BLIS header without its CSV', async () => {
    const error = await failure('trace_version: 2\ntime_unit: us\nmode: real\n');
    expect(error.message).toContain('YAML header alone');
  });

  test('a format that does not exist', async () => {
    const error = await failure('x', { format: 'xlsx' });
    expect(error).toMatchObject({ code: 'trace-io/unknown-format', value: 'xlsx' });
    for (const { name } of formats) expect(error.rule).toContain(name);
  });

  test('a Parquet file that ends too soon', async () => {
    expect((await failure('PAR1\0\0\0')).code).toBe('trace-io/bad-parquet');
  });

  test('a JSON file that ends too soon', async () => {
    const error = await failure('{"benchmarks": [\n{"requests": {"successful": [');
    expect(error).toMatchObject({ code: 'trace-io/bad-json', line: 3 });
    expect(error.message).toContain('ends inside');
  });

  test('an iteration line that is cut', async () => {
    const good =
      'Iteration(1): 0 context requests, 0 context tokens, 2 generation requests, 2 generation tokens, iteration elapsed time: 10.99 ms';
    expect((await failure(`${good}\nINFO Iteration(2): 0 context requests, 0 con\n`)).line).toBe(2);
  });
});

describe('a mapping', () => {
  const csv = 't0,t1,t2,in,out\n1000,1500,2500,10,5\n';
  const map = { start: 't0', first: 't1', last: 't2', prompt: 'in', output: 'out' };

  test('from its text', () => {
    expect(columnMapOf('start=t0, first=t1,last=t2,prompt=in,output=out')).toEqual(map);
    for (const wrong of ['', 'start', 'begin=t0', 'start=t0', 'start=,prompt=a,output=b', '__proto__=x']) {
      expect(() => columnMapOf(wrong)).toThrow(Fault);
    }
  });

  test('reads any CSV in any unit', async () => {
    const { phases, facts } = await readTrace(text(csv), { map, timeUnit: 'ms' });
    expect([...(phases?.startSec ?? [])]).toEqual([1, 1.5]);
    expect([...(phases?.decodeTokens ?? [])]).toEqual([0, 4]);
    expect(facts).toMatchObject({
      format: 'mapped',
      timeUnit: 'ms',
      has: ['scheduled', 'first-token', 'last-token', 'prompt', 'output'],
    });
  });

  test('to a column that is not there is an error', async () => {
    expect(await failure(csv, { map: { ...map, first: 't9' } })).toMatchObject({
      code: 'trace-io/missing-column',
      column: 't9',
    });
  });

  test('without times for phases gives a workload', async () => {
    const trace = await readTrace(text(csv), { map: { arrival: 't0', prompt: 'in', output: 'out' }, timeUnit: 'ms' });
    expect(trace.phases).toBeUndefined();
    expect(trace.requests?.arrivalSec?.[0]).toBe(1);
  });
});

test('several iterations of several engine cores are instances', async () => {
  const line = (engine: string) =>
    `(EngineCore_${engine} pid=7) INFO x Iteration(1): 1 context requests, 5 context tokens, 2 generation requests, 2 generation tokens, iteration elapsed time: 10.99 ms`;
  const { steps } = await readTrace(text(`${line('DP0')}\n${line('DP1')}\n`));
  expect(steps?.instance && [...steps.instance]).toEqual([0, 1]);
  expect(steps?.durationSec[0]).toBeCloseTo(0.01099, 12);
});

test('iteration lines of newer engines, and several on a line, are all read', async () => {
  const line = (i: number, tail: string) =>
    `Iteration(${i}): 1 context requests, 5 context tokens, 2 generation requests, 2 generation tokens, iteration elapsed time: ${tail}`;
  const content = `${line(1, '10.5ms, GPU KV cache usage: 3.1%')}\r${line(2, '0.02 s')}\n`;
  const { steps } = await readTrace(text(content));
  expect([...(steps?.durationSec ?? [])]).toEqual([0.0105, 0.02]);
  expect([...(steps?.iteration ?? [])]).toEqual([1, 2]);
});

test('a step log as CSV gives what it has, engine by engine', async () => {
  const { steps, facts } = await readTrace(
    text('duration_sec,prefill_tokens,decode_tokens,context_tokens,instance\n0.01,5,2,9,a\n0.02,0,3,8,b\n'),
  );
  expect(facts).toMatchObject({ format: 'step-csv', timeUnit: 's' });
  expect([...(steps?.contextTokens ?? [])]).toEqual([9, 8]);
  expect(steps?.instance && [...steps.instance]).toEqual([0, 1]);
  expect(steps?.startSec).toBeUndefined();
  const error = await failure('duration_sec,prefill_tokens,decode_tokens\n0.01,5,2\n-1,5,2\n');
  expect(error).toMatchObject({ code: 'trace-io/bad-time', line: 3, column: 'duration_sec', value: -1 });
});

test('workloads leave out requests without tokens, whatever the zone of their dates', async () => {
  const rows = [
    '2024-05-10 00:00:00.009930+00:00,374,44',
    '2024-05-10 00:00:01+00:00,0,7',
    '2024-05-10 00:00:02.5Z,9,0',
  ];
  const { requests, exclusions } = await readTrace(
    text(`TIMESTAMP,ContextTokens,GeneratedTokens\n${rows.join('\n')}\n`),
  );
  expect([...(requests?.arrivalSec ?? [])]).toEqual([0.00993]);
  expect(exclusions.map(({ reason, lines }) => [reason, lines])).toEqual([
    ['no-prompt', [3]],
    ['no-output', [4]],
  ]);
});

describe('a Parquet file whose page is spoiled', () => {
  const bytes = new Uint8Array(readFileSync(new URL('../../../fixtures/formats/phases.parquet', import.meta.url)));

  test('anywhere ends soon, as a table or as an error with its place', { timeout: 60_000 }, async () => {
    const random = seededRandom(7, 'parquet');
    for (let at = 4; at < bytes.length; at += 1 + Math.floor(random() * 12)) {
      const spoiled = bytes.slice();
      spoiled[at] = Math.floor(random() * 256);
      await outcome(spoiled, { fileName: 'spoiled.parquet' });
    }
  });

  test('names the column and the first row of the page', async () => {
    const { meta_data: meta } = parquetMetadata(bytes.buffer).row_groups[0]?.columns[2] ?? {};
    const spoiled = bytes.slice();
    // The header of the column's first page: its type, then its size.
    spoiled.fill(0xff, Number(meta?.data_page_offset) + 3, Number(meta?.data_page_offset) + 6);
    const error = await outcome(spoiled, { fileName: 'spoiled.parquet' });
    expect(error).toMatchObject({ code: 'trace-io/bad-parquet', column: 't_start', line: 2 });
  });
});

test('speculative decoding gives its own count of decode steps', async () => {
  const line = {
    id: 'a',
    prompt_tokens: 5,
    completion_tokens: 9,
    cached_tokens: 2,
    request_received_ts: 1,
    queue_time: 0.5,
    prefill_finished_ts: 2,
    decode_finished_ts: 3,
    spec_verify_ct: 4,
  };
  const { phases, facts } = await readTrace(text(JSON.stringify(line)));
  expect(phases?.steps && [...phases.steps]).toEqual([Number.NaN, 4]);
  expect([...(phases?.prefillTokens ?? [])]).toEqual([3, 0]);
  expect(facts.queueInPrefill).toBe('no');
});

test('an entry on another clock than the rest is not taken for the start of the prefill', async () => {
  const line = {
    id: 'a',
    prompt_tokens: 5,
    completion_tokens: 9,
    request_received_ts: 1.76e9,
    forward_entry_time: 4321.5,
    queue_time: 0.25,
    prefill_finished_ts: 1.76e9 + 1,
    decode_finished_ts: 1.76e9 + 3,
  };
  const { requests } = await readTrace(text(JSON.stringify(line)));
  expect([requests?.arrivalSec?.[0], requests?.scheduledSec?.[0]]).toEqual([1.76e9, 1.76e9 + 0.25]);
});

test('GuideLLM requests whose start stands beside their timings are read', async () => {
  const request = {
    request_id: 'a',
    request_start_time: 1,
    info: { timings: { first_token_iteration: 2, last_token_iteration: 3 } },
    prompt_tokens: 3,
    output_tokens: 2,
  };
  const { requests } = await readTrace(text(JSON.stringify({ benchmarks: [{ requests: { successful: [request] } }] })));
  expect(requests?.arrivalSec?.[0]).toBe(1);
});

test('where the server says nothing of the queue, it is folded in', async () => {
  const line = {
    id: 'a',
    prompt_tokens: 5,
    completion_tokens: 9,
    request_received_ts: 1,
    prefill_finished_ts: 2,
    decode_finished_ts: 3,
  };
  expect((await readTrace(text(JSON.stringify(line)))).facts.queueInPrefill).toBe('yes');
});
