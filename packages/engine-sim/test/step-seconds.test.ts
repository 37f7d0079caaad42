import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { type EngineStep, runScenario, scenarios, simulate, type Workload } from '../src/index.js';

const workload = (...rows: [arrival: number, prompt: number, output: number, cached: number][]): Workload => ({
  length: rows.length,
  arrivalSec: Float64Array.from(rows, ([arrival]) => arrival),
  promptTokens: Float64Array.from(rows, ([, prompt]) => prompt),
  outputTokens: Float64Array.from(rows, ([, , output]) => output),
  cachedTokens: Float64Array.from(rows, ([, , , cached]) => cached),
});

describe('the cost of a step as a function', () => {
  it('is asked with what the step holds', () => {
    const asked: EngineStep[] = [];
    const { steps } = simulate(
      workload([0, 10, 2, 4], [0, 5, 2, 0]),
      {
        maxNumBatchedTokens: 8,
        maxNumSeqs: 8,
        stepSeconds: (step) => {
          asked.push({ ...step });
          return asked.length;
        },
      },
      {},
    );
    expect(asked).toEqual([
      // 6 tokens after 4 cached ones: 5 + ... + 10; and the first two of the other prompt: 1 + 2.
      { prefillTokens: 8, prefillRequests: 2, prefillContext: 45 + 3, decodeSeqs: 0, contextTokens: 0 },
      { prefillTokens: 3, prefillRequests: 1, prefillContext: 3 + 4 + 5, decodeSeqs: 1, contextTokens: 10 },
      { prefillTokens: 0, prefillRequests: 0, prefillContext: 0, decodeSeqs: 1, contextTokens: 5 },
    ]);
    expect([...steps.durationSec]).toEqual([1, 2, 3]);
    expect([...steps.prefillRequests]).toEqual([2, 1, 0]);
    expect([...steps.prefillContext]).toEqual([48, 12, 0]);
  });

  it('that is linear gives the run of its coefficients', () => {
    const { beta0, beta1, beta2 } = scenarios.kv.engine.coefficients;
    const options = { requests: 200, seed: 3 };
    const linear = runScenario('kv', options);
    const same = runScenario('kv', {
      ...options,
      stepSeconds: (s) => beta0 + beta1 * s.prefillTokens + beta2 * s.decodeSeqs + 2e-7 * s.contextTokens,
    });
    expect(same.steps).toEqual(linear.steps);
    expect(same.requests.lastTokenSec).toEqual(linear.requests.lastTokenSec);
  });

  it('sees every position of every prompt once', () => {
    const { steps, requests } = runScenario('chunk-64-medium', { requests: 100 });
    const sum = (column: Float64Array) => column.reduce((a, b) => a + b, 0);
    expect(sum(steps.prefillContext)).toBe(sum(requests.promptTokens.map((p) => (p * (p + 1)) / 2)));
    // A prompt of p tokens is in ceil(p / 64) steps.
    expect(sum(steps.prefillRequests)).toBe(sum(requests.promptTokens.map((p) => Math.ceil(p / 64))));
  });

  it.each([0, -1e-9, Number.NaN, Number.POSITIVE_INFINITY, 1e308])('a step of %d s is refused', (seconds) => {
    let asked = 0;
    const stepSeconds = () => (asked++ < 2 ? 1e308 : seconds);
    const run = () =>
      simulate(workload([0, 3, 9, 0]), { stepSeconds: seconds === 1e308 ? stepSeconds : () => seconds });
    expect(run).toThrow(
      expect.objectContaining({
        code: 'engine-sim/bad-step-time',
        rule: 'must be a finite number above 0',
        what: expect.stringMatching(
          /^seconds of a step of \d prefill tokens and \d decodes with \d tokens of context$/,
        ),
        value: seconds,
      }),
    );
  });
});
