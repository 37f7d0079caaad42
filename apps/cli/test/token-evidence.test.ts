import '@stepclock/vitest-matchers';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from './capture.js';

const fixtures = join(import.meta.dirname, '../../../fixtures');
const bench = join(fixtures, 'traces/vllm-cpu/steady/bench.json.gz');
const trueSteps = join(fixtures, 'traces/vllm-cpu/steady/steps.csv.gz');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stepclock-tokens-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const json = async (...argv: readonly string[]) => {
  const { code, stdout, stderr } = await capture(['estimate', ...argv, '--json']);
  expect([code, stderr.replaceAll(/^warning: .*\n/gm, '')]).toEqual([0, '']);
  return JSON.parse(stdout);
};

/** Requests whose tokens come whenever they like. */
const blurred = (starts: boolean): string => {
  const lens = Array.from({ length: 40 }, () => 30);
  const gap = (r: number, i: number): number => 0.01 * (1 + (((r + 3) * (i + 7) * 7919) % 97) / 40);
  const file = {
    backend: 'vllm',
    request_throughput: 1,
    total_input_tokens: 1200,
    duration: 2,
    input_lens: lens,
    output_lens: lens,
    ttfts: lens.map((_, r) => 0.05 + r / 1000),
    itls: lens.map((n, r) => Array.from({ length: n - 1 }, (_, i) => gap(r, i))),
    errors: lens.map(() => ''),
    ...(starts && { start_times: lens.map((_, r) => r * 0.0137) }),
  };
  const path = join(folder, `blurred-${starts}.json`);
  writeFileSync(path, JSON.stringify(file));
  return path;
};

describe('estimate reads the best evidence that a file has', () => {
  it('token times where they are there, the phases where they are asked for', async () => {
    const tokens = await json(bench);
    expect(tokens).toMatchObject({ algo: 'token-clock', evidence: 'tokens', clock: { steps: 1592, engines: 1 } });
    expect(tokens.input.files[0]).toMatchObject({ format: 'vllm-bench', requests: 100, chunks: 4319 });
    expect(tokens.intervals.beta0[0]).toBeLessThan(tokens.betas.beta0);
    const phases = await json(bench, '--evidence', 'phases');
    expect(phases.algo).toBe('step-clock');
    expect(tokens.betas.beta1).toAgree(phases.betas.beta1, 0.3);
  });

  it('a model of token times has the windows that it was fitted from, and can be compared', async () => {
    const [model, other] = [join(folder, 'tokens.json'), join(folder, 'again.json')];
    for (const path of [model, other]) expect((await capture(['estimate', bench, '--json', path])).code).toBe(0);
    const { windows, terms } = JSON.parse(readFileSync(model, 'utf8'));
    expect(windows.terms).toEqual(terms.map(({ name }: { name: string }) => name));
    const { code, stdout } = await capture(['compare', model, other]);
    expect(code).toBe(0);
    expect(stdout).toContain("On A's workload a step takes");
    expect(stdout).toContain('the same within the interval');
  });

  it('takes terms that leave the tokens of prompts out', async () => {
    const { terms, betas } = await json(bench, '--terms', 'step,decode_seqs');
    expect(terms.map(({ name }: { name: string }) => name)).toEqual(['step', 'decode_seqs']);
    expect(betas.beta1).toBe(0);
  });

  it('says what the clock saw', async () => {
    const { code, stdout } = await capture(['estimate', bench]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/100 requests, 4.319 chunks\ntoken-clock: /);
    expect(stdout).toMatch(/beta1 +per prefill token/);
    expect(stdout).toMatch(/steps +1.592 found in 4.319 chunks/);
    expect(stdout).toMatch(/prompts +512 tokens a step at most/);
  });

  it('the phases, with a warning, where token times do not line up', async () => {
    const { code, stdout, stderr } = await capture(['estimate', blurred(true), '--json']);
    expect(stderr).toMatch(/token times: must line up .*using first and last tokens only \[tokens-do-not-line-up\]/);
    if (code === 0) expect(JSON.parse(stdout).algo).toBe('step-clock');
  });

  it('an option of the phases means the phases', async () => {
    expect((await json(bench, '--model', 'linear')).algo).toBe('step-clock');
  });
});

describe('--evidence tokens', () => {
  it('refuses what does not line up, in one line', async () => {
    const { code, stderr } = await capture(['estimate', blurred(true), '--evidence', 'tokens']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^stepclock: token times: must line up .*\n$/);
  });

  it('a file without start times that does not line up has nothing else to read', async () => {
    const { code, stderr } = await capture(['estimate', blurred(false)]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/token times: must line up/);
  });

  it('refuses a file without token times', async () => {
    const log = join(fixtures, 'traces/shared-budget-300/requests.jsonl');
    const { code, stderr } = await capture(['estimate', log, '--evidence', 'tokens']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('must tell when each token came')]);
  });

  it.each([
    [['--window', '0:5'], '--window'],
    [['--algo', 'baseline', '--chunk-size', '64'], '--evidence'],
  ])('does not go with %j', async (options, named) => {
    const { code, stderr } = await capture(['estimate', bench, '--evidence', 'tokens', ...options]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(named)]);
  });
});

describe('the step clock beside the token clock', () => {
  it('agrees on the mean step of a clean file, in JSON and in text', async () => {
    const { cross_check, warnings } = await json(bench);
    expect(cross_check.estimator).toBe('step-clock');
    expect(Math.abs(cross_check.difference)).toBeLessThan(0.05);
    expect(cross_check.betas.beta0).toBeGreaterThan(0);
    expect(warnings.map(({ code }: { code: string }) => code)).not.toContain('clocks-disagree');
    const { stdout } = await capture(['estimate', bench]);
    expect(stdout).toMatch(/check {5}the mean step takes .*by first and last tokens alone \(step clock\)/);
  });
});

describe('steps on a file with token times', () => {
  it('writes the rebuilt step log, which it reads again', async () => {
    const output = join(folder, 'steps.csv');
    const first = await capture(['steps', bench, '--output', output, '--json']);
    expect(first.code).toBe(0);
    const { betas, clock } = JSON.parse(first.stdout);
    expect(clock.steps).toBe(1592);
    const [header, ...rows] = readFileSync(output, 'utf8').trim().split('\n');
    expect(header).toMatch(/^start_sec,end_sec,duration_sec,prefill_tokens,/);
    expect(rows).toHaveLength(1592);
    const again = await capture(['steps', output, '--json']);
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout).betas.beta0).toAgree(betas.beta0, 0.1);
  });

  it("--against the engine's own step log: which steps were found, and how far off ends and coefficients are", async () => {
    const { code, stdout } = await capture(['steps', bench, '--against', trueSteps, '--json']);
    expect(code).toBe(0);
    const { against } = JSON.parse(stdout);
    expect(against).toMatchObject({ file: trueSteps, kind: 'step-log' });
    expect(against.match).toMatchObject({ steps: 1592, reference_steps: 1592, extra: 0, missed: 0, same_context: 1 });
    expect(against.match.boundary_p50_sec).toBeLessThan(3e-4);
    const beta0 = against.coefficients.find((one: { coefficient: string }) => one.coefficient === 'beta0');
    expect(Math.abs(beta0.error)).toBeLessThan(0.03);
    const text = await capture(['steps', bench, '--against', trueSteps]);
    expect(text.stdout).toContain('steps found: 1 592 of 1 592 (0 that the log lacks, 0 missed');
  });

  it('--against a betas file, told from a step log by its content', async () => {
    const betas = join(folder, 'betas.json');
    expect((await capture(['estimate', bench, '--json', betas])).code).toBe(0);
    const { code, stdout } = await capture(['steps', bench, '--against', betas, '--json']);
    expect(code).toBe(0);
    const { against } = JSON.parse(stdout);
    expect(against).toMatchObject({ kind: 'betas', match: null });
    expect(Math.abs(against.total_time_error)).toBeLessThan(0.03);
  });

  it('--against anything else is refused', async () => {
    const { code, stderr } = await capture(['steps', bench, '--against', bench]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('must be a betas file or a step log')]);
  });

  it('--weights is for step logs', async () => {
    const { code, stderr } = await capture(['steps', bench, '--weights', 'none']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('is for step logs')]);
  });

  it('--to chrome-trace: a slice a step, in the order of time, and counters', async () => {
    const output = join(folder, 'trace.json');
    expect((await capture(['steps', bench, '--to', 'chrome-trace', '--output', output])).code).toBe(0);
    const { traceEvents } = JSON.parse(readFileSync(output, 'utf8'));
    const slices = traceEvents.filter(({ ph }: { ph: string }) => ph === 'X');
    expect(slices).toHaveLength(1592);
    for (const [k, { ts, dur }] of slices.entries()) {
      expect(dur).toBeGreaterThanOrEqual(0);
      // Times are written to the nanosecond.
      if (k > 0) expect(ts).toBeGreaterThanOrEqual(slices[k - 1].ts + slices[k - 1].dur - 0.01);
    }
    const sequences = traceEvents.filter(({ name }: { name: string }) => name === 'sequences');
    expect(sequences).toHaveLength(1592);
    const { code, stderr } = await capture(['steps', bench, '--to', 'chrome-trace']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--to: needs --output')]);
  });

  it('--output is for token times', async () => {
    const log = join(folder, 'log.csv');
    const rows = Array.from({ length: 20 }, (_, n) => `${0.006 + n * 1e-4},0,${n}`);
    writeFileSync(log, `duration_sec,prefill_tokens,decode_tokens\n${rows.join('\n')}\n`);
    const { code, stderr } = await capture(['steps', log, '--output', join(folder, 'none.csv')]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--output: is for files with token times')]);
  });
});

describe('simulate --to vllm-bench', () => {
  it('writes token times, from which the coefficients come back', async () => {
    const output = join(folder, 'simulated.json');
    const argv = ['--scenario', 'kv', '--requests', '200', '--to', 'vllm-bench', '--output', output];
    expect((await capture(['simulate', ...argv])).code).toBe(0);
    const { betas, evidence } = await json(output);
    expect(evidence).toBe('tokens');
    expect(betas.beta0).toAgree(6e-3, 1e-5);
    expect(betas.beta3).toAgree(2e-7, 1e-3);
  });

  it('the client is of token times only', async () => {
    const { code, stderr } = await capture(['simulate', '--client-jitter', '0.001']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--client-jitter: is for --to vllm-bench')]);
  });

  it('convert takes token times to it, and refuses what has none', async () => {
    const output = join(folder, 'converted.json');
    expect((await capture(['convert', bench, '--to', 'vllm-bench', '--output', output])).code).toBe(0);
    expect((await json(output, '--max-num-batched-tokens', '512')).clock.steps).toBe(1592);
    const log = join(fixtures, 'traces/shared-budget-300/requests.jsonl');
    const { code, stderr } = await capture(['convert', log, '--to', 'vllm-bench']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('must have token times')]);
  });
});
