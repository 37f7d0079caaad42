import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_TOKENS, simulate } from '../src/index.js';
import '@stepclock/vitest-matchers';
import { arbitraryRun } from './arbitrary-run.js';
import { plainEngine } from './plain-engine.js';

const sum = (column: ArrayLike<number>) => Array.from(column).reduce((a, b) => a + b, 0);
const law = (check: (run: typeof arbitraryRun extends fc.Arbitrary<infer T> ? T : never) => void) =>
  fc.assert(fc.property(arbitraryRun, check), { numRuns: 100 });

describe('the engine obeys', () => {
  it('tokens in are tokens out: every token is computed once, and those of a preempted cache once more', () => {
    law(({ workload, engine }) => {
      const { steps, truth } = simulate(workload, engine);
      const asked =
        sum(workload.promptTokens) - sum(workload.cachedTokens ?? []) + sum(workload.outputTokens) - workload.length;
      expect(sum(steps.prefillTokens) + sum(steps.decodeTokens)).toBe(asked + sum(truth.recomputedTokens));
      expect(sum(steps.preemptions)).toBe(sum(truth.preemptions));
    });
  });

  it('time is the sum of its steps: they follow one another, each as long as its work', () => {
    law(({ workload, engine }) => {
      const { startSec, durationSec, prefillTokens, decodeTokens, contextTokens } = simulate(workload, engine).steps;
      const { beta0, beta1, beta2, beta3 = 0 } = engine.coefficients;
      const at = (column: Float64Array, i: number) => column[i] ?? 0;
      const work = startSec.map(
        (_, i) => beta0 + beta1 * at(prefillTokens, i) + beta2 * at(decodeTokens, i) + beta3 * at(contextTokens, i),
      );
      expect(durationSec).toAgree(work, 1e-12);
      const gaps = startSec.map((start, i) => start - (i === 0 ? 0 : at(startSec, i - 1) + at(durationSec, i - 1)));
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
    });
  });

  it('no limit is ever exceeded: budget, chunk, sequences, blocks of the KV cache', () => {
    law(({ workload, engine }) => {
      const { steps } = simulate(workload, engine);
      const most = (of: (prefill: number, decode: number, requests: number, context: number) => number) =>
        Array.from(steps.prefillTokens, (prefill, i) =>
          of(prefill, steps.decodeTokens[i] ?? 0, steps.requests[i] ?? 0, steps.contextTokens[i] ?? 0),
        ).reduce((a, b) => Math.max(a, b), 0);
      expect(most((p, d) => p + d)).toBeLessThanOrEqual(engine.maxNumBatchedTokens ?? Infinity);
      expect(most((p, d, requests) => (p === 0 ? 0 : p / (requests - d)))).toBeLessThanOrEqual(
        engine.chunkSize ?? Infinity,
      );
      expect(most((_, __, requests) => requests)).toBeLessThanOrEqual(engine.maxNumSeqs ?? 256);
      expect(most((_, d, __, context) => context + d)).toBeLessThanOrEqual(engine.kvTokens ?? Infinity);
      // The fast engine does not say which blocks are in use; its twin, which takes the same steps, does.
      const used = plainEngine(workload, engine).steps.reduce((a, s) => Math.max(a, s.usedBlocks), 0);
      expect(used).toBeLessThanOrEqual(Math.floor((engine.kvTokens ?? 0) / BLOCK_TOKENS));
    });
  });

  it('first come, first scheduled; no request is scheduled before it arrives, ends before it starts', () => {
    law(({ workload, engine }) => {
      const { requests } = simulate(workload, engine);
      for (let i = 0; i < requests.length; i++) {
        const scheduled = requests.scheduledSec[i] ?? 0;
        expect(scheduled).toBeGreaterThanOrEqual(workload.arrivalSec[i] ?? 0);
        expect(requests.firstTokenSec[i]).toBeGreaterThan(scheduled);
        expect(requests.lastTokenSec[i]).toBeGreaterThanOrEqual(requests.firstTokenSec[i] ?? 0);
        if (i > 0) expect(scheduled).toBeGreaterThanOrEqual(requests.scheduledSec[i - 1] ?? 0);
      }
    });
  });

  it('stretching all coefficients and arrivals stretches time, the steps stay', () => {
    law(({ workload, engine }) => {
      const { beta0, beta1, beta2, beta3 = 0 } = engine.coefficients;
      const slow = { beta0: 4 * beta0, beta1: 4 * beta1, beta2: 4 * beta2, beta3: 4 * beta3 };
      const once = simulate(workload, engine);
      const stretched = { ...workload, arrivalSec: workload.arrivalSec.map((t) => 4 * t) };
      const again = simulate(stretched, { ...engine, coefficients: slow });
      // A power of two scales without rounding.
      expect([...again.steps.startSec]).toEqual([...once.steps.startSec].map((t) => 4 * t));
      expect([...again.steps.prefillTokens]).toEqual([...once.steps.prefillTokens]);
    });
  });

  it('engines that share nothing: several instances are the runs of each alone', () => {
    law(({ workload, engine }) => {
      const instance = Uint32Array.from({ length: workload.length }, (_, i) => (i * 7) % 3);
      const together = simulate({ ...workload, instance }, engine);
      for (let k = 0; k < 3; k++) {
        const rows = [...instance.keys()].filter((i) => instance[i] === k);
        if (rows.length === 0) continue;
        const pick = (column: Float64Array) => Float64Array.from(rows, (i) => column[i] ?? 0);
        const alone = simulate(
          {
            length: rows.length,
            arrivalSec: pick(workload.arrivalSec),
            promptTokens: pick(workload.promptTokens),
            outputTokens: pick(workload.outputTokens),
            cachedTokens: pick(workload.cachedTokens ?? new Float64Array(workload.length)),
          },
          engine,
        );
        expect([...pick(together.requests.lastTokenSec)]).toEqual([...alone.requests.lastTokenSec]);
      }
    });
  });
});
