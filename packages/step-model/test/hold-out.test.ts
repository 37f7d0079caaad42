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
    expect(() => holdOutSplit(run.phases, 1)).toThrow('fraction: must be a number between 0 and 1; got 1');
    expect(() => spanOfPhases({ ...phases, length: 0 })).toThrow('phases: must have a row; got 0');
  });

  it('refusals have their codes', () => {
    for (const fraction of [0, 1, Number.NaN, -1]) {
      expect(() => holdOutSplit(phases, fraction)).toThrow(
        expect.objectContaining({
          code: 'step-model/bad-fraction',
          message: `fraction: must be a number between 0 and 1; got ${fraction}`,
        }),
      );
    }
    expect(() => spanOfPhases({ ...phases, length: 0 })).toThrow(
      expect.objectContaining({ code: 'step-model/no-phases', value: 0 }),
    );
  });
});

describe('holdOutError by hand', () => {
  const one = { beta0: 0.1, beta1: 0, beta2: 0 };

  it('mean, median and bias over the decodes of the window', () => {
    // Predicted 1 s of 2 s (10 steps), and 0.4 s of 1 s (4 steps).
    const error = holdOutError(phases, one, [0, 3]);
    expect([error.count, error.censored]).toEqual([2, 0]);
    expect([error.meanAbsoluteError ?? 0, error.medianAbsoluteError ?? 0, error.bias ?? 0]).toAgree(
      [0.55, 0.55, (1.4 - 3) / 3],
      1e-12,
    );
  });

  it('a window ends where it says: phases that touch it from outside do not count, cut ones are censored', () => {
    expect(holdOutError(phases, one, [0, 1])).toMatchObject({ count: 0, censored: 0 });
    expect(holdOutError(phases, one, [3, 9])).toMatchObject({ count: 0, censored: 0 });
    expect(holdOutError(phases, one, [1, 2])).toMatchObject({ count: 1, censored: 1 });
    expect(holdOutError(phases, one, [0, 2])).toMatchObject({ count: 1, censored: 1 });
    expect(holdOutError(phases, one, [1.5, 3])).toMatchObject({ count: 0, censored: 2 });
    expect(holdOutError(phases, one, [0.5, 3])).toMatchObject({ count: 2, censored: 2 });
  });

  it('a given count wins over the tokens; a decode without steps does not count', () => {
    const given = { ...phases, steps: Float64Array.of(Number.NaN, 5, 1, 0) };
    const error = holdOutError(given, one, [0, 3]);
    expect([error.count, error.bias ?? 0]).toEqual([1, expect.closeTo(-0.75, 12)]);
    const unknown = { ...phases, steps: Float64Array.of(Number.NaN, Number.NaN, Number.NaN, Number.NaN) };
    expect(holdOutError(unknown, one, [0, 3])).toEqual(holdOutError(phases, one, [0, 3]));
  });

  it('cached tokens of a prompt are context, not work', () => {
    const cached = { ...phases, cachedTokens: Float64Array.of(20, 0, 0, 0) };
    const sec = (table: typeof phases, betas: object) => {
      const all = { beta0: 0, beta1: 0, beta2: 0, ...betas };
      return predictDecodes(table, all)[1] ?? 0;
    };
    // Ten steps, each with 20 tokens more.
    expect(sec(cached, { beta3: 1 }) - sec(phases, { beta3: 1 })).toAgree(200, 1e-12);
    expect(sec(cached, { beta1: 1 })).toBe(0);
  });

  it('a time far from zero costs no digits', () => {
    const epoch = 2 ** 31;
    const later = {
      ...phases,
      startSec: phases.startSec.map((t) => t + epoch),
      endSec: phases.endSec.map((t) => t + epoch),
    };
    const betas = { beta0: 1, beta1: 1, beta2: 1, beta3: 1 };
    expect(predictDecodes(later, betas)).toEqual(predictDecodes(phases, betas));
  });

  it('an engine without rows is no engine', () => {
    const gap = { ...phases, instance: Uint32Array.of(0, 0, 2, 2), instanceIds: { length: 3, at: String } };
    const betas = { beta0: 0, beta1: 0, beta2: 1 };
    expect([...predictDecodes(gap, betas)]).toEqual([Number.NaN, 10, Number.NaN, 4]);
  });
});
