import fc from 'fast-check';
import type { Scenario, Workload } from '../src/index.js';

const workload: fc.Arbitrary<Workload> = fc
  .array(
    fc.record({
      gap: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.3, noNaN: true })),
      prompt: fc.integer({ min: 1, max: 150 }),
      output: fc.integer({ min: 1, max: 60 }),
      cachedShare: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.double({ min: 0, max: 0.99, noNaN: true })),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((rows) => {
    let now = 0;
    return {
      length: rows.length,
      arrivalSec: Float64Array.from(rows, ({ gap }) => {
        now += gap;
        return now;
      }),
      promptTokens: Float64Array.from(rows, (r) => r.prompt),
      outputTokens: Float64Array.from(rows, (r) => r.output),
      cachedTokens: Float64Array.from(rows, (r) => Math.min(r.prompt - 1, Math.floor(r.prompt * r.cachedShare))),
    };
  });

/** Engines small enough that every limit binds now and then; 240 tokens hold the longest request. */
const engine: fc.Arbitrary<Scenario['engine']> = fc.record(
  {
    coefficients: fc.constant({ beta0: 6e-3, beta1: 2e-5, beta2: 1.2e-4, beta3: 1e-7 }),
    chunkSize: fc.integer({ min: 1, max: 64 }),
    maxNumBatchedTokens: fc.integer({ min: 8, max: 200 }),
    maxNumSeqs: fc.integer({ min: 1, max: 8 }),
    kvTokens: fc.integer({ min: 240, max: 600 }),
    asyncScheduling: fc.boolean(),
    reserveFullPrompt: fc.boolean(),
    prefixCaching: fc.boolean(),
  },
  { requiredKeys: ['coefficients', 'maxNumSeqs'] },
);

export const arbitraryRun = fc.record({ workload, engine });

const tightWorkload: fc.Arbitrary<Workload> = fc
  .array(
    fc.record({ gap: fc.nat(3), prompt: fc.integer({ min: 14, max: 34 }), output: fc.integer({ min: 1, max: 20 }) }),
    {
      minLength: 2,
      maxLength: 8,
    },
  )
  .map((rows) => {
    let now = 0;
    return {
      length: rows.length,
      arrivalSec: Float64Array.from(rows, ({ gap }) => {
        now += gap / 4;
        return now;
      }),
      promptTokens: Float64Array.from(rows, (r) => r.prompt),
      outputTokens: Float64Array.from(rows, (r) => r.output),
    };
  });

/** A few short requests, steps of one second planned one ahead, and a cache of which each needs up to four blocks of four to eight. */
export const tightRun = fc.record({
  workload: tightWorkload,
  engine: fc.record({
    coefficients: fc.constant({ beta0: 1, beta1: 0, beta2: 0 }),
    kvTokens: fc.integer({ min: 4, max: 8 }).map((blocks) => 16 * blocks),
    asyncScheduling: fc.constant(true),
    prefixCaching: fc.boolean(),
  }),
});
