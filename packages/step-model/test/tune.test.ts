import '@stepclock/vitest-matchers';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import {
  capacity,
  loadShapeOfSpec,
  parseSlos,
  tune,
  tuningCsv,
  tuningJson,
  tuningReport,
  tuningSchema,
  tuningText,
} from '../src/index.js';
import { baseModel } from './base-model.js';

const betas = { beta0: 0.006, beta1: 2e-5, beta2: 1.2e-4, beta3: 1e-7 };
const model = baseModel({ betas });
const shape = loadShapeOfSpec('prompt=600:0.8,output=60:0.7');
const slos = parseSlos('tpot:p95:20ms ttft:p95:400ms');
const grid = { maxNumSeqs: [8, 32, 128], maxNumBatchedTokens: [256, 2048] };
const today = { maxNumSeqs: 128, maxNumBatchedTokens: 2048, policy: 'mixed' } as const;
const found = tune(model, shape, slos, {}, { grid, today });

describe('tune', () => {
  it('finds a setting within 3 % of the best of the whole grid', { timeout: 60_000 }, () => {
    const all = grid.maxNumBatchedTokens.flatMap((maxNumBatchedTokens) =>
      grid.maxNumSeqs.map((maxNumSeqs) => {
        const load = { ...shape, length: 5000 };
        return capacity(model, load, slos, { maxNumSeqs, maxNumBatchedTokens }, { draws: 0 }).ratePerSec ?? 0;
      }),
    );
    const { maxNumSeqs, maxNumBatchedTokens } = found.best[0].setting;
    const own = all[grid.maxNumBatchedTokens.indexOf(maxNumBatchedTokens) * 3 + grid.maxNumSeqs.indexOf(maxNumSeqs)];
    expect(own).toBeGreaterThan(0.97 * Math.max(...all));
    // Settings differ: the test would pass for any otherwise.
    expect(Math.min(...all)).toBeLessThan(0.9 * Math.max(...all));
  });

  it('holds the setting of today against the others, with the flags of each', () => {
    expect(found.today?.setting).toEqual(today);
    expect(found.best[0].ratePerSec).toBeGreaterThanOrEqual(0.995 * (found.today?.ratePerSec ?? Infinity));
    expect(found.best.length).toBeGreaterThan(0);
    expect(found.best.length).toBeLessThanOrEqual(3);
    const { maxNumSeqs, maxNumBatchedTokens } = found.best[0].setting;
    expect(found.best[0].flags).toEqual({
      vllm: `--max-num-seqs ${maxNumSeqs} --max-num-batched-tokens ${maxNumBatchedTokens}`,
      sglang: `--max-running-requests ${maxNumSeqs} --chunked-prefill-size ${maxNumBatchedTokens} --max-prefill-tokens ${maxNumBatchedTokens} --enable-mixed-chunk`,
    });
    expect(found.steps.simulated).toBeLessThan(found.steps.ofWholeGrid);
  });

  it('has a front that rises in both', () => {
    const { front } = found;
    expect(front.length).toBeGreaterThan(1);
    for (const [i, { goodputPerSec, latencySec }] of front.entries()) {
      if (i === 0) continue;
      expect(goodputPerSec).toBeGreaterThan(front[i - 1].goodputPerSec);
      expect(latencySec).toBeGreaterThan(front[i - 1].latencySec);
    }
  });

  it('says where a setting leaves what the fit has seen', () => {
    const seen = { condition_number: 5, compositions: { decode_seqs: [1, 4] } };
    const narrow = baseModel({ betas, identifiability: seen });
    const beyond = tune(narrow, shape, slos, {}, { grid: { maxNumSeqs: [32], maxNumBatchedTokens: [1024] } });
    expect(beyond.best[0].beyond[0]).toContain('steps beyond the 4 decodes that the fit has seen');
    expect(tuningText(beyond)).toContain('Beyond what the fit has seen:');
  });

  it('takes the KV cache for a limit', () => {
    const small = tune(model, shape, slos, { kvTokens: 20_000 }, { grid });
    expect(small.kvTokens).toBe(20_000);
    expect(small.best[0].ratePerSec).toBeLessThan(found.best[0].ratePerSec);
  });

  it('has no flag of vLLM for prefill first', () => {
    const one = { maxNumSeqs: [32], maxNumBatchedTokens: [1024], policy: ['prefill-first'] } as const;
    const { best } = tune(model, shape, slos, {}, { grid: one });
    expect(best[0].flags.vllm).toBeNull();
    expect(best[0].flags.sglang).not.toContain('mixed');
  });

  it('says which term is in the way where no setting keeps an SLO, and refuses an empty grid', () => {
    const none = tune(model, shape, parseSlos('tpot:mean:5ms'), {}, { grid });
    expect([none.best, none.unreachable[0].term]).toEqual([[], 'step']);
    expect(tuningText(none)).toContain('No rate keeps tpot mean <= 5.000 ms: a request alone has 6.1');
    expect(tuningJson(none)).toMatchObject({ feasible: false });
    expect(() => tune(model, shape, slos, {}, { grid: { maxNumSeqs: [512], maxNumBatchedTokens: [256] } })).toThrow(
      'grid: must have a setting with a budget of at least its requests; got 0',
    );
    expect(() => tune(model, shape, [], {})).toThrow('SLOs: must have one; got 0');
  });

  it('is told in words, JSON, CSV and a report', () => {
    const text = tuningText(found);
    expect(text).toMatch(/requests\/s keep tpot p95 <= 20\.00 ms, ttft p95 <= 400\.0 ms; today's setting/);
    expect(text).toContain('Worth confirming on the engine:\n  1. vLLM:   --max-num-seqs');
    const json: unknown = JSON.parse(JSON.stringify(tuningJson(found)));
    expect(v.parse(tuningSchema, json)).toEqual(json);
    expect(tuningCsv(found).trimEnd().split('\n')).toHaveLength(found.front.length + 1);
    const report = tuningReport({ tuning: found, subtitle: '', provenance: { command: '', versions: {}, inputs: [] } });
    expect(report.sections.map(({ title }) => title)).toContain('Goodput against latency');
    expect(text + JSON.stringify(json)).not.toMatch(/NaN|Infinity|undefined/);
  });
});
