import '@stepclock/vitest-matchers';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { headOf, shareOf } from '../src/capacity/load-shape.js';
import {
  capacity,
  loadShapeOf,
  loadShapeOfSpec,
  parseSlos,
  tuneGpus,
  tuningCsv,
  tuningJson,
  tuningReport,
  tuningSchema,
  tuningText,
} from '../src/index.js';
import { baseModel } from './base-model.js';

const one = baseModel({ betas: { beta0: 0.012, beta1: 4e-5, beta2: 1.2e-4, beta3: 1e-7 } });
const two = baseModel({ betas: { beta0: 0.0055, beta1: 1.8e-5, beta2: 6e-5, beta3: 5e-8 } });
const engines = [
  { model: one, tensorParallelSize: 1 },
  { model: two, tensorParallelSize: 2, limits: { kvTokens: 90_000 } },
];
const shape = loadShapeOfSpec('prompt=600:0.8,output=60:0.7');
const slos = parseSlos('tpot:p95:30ms ttft:p95:400ms');
const grid = { maxNumSeqs: [16, 128], maxNumBatchedTokens: [256, 2048] };
const today = { maxNumSeqs: 128, maxNumBatchedTokens: 2048, policy: 'mixed' } as const;
const found = tuneGpus(5, [{ ...engines[0], today }, engines[1]], shape, slos, { grid });

describe('tuneGpus', () => {
  it('finds a layout within 3 % of the best of all', { timeout: 60_000 }, () => {
    const load = headOf(shape, 5000);
    const all = engines.flatMap(({ model, limits, tensorParallelSize }) =>
      grid.maxNumBatchedTokens.flatMap((maxNumBatchedTokens) =>
        grid.maxNumSeqs.map((maxNumSeqs) => {
          const dataParallel = Math.floor(5 / tensorParallelSize);
          const own = { ...limits, maxNumSeqs, maxNumBatchedTokens, dataParallel };
          const { ratePerSec } = capacity(model, load, slos, own, { draws: 0 });
          return { maxNumSeqs, maxNumBatchedTokens, tensorParallelSize, ratePerSec: ratePerSec ?? 0 };
        }),
      ),
    );
    const best = all.reduce((a, b) => (b.ratePerSec > a.ratePerSec ? b : a));
    const chosen = all.find(
      ({ maxNumSeqs, maxNumBatchedTokens, tensorParallelSize }) =>
        maxNumSeqs === found.best[0].setting.maxNumSeqs &&
        maxNumBatchedTokens === found.best[0].setting.maxNumBatchedTokens &&
        tensorParallelSize === found.best[0].setting.tensorParallelSize,
    );
    expect(chosen?.ratePerSec).toBeGreaterThan(0.97 * best.ratePerSec);
    for (const { tensorParallelSize, ratePerSec } of found.layouts) {
      const ofLayout = all.filter((other) => other.tensorParallelSize === tensorParallelSize);
      // Both loads are heads of one, of other lengths.
      expect(ratePerSec).toAgree(Math.max(...ofLayout.map((other) => other.ratePerSec)), 0.05);
    }
    // Layouts differ: the test would pass for any otherwise.
    const [first, second] = found.layouts.map(({ ratePerSec }) => ratePerSec ?? 0);
    expect(Math.abs(first / second - 1)).toBeGreaterThan(0.05);
  });

  it('gives as many ranks as there is room for, with the flags of both engines', () => {
    expect(found.layouts).toMatchObject([
      { tensorParallelSize: 1, dataParallelSize: 5, kvTokens: null },
      { tensorParallelSize: 2, dataParallelSize: 2, kvTokens: 90_000 },
    ]);
    const { tensorParallelSize: tensor, dataParallelSize: data, ...limits } = found.best[0].setting;
    const { maxNumSeqs: seqs, maxNumBatchedTokens: budget } = limits;
    expect(found.best[0].flags).toEqual({
      vllm: `--tensor-parallel-size ${tensor} --data-parallel-size ${data} --max-num-seqs ${seqs} --max-num-batched-tokens ${budget}`,
      sglang: `--tp-size ${tensor} --dp-size ${data} --max-running-requests ${seqs} --chunked-prefill-size ${budget} --max-prefill-tokens ${budget} --enable-mixed-chunk`,
    });
    expect(found.today?.setting).toEqual({ ...today, tensorParallelSize: 1, dataParallelSize: 5 });
  });

  it('has engines that work side by side no longer than all of the time', () => {
    const { utilisation } = found.best[0].atRate;
    expect(utilisation).toBeGreaterThan(0.5);
    expect(utilisation).toBeLessThanOrEqual(1);
    const alone = capacity(one, headOf(shape, 3000), slos, { maxNumSeqs: 16 }, { draws: 0 });
    const beside = capacity(one, headOf(shape, 3000), slos, { maxNumSeqs: 16, dataParallel: 3 }, { draws: 0 });
    expect(beside.curve[1].utilisation).toAgree(alone.curve[1].utilisation, 0.1);
  });

  it('is told in words, JSON, CSV and a report', () => {
    const text = tuningText(found);
    expect(text).toContain('5 GPUs, each layout with its best setting:\n  5 engines of 1 GPU: ');
    expect(text).toMatch(/2 engines of 2 GPUs: [\d.]+ requests\/s\. KV cache: 90000 tokens\. 1 GPU is left over\./);
    expect(text).toMatch(/tensor_parallel_size {2}data_parallel_size {2}max_num_seqs/);
    const json: unknown = JSON.parse(JSON.stringify(tuningJson(found)));
    expect(v.parse(tuningSchema, json)).toEqual(json);
    expect(tuningCsv(found)).toMatch(/^tensor_parallel_size,data_parallel_size,max_num_seqs,.*\n[12],[25],/);
    const report = tuningReport({ tuning: found, subtitle: '', provenance: { command: '', versions: {}, inputs: [] } });
    expect(report.title).toBe('Layouts of 5 GPUs');
    expect(text + JSON.stringify(json)).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('leaves out a layout that keeps the SLOs at no rate, and says why where none does', () => {
    const tight = parseSlos('tpot:mean:9ms');
    const some = tuneGpus(2, engines, shape, tight, { grid });
    expect(some.layouts.map(({ ratePerSec }) => ratePerSec === null)).toEqual([true, false]);
    expect(some.unreachable).toEqual([]);
    expect(tuningText(some)).toContain('2 engines of 1 GPU: the SLOs at no rate.');
    const none = tuneGpus(2, engines, shape, parseSlos('tpot:mean:5ms'), { grid });
    // Of the faster engine.
    expect(tuningText(none)).toContain('No rate keeps tpot mean <= 5.000 ms: a request alone has 5.593 ms');
  });

  it('refuses an engine of more GPUs than there are, and two of as many', () => {
    expect(() => tuneGpus(1, engines, shape, slos)).toThrow(
      'GPUs of an engine: must be at most the 1 GPUs that there are; got 2',
    );
    expect(() => tuneGpus(4, [engines[0], engines[0]], shape, slos)).toThrow(
      'GPUs of an engine: must differ from model to model; got 1',
    );
  });
});

describe('the share of a rank', () => {
  it('is every so-manieth request, at one a second, over and over where the load is short', () => {
    const column = (of: (i: number) => number) => Float64Array.from({ length: 10_000 }, (_, i) => of(i));
    const log = {
      length: 10_000,
      arrivalSec: column((i) => i),
      promptTokens: column((i) => i + 1),
      outputTokens: column(() => 2),
    };
    const share = shareOf(loadShapeOf(log), 4, 10_000);
    expect([...share.promptTokens.slice(0, 4)]).toEqual([1, 5, 9, 13]);
    // Every request has its turn once the load has come round four times.
    expect(new Set(share.promptTokens).size).toBeGreaterThan(9900);
    expect([share.arrivals[0], share.arrivals[9999]]).toEqual([0, expect.closeTo(9999, 6)]);
    expect(share.arrivals.every((at, i) => i === 0 || at > share.arrivals[i - 1])).toBe(true);
    const whole = loadShapeOf(log);
    expect(shareOf(whole, 1, 500)).toEqual(headOf(whole, 500));
  });
});
