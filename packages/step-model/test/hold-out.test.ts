import '@stepclock/vitest-matchers';
import { runScenario } from '@stepclock/engine-sim';
import { DECODE, type PhaseTable } from '@stepclock/trace-io';
import { describe, expect, it } from 'vitest';
import { holdOutError, holdOutSplit, predictDecodes, spanOfPhases } from '../src/index.js';

/** One prefill of 100 tokens in [0, 1), its decode of 10 steps in [1, 3), and a decode of 4 steps in [1, 2) of a prompt of 50. */
const phases: PhaseTable = {
  length: 4,
  kind: Uint8Array.of(0, 1, 0, 1),
  startSec: Float64Array.of(0, 1, 0, 1),
  endSec: Float64Array.of(1, 3, 1, 2),
  prefillTokens: Float64Array.of(100, 0, 50, 0),
  decodeTokens: Float64Array.of(0, 10, 0, 4),
  request: Uint32Array.of(0, 0, 1, 1),
  requestIds: { length: 2, at: String },
};

describe('predictDecodes', () => {
  it('counts steps, tokens meanwhile, and context', () => {
    const only = (name: string) => {
      const betas = { beta0: 0, beta1: 0, beta2: 0, beta3: 0, [name]: 1 };
      return [...predictDecodes(phases, betas)].filter((sec) => !Number.isNaN(sec));
    };
    expect(only('beta0')).toEqual([10, 4]);
    expect(only('beta1')).toEqual([0, 0]);
    // The long one sees its own 10 and all 4 of the other; the short one its own 4 and half of the 10.
    expect(only('beta2')).toEqual([14, 9]);
    // Means of context: 105 over two seconds plus 52 over one, at 5 steps a second; 102.5 + 52 at 4 a second.
    expect(only('beta3')).toAgree([5 * (2 * 105 + 52), 4 * (102.5 + 52)], 1e-12);
  });

  it('prefills that run meanwhile cost beta1, evenly over their time', () => {
    const later = { ...phases, startSec: Float64Array.of(0, 1, 1.5, 3), endSec: Float64Array.of(1, 3, 3.5, 4) };
    expect(predictDecodes(later, { beta0: 0, beta1: 1, beta2: 0 })[1] ?? 0).toAgree(37.5, 1e-12);
  });

  it('keeps engines apart', () => {
    const two = { ...phases, instance: Uint32Array.of(0, 0, 1, 1), instanceIds: { length: 2, at: String } };
    expect([...predictDecodes(two, { beta0: 0, beta1: 0, beta2: 1 })].filter((sec) => !Number.isNaN(sec))).toEqual([
      10, 4,
    ]);
  });

  it.each([
    ['budget-2048-light', 0.005],
    ['budget-2048-medium', 0.015],
    ['chunk-512-medium', 0.015],
    ['kv-light', 0.01],
  ] as const)('with the true coefficients is near every decode of %s', (name, tolerance) => {
    const run = runScenario(name, { seed: 2 });
    const { rest } = holdOutSplit(run.phases, 0.5);
    const { count, meanAbsoluteError, bias } = holdOutError(run.phases, run.coefficients, rest);
    expect(count).toBeGreaterThan(400);
    expect(meanAbsoluteError).toBeLessThan(tolerance);
    expect(Math.abs(bias ?? 1)).toBeLessThan(tolerance / 2);
  });
});

describe('windows', () => {
  const run = runScenario('budget-2048-medium', { seed: 2 });

  it('split the time span', () => {
    const [from, to] = spanOfPhases(run.phases);
    const { fit, rest } = holdOutSplit(run.phases, 0.25);
    expect([fit[0], fit[1], rest[0], rest[1]]).toEqual([from, from + 0.25 * (to - from), fit[1], to]);
  });

  it('a phase counts in one part, or is censored in both', () => {
    const { fit, rest } = holdOutSplit(run.phases, 0.5);
    const a = holdOutError(run.phases, run.coefficients, fit);
    const b = holdOutError(run.phases, run.coefficients, rest);
    const cut = run.phases.startSec.filter((start, i) => start < fit[1] && (run.phases.endSec[i] ?? 0) > fit[1]);
    expect([a.censored, b.censored]).toEqual([cut.length, cut.length]);
    const decodes = run.phases.kind.filter((kind) => kind === DECODE).length;
    const cutDecodes = run.phases.kind.filter(
      (kind, i) => kind === DECODE && (run.phases.startSec[i] ?? 0) < fit[1] && (run.phases.endSec[i] ?? 0) > fit[1],
    ).length;
    expect(a.count + b.count + cutDecodes).toBe(decodes);
  });

  it('wrong coefficients show as bias', () => {
    const { beta0, beta1, beta2 } = run.coefficients;
    const slow = { beta0: 1.5 * beta0, beta1: 1.5 * beta1, beta2: 1.5 * beta2 };
    expect(holdOutError(run.phases, slow, spanOfPhases(run.phases)).bias ?? 0).toAgree(0.5, 0.02);
  });

  it('an empty window has no error, and a fraction of all or nothing is refused', () => {
    expect(holdOutError(run.phases, run.coefficients, [-2, -1])).toEqual({
      count: 0,
      censored: 0,
      meanAbsoluteError: null,
      medianAbsoluteError: null,
      bias: null,
    });
    expect(() => holdOutSplit(run.phases, 1)).toThrow('fraction: must lie between 0 and 1; got 1');
    expect(() => spanOfPhases({ ...phases, length: 0 })).toThrow('phases: must have a row; got 0');
  });
});
