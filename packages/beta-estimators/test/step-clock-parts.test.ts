import '@stepclock/vitest-matchers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countTies } from '../src/step-clock/clock/count-ties.js';
import { leastCorrection } from '../src/step-clock/clock/least-correction.js';
import type { OffsetGraph } from '../src/step-clock/clock/offset-graph.js';
import { trackClock } from '../src/step-clock/clock/track-clock.js';
import { wholeSteps } from '../src/step-clock/clock/whole-steps.js';

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
