import { describe, expect, it } from 'vitest';
import { resolveEngine } from '../src/engine-options.js';
import type { Scenario } from '../src/index.js';

type EngineOptions = Scenario['engine'];

const coefficients = { beta0: 1, beta1: 2, beta2: 3 };
const unlimited = Number.POSITIVE_INFINITY;

describe('options of an engine', () => {
  it('that are not given do not bind, but for 256 requests at once', () => {
    expect(resolveEngine({ coefficients })).toEqual({
      stepSeconds: expect.any(Function),
      chunkSize: unlimited,
      maxNumBatchedTokens: unlimited,
      maxNumSeqs: 256,
      kvBlocks: unlimited,
      stepNoise: 0,
      asyncScheduling: false,
      reserveFullPrompt: false,
      prefixCaching: false,
      prefillFirst: false,
      arrivalsReadAtSteps: false,
      dataParallel: 1,
      router: 'least-requests',
    });
  });

  it('that are given hold; a cache has whole blocks of 16 tokens', () => {
    const options: EngineOptions = {
      coefficients: { ...coefficients, beta3: 4 },
      chunkSize: 64,
      maxNumBatchedTokens: 512,
      maxNumSeqs: 500,
      kvTokens: 16 * 30 + 15,
      stepNoise: 0.5,
      asyncScheduling: true,
      reserveFullPrompt: true,
      prefixCaching: true,
      prefillFirst: true,
      arrivalsReadAtSteps: true,
      dataParallel: 2,
      router: 'round-robin' as const,
    };
    const { kvTokens: _, coefficients: __, ...rest } = options;
    const { stepSeconds, ...resolved } = resolveEngine(options);
    expect(resolved).toEqual({ ...rest, kvBlocks: 30 });
    const step = { prefillTokens: 10, prefillRequests: 1, prefillContext: 55, decodeSeqs: 100, contextTokens: 1000 };
    expect(stepSeconds(step)).toBe(1 + 2 * 10 + 3 * 100 + 4 * 1000);
    const own = () => 7;
    expect(resolveEngine({ stepSeconds: own }).stepSeconds).toBe(own);
  });

  it.each([
    [255, 255],
    [256, 256],
    [257, 256],
  ])('a step of %d tokens runs %d requests unless told', (maxNumBatchedTokens, maxNumSeqs) => {
    expect(resolveEngine({ coefficients, maxNumBatchedTokens }).maxNumSeqs).toBe(maxNumSeqs);
  });

  it.each<[Partial<EngineOptions>]>([
    [{ coefficients: { beta0: 1e-9, beta1: 0, beta2: 0 } }],
    [{ coefficients: { beta0: 0, beta1: 1e-9, beta2: 1e-9, beta3: 0 } }],
    [{ maxNumBatchedTokens: 8, maxNumSeqs: 8 }],
    [{ maxNumBatchedTokens: 1 }],
    [{ maxNumSeqs: 1 }],
    [{ chunkSize: 1 }],
    [{ kvTokens: 16 }],
  ])('%j is enough', (options) => {
    expect(() => resolveEngine({ coefficients, ...options })).not.toThrow();
  });

  const atLeast = (least: number) => `must be a whole number of at least ${least}`;
  const notNegative = 'must be a finite number of at least 0';
  const takesTime = 'must let every step take time: beta0 > 0, or beta1 and beta2 > 0';
  it.each<[Partial<EngineOptions>, string, string, unknown]>([
    [{ coefficients: { ...coefficients, beta0: -1e-9 } }, 'beta0', notNegative, -1e-9],
    [{ coefficients: { ...coefficients, beta1: unlimited } }, 'beta1', notNegative, unlimited],
    [{ coefficients: { ...coefficients, beta2: Number.NaN } }, 'beta2', notNegative, Number.NaN],
    [{ coefficients: { ...coefficients, beta3: -1 } }, 'beta3', notNegative, -1],
    [{ stepNoise: unlimited }, 'stepNoise', notNegative, unlimited],
    ...[
      { beta0: 0, beta1: 0, beta2: 0 },
      { beta0: 0, beta1: 1, beta2: 0 },
      { beta0: 0, beta1: 0, beta2: 1 },
      { beta0: 0, beta1: 0, beta2: 0, beta3: 1 },
    ].map((given): [Partial<EngineOptions>, string, string, unknown] => [
      { coefficients: given },
      'coefficients',
      takesTime,
      JSON.stringify(given),
    ]),
    [{ maxNumBatchedTokens: 0 }, 'maxNumBatchedTokens', atLeast(1), 0],
    [{ maxNumBatchedTokens: 7, maxNumSeqs: 8 }, 'maxNumBatchedTokens', 'must be at least maxNumSeqs (8)', 7],
    [{ maxNumSeqs: 0 }, 'maxNumSeqs', atLeast(1), 0],
    [{ maxNumSeqs: 1.5 }, 'maxNumSeqs', atLeast(1), 1.5],
    [{ chunkSize: 0 }, 'chunkSize', atLeast(1), 0],
    [{ chunkSize: Number.NaN }, 'chunkSize', atLeast(1), Number.NaN],
    [{ kvTokens: 15 }, 'kvTokens', atLeast(16), 15],
    [{ kvTokens: unlimited }, 'kvTokens', atLeast(16), unlimited],
  ])('%j is refused', (options, what, rule, value) => {
    expect(() => resolveEngine({ coefficients, ...options })).toThrow(
      expect.objectContaining({
        name: 'Fault',
        code: 'engine-sim/bad-option',
        what,
        rule,
        value,
        row: undefined,
        message: `${what}: ${rule}; got ${typeof value === 'string' ? JSON.stringify(value) : value}`,
      }),
    );
  });
});
