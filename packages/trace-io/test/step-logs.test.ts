import '@stepclock/vitest-matchers';
import { drawWorkload, runScenario, scenarios, simulate } from '@stepclock/engine-sim';
import { describe, expect, it } from 'vitest';
import { readTrace, STEP_LOG_FORMATS, type StepLogFormat, type StepTable, stepLogPieces } from '../src/index.js';

const read = async (text: string, options: Parameters<typeof readTrace>[1] = {}) => {
  const { steps, facts, exclusions } = await readTrace(new Blob([text]).stream(), options);
  if (steps === undefined) throw new Error('no steps');
  return { steps, facts, exclusions };
};

/** Half of a log's own rounding, s. */
const ROUNDING: Readonly<Record<StepLogFormat, number>> = {
  'step-log': 5.1e-6,
  fpm: 0,
  'trtllm-log': 1e-15,
  'trtllm-stats': 1e-15,
  'llama-cpp-log': 1.1e-6,
  'sglang-batches': 0,
};

describe('a simulated log that is written and read again', () => {
  const { steps: truth } = runScenario('kv', { requests: 80, seed: 2 });

  it.each(STEP_LOG_FORMATS.filter((format) => format !== 'sglang-batches'))('%s', async (format) => {
    const { steps, facts } = await read([...stepLogPieces(truth, format)].join(''));
    expect(facts.format).toBe(format);
    expect([...steps.prefillTokens]).toEqual([...truth.prefillTokens]);
    expect([...steps.decodeTokens]).toEqual([...truth.decodeTokens]);
    expect([...(steps.prefillRequests ?? [])]).toEqual([...truth.prefillRequests]);
    expect(steps.durationSec.every((sec, i) => Math.abs(sec - truth.durationSec[i]) <= ROUNDING[format])).toBe(true);
    if (format === 'fpm' || format === 'llama-cpp-log') {
      expect([...(steps.contextTokens ?? [])]).toEqual([...truth.contextTokens]);
    }
    // Usage is rounded to a thousandth of 262,144 tokens, and to blocks of 32.
    const rounding = { 'step-log': 131.1, 'trtllm-stats': 16 }[format as 'step-log' | 'trtllm-stats'];
    if (rounding !== undefined) {
      const off = steps.contextTokens?.map((tokens, i) => Math.abs(tokens - truth.contextTokens[i]));
      expect(Math.max(...(off ?? []))).toBeLessThanOrEqual(rounding);
    }
    if (format === 'fpm') expect([...(steps.prefillContext ?? [])]).toAgree([...truth.prefillContext], 1e-12);
  });

  it('sglang-batches: rows of forty decode steps and the prefills between, whose time is the log’s', async () => {
    const { engine, arrivals, prompt, output } = scenarios.kv;
    const workload = drawWorkload({ requests: 400, arrivals, prompt, output, seed: 3 });
    const { steps: log } = simulate(workload, { ...engine, prefillFirst: true }, { seed: 3 });
    const { steps, exclusions } = await read([...stepLogPieces(log, 'sglang-batches')].join(''));
    expect(exclusions.map(({ reason }) => reason)).toEqual(['first-rate']);
    expect(steps.steps?.every((k, i) => k === 40 + (steps.prefillSteps?.[i] ?? 0))).toBe(true);
    const sum = (column: Float64Array): number => column.reduce((total, value) => total + value, 0);
    // The first row and the steps behind the last line are missing; batches within a row are known at its ends.
    expect(sum(steps.durationSec)).toAgree(sum(log.durationSec), 0.05);
    expect(sum(steps.prefillTokens)).toAgree(sum(log.prefillTokens), 0.05);
  });

  it('refuses steps that SGLang does not make', () => {
    expect(() => [...stepLogPieces(truth, 'sglang-batches')]).toThrow('prefill-first');
  });

  it('hands blocks on instead of keeping them', async () => {
    const blocks: StepTable[] = [];
    const taken = (block: StepTable): void => void blocks.push({ ...block, durationSec: block.durationSec.slice() });
    const text = [...stepLogPieces(truth, 'fpm')].join('');
    const { steps } = await read(text, { onSteps: taken, stepsAtOnce: 100 });
    expect(steps.length).toBe(0);
    expect(blocks.map(({ length }) => length)).toContain(100);
    expect(blocks.flatMap(({ durationSec }) => [...durationSec])).toEqual([...truth.durationSec]);
  });
});

describe('Forward Pass Metrics', () => {
  const pass = (fields: object): string =>
    JSON.stringify({
      event: { schema: 'dynamo.fpm.trace.v1', capture_mode: 'full', observed_at_unix_ms: 1_767_312_000_000, ...fields },
    });
  const payload = (counter_id: number, wall_time: number, more: object = {}) => ({
    fpm: {
      worker_id: 'w',
      dp_rank: 0,
      counter_id,
      wall_time,
      scheduled_requests: { num_decode_requests: 2, sum_decode_kv_tokens: 60 },
      ...more,
    },
  });

  it('counts losses, leaves out heartbeats, and tells ranks apart', async () => {
    const lines = [
      pass(payload(1, 0.01)),
      pass(payload(2, 0)),
      pass(payload(6, 0.02)),
      pass({ ...payload(40, 0.03, { dp_rank: 1 }) }),
      pass(payload(3, 0.04)),
    ];
    const { steps, facts, exclusions } = await read(lines.join('\n'));
    expect([...steps.durationSec]).toEqual([0.01, 0.02, 0.03, 0.04]);
    // Three of rank 0; a first number, and one after a restart, tell none.
    expect(facts).toMatchObject({ lostSteps: 3 });
    expect(exclusions).toMatchObject([{ reason: 'heartbeat', count: 1, lines: [2] }]);
    expect([...(steps.instance ?? [])]).toEqual([0, 0, 1, 0]);
    expect(steps.instanceIds?.at(1)).toBe('w rank 1');
  });

  it('a sampled trace has gaps that are no losses', async () => {
    const { facts, steps } = await read(
      [pass({ ...payload(1, 0.01), capture_mode: 'sampled' }), pass(payload(9, 0.01))].join('\n'),
    );
    expect(facts).toMatchObject({ sampled: true });
    expect(facts).not.toHaveProperty('lostSteps');
    expect([steps.stampSec, [...(steps.iteration ?? [])]]).toEqual([undefined, [1, 9]]);
  });

  it('positions of prompts from sums: 100 tokens behind 20, and two prompts of 30 and 50', async () => {
    const scheduled = (scheduled_requests: object) => pass(payload(1, 0.01, { scheduled_requests }));
    const { steps } = await read(
      [
        scheduled({ num_prefill_requests: 1, sum_prefill_tokens: 100, sum_prefill_kv_tokens: 20 }),
        scheduled({ num_prefill_requests: 2, sum_prefill_tokens: 80, var_prefill_length: 100 }),
      ].join('\n'),
    );
    expect([...(steps.prefillContext ?? [])]).toEqual([100 * 20 + 5050, (30 * 31) / 2 + (50 * 51) / 2]);
  });
});

describe('several servers in one log are several engines', () => {
  const iteration =
    'Iteration(7): 0 context requests, 0 context tokens, 4 generation requests, 4 generation tokens, iteration elapsed time: 9.50 ms';
  const decode = 'Decode batch, #running-req: 4, #token: 160, gen throughput (token/s): 400.00, #queue-req: 0';
  const twice = (line: string): string => `${line}\n${line}`;
  it.each([
    [
      'vllm-1  | (EngineCore pid=1) INFO 01-02 03:04:05 ',
      'vllm-2  | (EngineCore pid=1) INFO 01-02 03:04:05 ',
      iteration,
    ],
    ['[pod/a-0/vllm] (EngineCore pid=1) INFO ', '[pod/a-1/vllm] (EngineCore pid=1) INFO ', iteration],
    ['[2026-09-24 01:50:43.001 DP0 TP0] ', '[2026-09-24 01:50:43.001 DP1 TP0] ', decode],
    ['(Engine pid=7) [2026-09-24 01:50:43 TP0] ', '(Engine pid=8) [2026-09-24 01:50:43 TP0] ', decode],
    ['[gpu=0] ', '[gpu=1] ', decode],
  ])('%s', async (a, b, line) => {
    const { steps } = await read(`${twice(a + line)}\n${twice(b + line)}\n`);
    expect(steps.instanceIds?.length).toBe(2);
  });
});

describe('SGLang: decode steps from line to line', () => {
  // Ten steps of 25 ms of four sequences: a line every quarter of a second.
  const log = (head: string, rate = 160): string =>
    [
      head,
      ...Array.from({ length: 200 }, (_, k) => {
        const second = Math.floor(k / 4);
        return `[2026-01-02 10:00:${String(second).padStart(2, '0')}] Decode batch, #running-req: 4, #token: 160, gen throughput (token/s): ${rate}.00, #queue-req: 0`;
      }),
    ].join('\n');
  it.each(["server_args={'model_path': 'm', 'decode_log_interval': 10}", 'sglang serve --decode-log-interval 10'])(
    'are those that the log names: %s',
    async (head) => {
      expect((await read(log(head))).steps.durationSec[1]).toAgree(0.25, 1e-12);
    },
  );
  it('are refused where the stamps say otherwise, and the number is told', async () => {
    await expect(read(log(''))).rejects.toThrow(/about 10; got 40.*decode_log_interval=/);
    await expect(read(log('decode_log_interval=2'))).rejects.toThrow('about 10; got 2');
  });
});

it('SGLang: a rate that may count a rest makes no row', async () => {
  const decode = 'Decode batch, #running-req: 4, #token: 160, gen throughput (token/s): 400.00, #queue-req: 0';
  const prefill = (running: number): string =>
    `Prefill batch, #new-seq: 1, #new-token: 600, #cached-token: 0, #running-req: ${running}, #queue-req: 0`;
  const { steps, exclusions } = await read([decode, prefill(0), decode, prefill(3), decode].join('\n'));
  expect([...steps.prefillTokens]).toEqual([600]);
  expect(exclusions.map(({ reason, count }) => [reason, count])).toEqual([
    ['first-rate', 1],
    ['may-rest', 1],
  ]);
});

it('TensorRT-LLM: what a step has in the cache is context, where a version tells it', async () => {
  const line = (more: string): string =>
    `[01/02/2026-00:00:00] [TRT-LLM] [I] [_torch][RANK 0] iter = 3, global_rank = 0, rank = 0, num_scheduled_requests = 4, kv_cache_util = 0.1, currank_total_requests = 0/1, host_step_time = 7.5ms, prev_device_step_time = 7.0ms, timestamp = 2026-01-02 00:00:01, states = {'num_ctx_requests': 0, 'num_ctx_tokens': 0, 'num_generation_tokens': 12${more}}\n`;
  const { steps } = await read(line(", 'cached_kv_tokens': 63821"));
  expect([steps.decodeTokens[0], steps.contextTokens?.[0], steps.durationSec[0]]).toEqual([4, 63821, 0.0075]);
  expect((await read(line(''))).steps.contextTokens).toBeUndefined();
});

it('speculative tokens of a vLLM line are those of its requests, and the usage of its cache is context', async () => {
  const line = (usage: string): string =>
    `(APIServer pid=1) INFO 01-02 03:04:05 [loggers.py:199] Engine 000: Iteration(7): 1 context requests, 100 context tokens, 4 generation requests, 12 generation tokens, iteration elapsed time: 9.50 ms${usage}`;
  const text = `(EngineCore pid=1) INFO 01-02 03:04:01 GPU KV cache size: 10,000 tokens\n${line(', GPU KV cache usage: 5.0%')}\n`;
  const { steps } = await read(text);
  expect([steps.decodeTokens[0], steps.contextTokens?.[0], steps.durationSec[0]]).toEqual([4, 400, 0.0095]);
  expect((await read(`${line('')}\n`)).steps.contextTokens).toBeUndefined();
});

describe('a mapping of steps', () => {
  const csv = 'a,b,c,d\n0.25,1.75,7,2\n';
  it('adds columns and takes a unit', async () => {
    const map = { seconds: 'a+b', prefill_tokens: 'c', decode_seqs: 'd' };
    const { steps } = await read(csv, { map, timeUnit: 'ms' });
    expect([steps.durationSec[0], steps.prefillTokens[0], steps.decodeTokens[0]]).toEqual([0.002, 7, 2]);
  });
  it.each([
    [{ seconds: 'a', prefill_tokens: 'c' }, 'must name prefill_tokens, decode_seqs'],
    [{ prefill_tokens: 'c', decode_seqs: 'd', start: 'a' }, 'seconds or start and end'],
    [{ seconds: 'a+', prefill_tokens: 'c', decode_seqs: 'd' }, 'must be pairs of one of'],
    [{ seconds: 'a', prefill_tokens: 'c', decode_seqs: 'd', speed: 'b' }, 'must be pairs of one of'],
    [{ seconds: 'a', prefill_tokens: 'c', decode_seqs: 'x' }, 'must have a column x'],
  ])('refuses %o', async (map, rule) => {
    await expect(read(csv, { map })).rejects.toThrow(rule);
  });
});
