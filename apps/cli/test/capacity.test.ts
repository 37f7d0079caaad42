import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from './capture.js';

const log = join(import.meta.dirname, '../../../fixtures/traces/shared-budget-300/requests.jsonl');

let folder = '';
let betas = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stepclock-capacity-'));
  betas = join(folder, 'betas.json');
  expect((await capture(['estimate', log, '--json', betas])).code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const capacityOf = (...more: readonly string[]) =>
  capture(['capacity', '--betas', betas, '--workload', log, '--draws', '0', ...more]);

describe('capacity', () => {
  it('gives the rate, the curve, replicas and their price, within the limits that the log states', async () => {
    const [json, curve, figures] = ['c.json', 'curve.csv', 'figures'].map((name) => join(folder, name));
    const asked = ['--slo', 'tpot:p95:16ms', '--rate', '100', '--price', '2', '--gpus', '2', '--json', json];
    const { code, stdout } = await capacityOf(...asked, '--curve', curve, '--figures', figures);
    expect([code, stdout]).toEqual([0, expect.stringContaining('tpot p95 ends it')]);
    const found = JSON.parse(readFileSync(json, 'utf8'));
    expect(found).toMatchObject({
      schema: 'stepclock/capacity@1',
      feasible: true,
      binding: { metric: 'tpot', limit_sec: 0.016 },
      band: null,
      arrivals: { kind: 'log' },
      settings: { max_num_batched_tokens: 2048, max_num_seqs: 32 },
    });
    const replicas = Math.ceil(100 / found.rate_per_sec);
    expect(found.replicas).toMatchObject({ rate_per_sec: 100, peak: replicas, price_per_hour: 4 * replicas });
    expect(readFileSync(curve, 'utf8')).toMatch(/^rate_per_sec,/);
    expect(existsSync(join(figures, '01_time_to_first_token_over_the_rate.png'))).toBe(true);
  });

  it('is told in sentences, with replicas over the time of a trace', async () => {
    const { code, stdout } = await capacityOf('--slo', 'tpot:mean:14ms', '--trace', log, '--bin', '10');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d[\d.]* requests\/s keep tpot mean <= 14\.00 ms; tpot mean ends it\.$/m);
    expect(stdout).toMatch(/^Over the trace: \d+ replicas at the peak, [\d.]+ in the mean, [\d.]+ GPU hours\.$/m);
  });

  it('ends with 4 under --strict where no rate will do, and with 0 without', async () => {
    const asked = ['--slo', 'ttft:p95:1ms'];
    expect(await capacityOf(...asked)).toMatchObject({ code: 0, stdout: expect.stringContaining('No rate keeps') });
    expect((await capacityOf(...asked, '--strict')).code).toBe(4);
  });

  it.each([
    [['--slo', 'ttft:p95:2parsec'], 2, 'SLO, limit: must be a time above 0'],
    [['--slo', 'speed:1s'], 2, 'SLO, metric: must be one of ttft'],
    [['--slo', 'ttft:1s', '--workload', 'prompt=0,output=5'], 2, 'workload, prompt: must be MEAN'],
    [['--slo', 'ttft:1s', '--workload', 'prompt=9,output=5', '--arrivals', 'log'], 2, '--arrivals: must be poisson'],
    [['--slo', 'ttft:1s', '--workload', 'no-such.jsonl'], 1, 'no-such.jsonl'],
    [['--slo', 'ttft:1s', '--price', '-1'], 2, '--price: must be a positive number'],
  ])('%j is refused', async (more, code, message) => {
    const words = ['capacity', '--betas', betas, ...(more.includes('--workload') ? [] : ['--workload', log]), ...more];
    expect(await capture(words)).toMatchObject({ code, stderr: expect.stringContaining(message), stdout: '' });
  });

  it('asks for lengths', async () => {
    const phases = join(folder, 'phases.csv');
    writeFileSync(phases, 'request_id,phase_type,t_start,t_end,prefill_tokens,decode_tokens\nA,prefill,0,2,96,0\n');
    const { code, stderr } = await capture(['capacity', '--betas', betas, '--workload', phases, '--slo', 'ttft:1s']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('must be a log of requests with their lengths')]);
  });
});
