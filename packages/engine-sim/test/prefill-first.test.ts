import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { simulate } from '../src/index.js';
import { arbitraryRun } from './arbitrary-run.js';

const sum = (column: ArrayLike<number>) => Array.from(column).reduce((a, b) => a + b, 0);

describe('prefill first', () => {
  it('a step holds prefill or decodes, never both, and prefill has the whole budget', () => {
    const workload = {
      length: 2,
      arrivalSec: Float64Array.of(0, 1.5),
      promptTokens: Float64Array.of(6, 16),
      outputTokens: Float64Array.of(4, 2),
    };
    const { steps, requests } = simulate(workload, {
      stepSeconds: () => 1,
      maxNumBatchedTokens: 8,
      maxNumSeqs: 8,
      prefillFirst: true,
    });
    expect([...steps.prefillTokens]).toEqual([6, 0, 8, 8, 0, 0]);
    expect([...steps.decodeTokens]).toEqual([0, 1, 0, 0, 2, 1]);
    expect([...requests.lastTokenSec]).toEqual([6, 5]);
  });

  it('takes no block of the cache for a decode that waits: where all fits, a cache is as good as none', () => {
    fc.assert(
      fc.property(arbitraryRun, ({ workload, engine: { kvTokens: _, ...engine } }) => {
        const options = { ...engine, prefillFirst: true };
        // 25 requests of 150 + 60 tokens at most, in whole blocks of 16.
        const limited = simulate(workload, { ...options, kvTokens: 25 * 224 });
        expect(sum(limited.steps.preemptions)).toBe(0);
        expect(limited.steps).toEqual(simulate(workload, options).steps);
      }),
      { numRuns: 100 },
    );
  });

  it('every token is computed once, and those of a preempted cache once more', () => {
    fc.assert(
      fc.property(arbitraryRun, ({ workload, engine }) => {
        const { steps, truth } = simulate(workload, { ...engine, prefillFirst: true });
        const cached = sum(workload.cachedTokens ?? []);
        const asked = sum(workload.promptTokens) - cached + sum(workload.outputTokens) - workload.length;
        expect(sum(steps.prefillTokens) + sum(steps.decodeTokens)).toBe(asked + sum(truth.recomputedTokens));
        expect(steps.prefillTokens.some((p, i) => p > 0 && steps.decodeTokens[i] > 0)).toBe(false);
      }),
      { numRuns: 100 },
    );
  });
});
