import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { clockOf, coefficientsIn, foldedPhases } from '../scripts/fixtures/formats/estimates.js';
import { fixtures } from '../scripts/fixtures/formats/formats.js';
import { parquetFixtures } from '../scripts/fixtures/formats/parquet.js';
import { burstyRun } from '../scripts/fixtures/formats/run.js';
import { sqliteFixtures } from '../scripts/fixtures/formats/sqlite.js';

/**
 * One run of a thousand requests in bursts, written in every format: what its readers make of it must lead to the same coefficients. The
 * files of fixtures/formats are written by the same code, from a smaller run.
 */
const reference = burstyRun();
const { beta0, beta1, beta2 } = reference.coefficients;
const truth = [beta0, beta1, beta2];
const files = [...fixtures(reference), ...parquetFixtures(reference), ...(await sqliteFixtures(reference))];

/** What a file carries of the run, and how closely the coefficients must agree with the engine's. */
const CARRIES = {
  /** When requests were scheduled, and every time to 10 ns or better: the same facts. */
  same: {
    rtol: 1e-6,
    names: [
      'phases.csv',
      'phases.tsv',
      'phases.parquet',
      'phases-encodings.parquet',
      'requests.jsonl',
      'requests.parquet',
      'otlp.jsonl',
      'otlp-document.json',
      'otlp-journey.jsonl',
      'otlp-written.jsonl',
      'blis-metrics.json',
      'mapped-ms.csv',
      'requests.csv',
      'llmservingsim.csv',
      'vidur-metrics.csv',
    ],
  },
  /**
   * The same marks, but rounded a thousand times as coarsely, which is not the same facts: the console exporter prints dates to the
   * microsecond, and SGLang writes seconds since the epoch as doubles, which lie 0.24 us apart.
   */
  rounded: { rtol: 1e-4, names: ['otlp-console.json', 'sglang.jsonl', 'jaeger.json'] },
  /** Each request's entry is rounded to a millisecond, which moves all its marks; its durations to 10 us. */
  milliseconds: { rtol: 4e-3, names: ['sglang-times.log'] },
  /** The client's view: nobody says when a request was scheduled, so the queue is part of the prefill. */
  folded: {
    rtol: 0.02,
    names: [
      'vllm-bench.json',
      'vllm-bench-appended.jsonl',
      'guidellm.json',
      'inference-perf.json',
      'aiperf.jsonl',
      'evalscope.db',
      'genai-perf.json',
      'litellm.jsonl',
      'blis-trace.csv',
      'blis-trace-with-header.csv',
      'mapped.jsonl',
      'sglang-bench.jsonl',
      'vllm-vcr.jsonl',
      'litellm-spend.json',
      'langfuse.json',
      'langfuse.csv',
      'langfuse-blob.jsonl',
      'helicone.csv',
    ],
  },
  /** The same from marks that are sums of durations on the epoch's clock, whose doubles lie 0.24 us apart. */
  foldedRounded: { rtol: 1e-3, names: ['multi-round-qa.csv'] },
  /** The engine's steps themselves; a log has them in whole hundredths of a millisecond. */
  steps: {
    rtol: 1e-4,
    names: [
      'vllm.log',
      'steps.csv',
      'fpm.jsonl',
      'trtllm.log',
      'trtllm-stats.jsonl',
      'llama-cpp.log',
      'mapped-steps.jsonl',
      'windows.csv',
    ],
  },
  /** Steps of another engine: SGLang's log cannot hold this run, whose prompts share steps with decodes. */
  another: { rtol: 0, names: ['sglang.log'] },
  /** No latencies, so nothing to estimate. */
  workload: {
    rtol: 0,
    names: ['azure.csv', 'burstgpt.csv', 'mooncake.jsonl', 'bailian.jsonl', 'splitwise.csv', 'vidur.csv'],
  },
} as const;

type Carried = keyof typeof CARRIES;

const filesThatCarry = (what: Carried) =>
  files.filter(({ name }) => (CARRIES[what].names as readonly string[]).includes(name));

describe('one run in every format', () => {
  it('every file carries something that is named here', () => {
    const named = Object.values(CARRIES).flatMap(({ names }): readonly string[] => names);
    expect([...named].sort()).toEqual(files.map(({ name }) => name).sort());
  });

  it.each(filesThatCarry('same'))('$name: the same facts, the same coefficients to 1e-6', async (file) => {
    const found = await coefficientsIn(file);
    expect(found).toAgree(clockOf(reference.run.phases, 'no'), CARRIES.same.rtol);
    expect(found).toAgree(truth, CARRIES.same.rtol);
  });

  it.each(filesThatCarry('milliseconds'))('$name: the coefficients to 0.4 %', async (file) => {
    expect(await coefficientsIn(file)).toAgree(truth, CARRIES.milliseconds.rtol);
  });

  it.each(filesThatCarry('rounded'))('$name: coarser times, the coefficients to 1e-4', async (file) => {
    expect(await coefficientsIn(file)).toAgree(truth, CARRIES.rounded.rtol);
  });

  it.each(filesThatCarry('folded'))('$name: the queue folded in, the coefficients to 2 %', async (file) => {
    const found = await coefficientsIn(file);
    expect(found).toAgree(truth, CARRIES.folded.rtol);
    // Among themselves they carry the same, to the microsecond that some of them are rounded to.
    expect(found).toAgree(clockOf(foldedPhases(reference), 'yes'), 1e-4);
  });

  it.each(filesThatCarry('foldedRounded'))('$name: the same of coarser times, to 1e-3', async (file) => {
    expect(await coefficientsIn(file)).toAgree(clockOf(foldedPhases(reference), 'yes'), CARRIES.foldedRounded.rtol);
  });

  it.each(filesThatCarry('steps'))('$name: steps, the coefficients to 1e-4', async (file) => {
    expect(await coefficientsIn(file)).toAgree(truth, CARRIES.steps.rtol);
  });

  it.each(filesThatCarry('workload'))('$name: a workload tells no coefficients', async (file) => {
    expect(await coefficientsIn(file)).toBe('workload');
  });

  it('times in whole milliseconds are other facts: the coefficients to 1 %, not to 1e-6', async () => {
    const rows = reference.served.map((r) =>
      [r.scheduled, r.first, r.last].map((sec) => Math.round(sec * 1e3)).concat(r.prompt, r.cached, r.output),
    );
    const found = await coefficientsIn({
      content: ['start,first,last,prompt,cached,output', ...rows.map(String), ''].join('\n'),
      options: {
        map: Object.fromEntries(['start', 'first', 'last', 'prompt', 'cached', 'output'].map((name) => [name, name])),
        timeUnit: 'ms',
      },
    });
    expect(found).toAgree(truth, 0.01);
    expect(found).not.toAgree(truth, CARRIES.same.rtol);
  });
});
