import '@stepclock/vitest-matchers';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { exportFormats } from '@stepclock/step-model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from './capture.js';

const log = join(import.meta.dirname, '../../../fixtures/traces/shared-budget-300/requests.jsonl');

let folder = '';
let betas = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stepclock-verbs-'));
  betas = join(folder, 'betas.json');
  const { code } = await capture(['estimate', log, '--json', betas]);
  expect(code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('estimate, by default', () => {
  it('finds the coefficients that the bundled trace was made with, inside their intervals', () => {
    const file = JSON.parse(readFileSync(betas, 'utf8'));
    expect(file).toMatchObject({ schema: 'stepclock/betas@2', algo: 'step-clock', model: 'kv', converged: true });
    expect(file.betas.beta0).toAgree(8e-3, 0.02);
    expect(file.betas.beta1).toAgree(30e-6, 0.02);
    for (const [name, truth] of Object.entries({ beta0: 8e-3, beta1: 30e-6, beta2: 60e-6, beta3: 90e-9 })) {
      const [low, high] = file.intervals[name];
      expect(low).toBeLessThanOrEqual(truth);
      expect(high).toBeGreaterThanOrEqual(truth);
    }
  });

  it('fits on a window', async () => {
    const { code, stdout } = await capture(['estimate', log, '--window', '0:15', '--model', 'linear', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).model).toBe('linear');
  });

  it('fits on the first part of the time and tests on the rest', async () => {
    const { stdout } = await capture(['estimate', log, '--holdout', '0.6', '--json']);
    const { holdout } = JSON.parse(stdout);
    expect(holdout).toMatchObject({ fraction: 0.6, count: expect.any(Number) });
    expect(holdout.mean_absolute_error).toBeLessThan(0.03);
  });

  it('adds several files up as engines of their own', async () => {
    const files = ['1', '2'].map((seed) => join(folder, `engine-${seed}.jsonl`));
    for (const [i, file] of files.entries()) {
      await capture(['simulate', '--requests', '120', '--seed', String(i), '--output', file]);
    }
    const { code, stdout } = await capture(['estimate', ...files, '--model', 'linear', '--json']);
    const json = JSON.parse(stdout);
    expect([code, json.input.files.length]).toEqual([0, 2]);
    expect(json.betas.beta0).toAgree(6e-3, 0.005);
    const pattern = join(folder, 'engine-?.*l');
    expect(JSON.parse((await capture(['estimate', pattern, '--model', 'linear', '--json'])).stdout).betas).toEqual(
      json.betas,
    );
    expect(await capture(['estimate', join(folder, 'no*', 'x')])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no file matches'),
    });
    expect((await capture(['estimate', ...files, '--algo', 'baseline'])).code).toBe(2);
    expect((await capture(['estimate', ...files, '--holdout', '0.5'])).stderr).toContain('--holdout: needs one trace');
  });

  it('writes a report and its figures', async () => {
    const report = join(folder, 'report.html');
    const figures = join(folder, 'figures');
    const { code, stderr } = await capture(['estimate', log, '--report', report, '--figures', figures]);
    expect([code, stderr]).toEqual([0, '']);
    expect(readFileSync(report, 'utf8')).toMatch(/^<!doctype html>/i);
    const files = readdirSync(figures);
    expect(files.filter((f) => f.endsWith('.svg')).length).toBeGreaterThan(5);
    expect(files.filter((f) => f.endsWith('.png')).length).toBe(files.length / 2);
  });

  it('draws the pressure and the residuals in the terminal', async () => {
    const { stdout } = await capture(['estimate', log, '--plot']);
    expect(stdout).toContain('prefill pressure, tokens per step');
    expect(stdout).toContain('predicted duration of a phase, minus one');
  });

  it.each([
    ['3', /--window: must be START:END/],
    ['9:3', /--window: must be START:END/],
    ['900:', /--window: must start within the trace's/],
  ])('refuses the window %s', async (window, message) => {
    const { code, stderr } = await capture(['estimate', log, '--window', window]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});

describe('replay', () => {
  it('of a log without arrivals or settings: from the starts, under the limits of the model, and says so', async () => {
    const alone = join(folder, 'starts.jsonl');
    writeFileSync(alone, readFileSync(log));
    const map =
      'id=request_id,start=scheduled_ts,first=first_token_ts,last=last_token_ts,prompt=input_toks,output=output_toks';
    const { code, stdout, stderr } = await capture([
      'replay',
      ...['--betas', betas, '--requests', alone, '--map', map, '--json'],
    ]);
    expect(code).toBe(0);
    expect(stderr).toContain('[starts-for-arrivals]');
    expect(stderr).not.toContain('[no-token-budget]');
    expect(Math.abs(JSON.parse(stdout).metrics.tpot.mean.error)).toBeLessThan(0.02);
  });

  it('serves a workload whose prompts a prefix cache finds, and faster so', async () => {
    const load = join(folder, 'mooncake.jsonl');
    const row = (i: number) => ({
      ...{ timestamp: 400 * i, input_length: 1400, output_length: 10 },
      hash_ids: [0, 1, 2 + i],
    });
    writeFileSync(load, Array.from({ length: 40 }, (_, i) => `${JSON.stringify(row(i))}\n`).join(''));
    const served = async (...more: readonly string[]) => {
      const asked = ['replay', '--betas', betas, '--requests', load, ...more];
      const [text, json] = [await capture(asked), await capture([...asked, '--json'])];
      return { text: text.stdout, ttft: JSON.parse(json.stdout).metrics.ttft.mean.replayed };
    };
    const [without, cached] = [await served(), await served('--prefix-cache-blocks', '100')];
    // All but the first find 1,024 of 1,400 tokens.
    expect(cached.text).toContain("71 % of the prompts' tokens are found in a prefix cache of 100 blocks");
    expect(without.text).not.toContain('prefix cache');
    expect(cached.ttft).toBeLessThan(without.ttft / 2);
  });

  it('replays the log it was fitted on within two per cent', async () => {
    const { code, stdout } = await capture(['replay', '--betas', betas, '--requests', log, '--json']);
    const json = JSON.parse(stdout);
    expect([code, json.schema]).toEqual([0, 'stepclock/replay@1']);
    for (const metric of ['ttft', 'tpot', 'latency']) {
      const { measured, replayed, error } = json.metrics[metric].mean;
      expect(error).toAgree((replayed - measured) / measured, 1e-9, 1e-12);
      expect(Math.abs(error)).toBeLessThan(0.02);
    }
  });

  it('prints a table for people', async () => {
    const { stdout } = await capture(['replay', '--betas', betas, '--requests', log]);
    expect(stdout).toMatch(/TTFT +mean/);
    expect(stdout).toMatch(/ p99 /);
  });

  it('refuses a betas file that is none', async () => {
    const { code, stderr } = await capture(['replay', '--betas', log, '--requests', log]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('model file: must be a betas file as')]);
  });
});

describe('predict', () => {
  it('gives a step time with its interval', async () => {
    const argv = [
      'predict',
      '--betas',
      betas,
      '--prefill-tokens',
      '512',
      '--decode-seqs',
      '10',
      '--context-tokens',
      '5000',
      '--json',
    ];
    const json = JSON.parse((await capture(argv)).stdout);
    expect(json.duration_sec).toAgree(8e-3 + 512 * 30e-6 + 10 * 60e-6 + 5000 * 90e-9, 0.02);
    expect(json.interval_sec[0]).toBeLessThan(json.duration_sec);
    expect(json.warnings).toEqual([]);
  });

  it('says when it extrapolates', async () => {
    const { stderr } = await capture([
      'predict',
      '--betas',
      betas,
      '--decode-seqs',
      '4000',
      '--context-tokens',
      '5000',
    ]);
    expect(stderr).toContain('lies outside of what the fit has seen');
  });

  it('needs something to predict', async () => {
    expect((await capture(['predict', '--betas', betas])).code).toBe(2);
  });
});

describe('simulate, steps, convert, export, inspect', () => {
  it('a simulated log gives its coefficients back, the same from every format it is converted to', async () => {
    const requests = join(folder, 'sim.jsonl');
    await capture(['simulate', '--requests', '200', '--seed', '3', '--output', requests]);
    // From standard input: the settings beside the file, which no other format has, would pin prefills of idle engines.
    const log = readFileSync(requests, 'utf8');
    const direct = JSON.parse((await capture(['estimate', '-', '--model', 'linear', '--json'], log)).stdout).betas;
    expect(direct.beta0).toAgree(6e-3, 0.01);
    for (const to of ['phases.csv', 'requests.jsonl'] as const) {
      const { stdout } = await capture(['convert', requests, '--to', to]);
      const again = await capture(['estimate', '-', '--model', 'linear', '--json'], stdout);
      expect(JSON.parse(again.stdout).betas).toEqual(direct);
    }
  });

  it('simulate repeats itself by seed', async () => {
    const run = async (seed: string) => (await capture(['simulate', '--requests', '20', '--seed', seed])).stdout;
    expect(await run('5')).toBe(await run('5'));
    expect(await run('5')).not.toBe(await run('6'));
  });

  it('steps fits the iteration lines of a log, and compares', async () => {
    const lines = Array.from({ length: 60 }, (_, i) => {
      const [prefill, decode] = [(i * 97) % 700, 1 + ((i * 13) % 40)];
      const ms = 6 + 0.02 * prefill + 0.12 * decode;
      return `INFO 11-21 01:00:00 Iteration(${i}): ${prefill > 0 ? 1 : 0} context requests, ${prefill} context tokens, ${decode} generation requests, ${decode} generation tokens, iteration elapsed time: ${ms.toFixed(2)} ms`;
    });
    const path = join(folder, 'vllm.log');
    writeFileSync(path, `${lines.join('\n')}\n`);
    const { code, stdout } = await capture(['steps', path, '--against', betas, '--json']);
    const json = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(json.betas.beta0).toAgree(6e-3, 1e-3);
    expect(json.betas.beta1).toAgree(20e-6, 1e-3);
    expect(json.against.coefficients[0]).toMatchObject({ coefficient: 'beta0', interval: expect.any(Array) });
    const text = (await capture(['steps', path, '--against', betas])).stdout;
    expect(text).toMatch(/its interval +step log s +error +interval holds it\n/);
    expect(text).toMatch(/beta0 +0\.00\d+ +0\.00\d+ to 0\.00\d+ +0\.006\d* +-?[\d.]+ % +(yes|no)\n/);
  });

  it('export says what is exact', async () => {
    const { code, stdout } = await capture(['export', '--betas', betas, '--to', 'blis-yaml']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('exact')]);
  });

  it('export writes what is no text to a path, and takes the load from a file', async () => {
    const profile = join(dirname(betas), 'profile.npz');
    expect(await capture(['export', '--betas', betas, '--to', 'dynamo-mocker-npz', '--output', profile])).toMatchObject(
      {
        code: 0,
        stdout: '',
      },
    );
    expect(readFileSync(profile).subarray(0, 4).toString('latin1')).toBe('PK\u0003\u0004');
    expect(await capture(['export', '--betas', betas, '--to', 'dynamo-mocker-npz'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('--output: must be a path: dynamo-mocker-npz is no text'),
    });
    const load = join(dirname(betas), 'load.json');
    const [ttft, tpot, latency] = [0.2, 0.01, 2.5].map((mean) => ({ mean }));
    const capacity = { schema: 'stepclock/capacity@1', at_rate: { rate_per_sec: 4, metrics: { ttft, tpot, latency } } };
    writeFileSync(load, JSON.stringify(capacity));
    const { stdout } = await capture(['export', '--betas', betas, '--to', 'keda', '--load', load]);
    expect(stdout).toContain('threshold: "10"');
  });

  it('export lists its formats', async () => {
    const { code, stdout } = await capture(['export', '--list']);
    expect(code).toBe(0);
    expect(stdout.match(/^[a-z-]+(?= {2})/gm)).toEqual(exportFormats);
  });

  it.each([
    [[], '--betas: must be given'],
    [['--betas', 'b.json'], '--to: must be given'],
  ])('export %j asks for the rest', async (given, message) => {
    const { code, stderr } = await capture(['export', ...given]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('inspect says what a file is', async () => {
    const { code, stdout } = await capture(['inspect', log]);
    expect(code).toBe(0);
    expect(stdout).toContain('300 requests');
    expect(stdout).toContain('max_num_batched_tokens 2048');
    expect(stdout).toContain('time in queue');
    expect(stdout).toMatch(/^queue +apart from the prefill phases; \d+ of 300 requests waited, /m);
    expect(stdout).toMatch(/^preemption +none to be seen$/m);
    expect(stdout).toMatch(/^token budget +2.048 tokens a step$/m);
    const json = JSON.parse((await capture(['inspect', log, '--json'])).stdout);
    expect(json).toMatchObject({ schema: 'stepclock/inspection@1', requests: 300, outlook: { possible: true } });
  });

  it.each([
    ['vllm.log', 'steps: duration, prefill tokens, decode tokens, requests in prefill, time of its line'],
    ['steps.csv', 'steps: start, duration, prefill tokens, decode tokens, tokens of context'],
  ])('inspect says of the step log %s what it tells of steps, and nothing of phases', async (name, tells) => {
    const { code, stdout } = await capture(['inspect', join(import.meta.dirname, '../../../fixtures/formats', name)]);
    expect(code).toBe(0);
    expect(/^tells +(.*)$/m.exec(stdout)?.[1]).toBe(tells);
    expect(stdout).not.toMatch(/phase|queue/);
  });

  it('a file that is not of the format it is said to be is told apart', async () => {
    const { code, stderr } = await capture(['estimate', log, '--format', 'guidellm']);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/: the file looks like request-log, not guidellm\n$/)]);
  });

  it('a window beyond the trace is told how long the trace is, in figures that can be read', async () => {
    const { code, stderr } = await capture(['estimate', log, '--window', '100:200']);
    expect([code, stderr]).toEqual([2, `stepclock: --window: must start within the trace's 32.570 s; got "100:200"\n`]);
  });

  it('example keeps its two examples apart', async () => {
    const { stdout } = await capture(['example']);
    expect(stdout).toMatch(/\n\nthe eight-phase sample, C = 64, correction uniform\n/);
    expect(stdout).not.toContain('\n\n\n');
  });

  it('example prints every diagnostic and the last five rounds, and all of it as JSON', async () => {
    const { stdout } = await capture(['example']);
    expect(stdout.match(/history \(last 5 of 7 rounds\)/g)).toHaveLength(2);
    const { examples } = JSON.parse((await capture(['example', '--json'])).stdout);
    expect(examples).toHaveLength(2);
    const [four] = examples;
    expect(four.title).toBe('the four-phase example');
    expect(four.baseline.betas.beta1).toAgree(0.014338, 1e-4);
    expect(four.iterative.betas.beta1).toAgree(0.016305, 1e-4);
    for (const { diagnostics } of [four.baseline, four.iterative]) {
      for (const name of Object.keys(diagnostics)) expect(stdout).toContain(`  ${name} `);
    }
    expect(four.iterative.history.r2).toHaveLength(7);
  });

  it('estimate refines by replays what preempted requests blur, and says so', async () => {
    const path = join(folder, 'blurred.jsonl');
    const drawn = ['--requests', '200', '--kv-tokens', '10000', '--noise', '0.02', '--seed', '1'];
    await capture(['simulate', '--scenario', 'preempting', ...drawn, '--output', path]);
    const estimate = (...more: readonly string[]) => capture(['estimate', path, ...more]);
    expect((await estimate()).stdout).toMatch(
      /^ {2}refined {3}requests were preempted: steps take 1\.0\d+ times as long by \d+ replays of the log, whose tokens came [\d.]+ % early, now /m,
    );
    expect((await estimate('--no-refine')).stdout).not.toContain('refined');
    const [refined, fitted] = [await estimate('--json'), await estimate('--json', '--no-refine')].map(({ stdout }) =>
      JSON.parse(stdout),
    );
    expect(refined.refinement).toMatchObject({ factor: expect.any(Number), replays: expect.any(Number) });
    expect(fitted.refinement).toBeUndefined();
    // The clock lacks what was computed again: of a prefill token 20 us.
    expect(Math.abs(refined.betas.beta1 - 2e-5)).toBeLessThan(Math.abs(fitted.betas.beta1 - 2e-5));
    expect((await estimate('--algo', 'baseline', '--chunk-size', '512', '--no-refine')).code).toBe(2);
    const meta = join(folder, 'another-cache.json');
    writeFileSync(
      meta,
      readFileSync(`${path}.meta.json`, 'utf8').replace('"num_kv_tokens": 10000', '"num_kv_tokens": 9000'),
    );
    const wrong = await estimate('--meta', meta);
    expect(wrong.stderr).toMatch(
      /with 9000 tokens of KV cache .* make the decodes [\d.]+ % too short.*\[limits-doubted\]/,
    );
    expect(wrong.stdout).not.toContain('refined');
  });

  it('inspect says that requests were preempted, and that the queue is folded', async () => {
    const path = join(folder, 'preempting.jsonl');
    await capture(['simulate', '--scenario', 'preempting', '--seed', '2', '--output', path]);
    expect((await capture(['inspect', path])).stdout).toMatch(
      /^preemption +\d+ decodes count fewer steps than the engine/m,
    );
    await capture(['simulate', '--requests', '100', '--fold-queue', '--output', path]);
    const converted = (await capture(['convert', path, '--to', 'requests.jsonl'])).stdout;
    const folded = converted.replaceAll('"queued_ts"', '"queue_in_prefill":true,"queued_ts"');
    expect((await capture(['inspect', '-'], folded)).stdout).toMatch(/^queue +folded into the prefill phases/m);
  });
});
