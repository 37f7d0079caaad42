import '@stepclock/vitest-matchers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClusterRows } from '../src/step-clock/clusters.js';
import { countTies } from '../src/step-clock/count-ties.js';
import { leastCorrection } from '../src/step-clock/least-correction.js';
import type { OffsetGraph } from '../src/step-clock/offset-graph.js';
import { robustFit } from '../src/step-clock/robust-fit.js';
import { rowBlocks } from '../src/step-clock/row-blocks.js';
import { fitRows } from '../src/step-clock/row-fit.js';
import { trackClock } from '../src/step-clock/track-clock.js';
import { wholeSteps } from '../src/step-clock/whole-steps.js';

const counts = (ties: readonly (readonly [number, number, number])[]) => ({
  from: Int32Array.from(ties, ([a]) => a),
  to: Int32Array.from(ties, ([, b]) => b),
  steps: Float64Array.from(ties, ([, , n]) => n),
  counted: new Uint8Array(ties.length).fill(1),
});

describe('countTies', () => {
  it('knows the distance of every two nodes of a component', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 30 }),
        fc.array(fc.tuple(fc.nat(29), fc.nat(29)), { maxLength: 40 }),
        (clock, pairs) => {
          const ties = pairs.flatMap(([a, b]): [number, number, number][] => {
            const [i, j] = [a % clock.length, b % clock.length];
            return i === j ? [] : [[i, j, clock[j] - clock[i]]];
          });
          const { component, offset, disagreeing, components, cycles } = countTies(clock.length, [counts(ties)]);
          expect(disagreeing).toBe(0);
          expect(components).toBe(clock.length - ties.length + cycles);
          for (const [i, j, n] of ties) {
            expect(component[i]).toBe(component[j]);
            // Adding 0 turns -0, which toBe tells from 0, into 0.
            expect(offset[j] - offset[i] + 0).toBe(n);
          }
        },
      ),
    );
  });

  it('counts the cycles that contradict themselves, and keeps what came first', () => {
    const ties = countTies(3, [
      counts([
        [0, 1, 5],
        [1, 2, 5],
        [0, 2, 11],
      ]),
    ]);
    expect([ties.cycles, ties.disagreeing]).toEqual([1, 1]);
    expect(Array.from(ties.offset)).toEqual([0, 5, 10]);
  });
});

/** A chain of components 0, 1, 2, ... in the order of time. */
const chain = (edges: number): OffsetGraph => ({
  components: edges + 1,
  edges,
  segment: Int32Array.from({ length: edges }, (_, e) => e),
  from: Int32Array.from({ length: edges }, (_, e) => e),
  to: Int32Array.from({ length: edges }, (_, e) => e + 1),
  gap: new Float64Array(edges),
  start: Int32Array.from({ length: edges + 2 }, (_, c) => Math.max(0, Math.min(2 * c - 1, 2 * edges))),
  incident: Int32Array.from({ length: 2 * edges }, (_, q) => q >> 1),
});

describe('clocks on a chain', () => {
  const expected = Float64Array.of(3.1, 4.9, 2.05, 7.02);
  const weight = new Float64Array(4).fill(100);
  const spans = (x: Float64Array): number[] => Array.from(expected, (_, e) => x[e + 1] - x[e]);

  it('least squares meets every expectation, as nothing contradicts it', () => {
    const x = new Float64Array(5);
    leastCorrection(chain(4), expected, weight, x, 1e-12, 100);
    expect(spans(x)).toAgree(expected, 1e-9);
  });

  it('following the clock meets them too', () => {
    const x = new Float64Array(5);
    trackClock(chain(4), expected, weight, x);
    expect(spans(x)).toAgree(expected, 1e-12);
  });

  it('rounding does not let fractions add up', () => {
    const x = new Float64Array(5);
    trackClock(chain(4), expected, weight, x);
    const whole = new Float64Array(5);
    const { unsure, settled } = wholeSteps(chain(4), x, expected, weight, whole);
    expect(spans(whole)).toEqual([3, 5, 2, 7]);
    expect([unsure, settled]).toEqual([0, true]);
  });

  it('what noise leaves open stays real', () => {
    const x = new Float64Array(5);
    trackClock(chain(4), expected, weight, x);
    const whole = new Float64Array(5);
    expect(wholeSteps(chain(4), x, expected, new Float64Array(4).fill(1), whole).unsure).toBe(5);
    expect(spans(whole)).toAgree(expected, 0.02);
  });
});

const rowsOf = (
  list: readonly (readonly [number, number, number])[],
  beta: readonly [number, number, number],
): ClusterRows => ({
  length: list.length,
  seconds: Float64Array.from(list, ([k, p, n]) => beta[0] * k + beta[1] * p + beta[2] * k * n),
  steps: Float64Array.from(list, ([k]) => k),
  prefillTokens: Float64Array.from(list, ([, p]) => p),
  decodeTokens: Float64Array.from(list, ([k, , n]) => k * n),
  contextTokens: new Float64Array(list.length),
});

describe('regression on clusters', () => {
  const beta = [6e-3, 2e-5, 1.2e-4] as const;
  const list = Array.from({ length: 60 }, (_, i): [number, number, number] => [
    1 + (i % 7),
    i % 3 === 0 ? 100 + 37 * i : 0,
    (i * 5) % 17,
  ]);

  it('leaves out rows that do not belong', () => {
    const rows = rowsOf(list, beta);
    for (let i = 0; i < 6; i++) rows.seconds[10 * i] = rows.seconds[10 * i] + 0.02 * (1 + (i % 3));
    const weights = new Float64Array(rows.length).fill(1);
    expect(robustFit(rows, 3, weights).beta.slice(0, 3)).toAgree(beta, 1e-6);
    expect(Math.abs(fitRows(rows, 3, weights)[0] / beta[0] - 1)).toBeGreaterThan(0.05);
  });

  it('blocks are contiguous, whole and of about equal step counts', () => {
    const rows = rowsOf(list, beta);
    const blocks = rowBlocks(rows, 10);
    expect(blocks).toHaveLength(10);
    expect(blocks.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i))).toEqual(
      list.map((_, i) => i),
    );
    const steps = blocks.map(([from, to]) => rows.steps.slice(from, to).reduce((sum, k) => sum + k, 0));
    expect(Math.max(...steps) - Math.min(...steps)).toBeLessThanOrEqual(14);
  });
});
