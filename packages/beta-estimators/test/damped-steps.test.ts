import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DampedSteps } from '../src/step-clock/fit/damped-steps.js';

const low = Float64Array.of(1, 1, 1, 1);
const high = Float64Array.of(3, 2, 5, 2);

describe('DampedSteps', () => {
  it('goes the whole way while steps go on', () => {
    const damping = new DampedSteps(1.5);
    for (const target of [2, 3, 4]) {
      const to = new Float64Array(4).fill(target);
      expect(damping.step(new Float64Array(4).fill(target - 1), to)).toEqual(to);
    }
    expect([damping.pace, damping.turnsAtSlowest]).toEqual([1, 0]);
  });

  it('halves its step at every turn, down to a sixteenth, and counts the turns from there', () => {
    const damping = new DampedSteps(1.5);
    const paces: number[] = [];
    for (let m = 0; m < 8; m++) {
      m % 2 === 0 ? damping.step(low, high) : damping.step(high, low);
      paces.push(damping.pace);
    }
    expect(paces).toEqual([1, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 16, 1 / 16, 1 / 16]);
    expect(damping.turnsAtSlowest).toBe(3);
  });

  it('grows again by its factor, at most to the whole way', () => {
    const damping = new DampedSteps(1.5);
    damping.step(low, high);
    damping.step(high, low);
    expect([...damping.step(high, low)]).toEqual([1.5, 1.25, 2, 1.25]);
    expect(damping.pace).toBe(0.75);
    damping.step(high, low);
    expect(damping.pace).toBe(1);
  });

  it('a step ends between where it starts and where it points, in every coefficient', () => {
    const beta = fc.tuple(
      ...([0, 1, 2, 3].map(() => fc.double({ min: 0, max: 1, noNaN: true })) as [
        fc.Arbitrary<number>,
        fc.Arbitrary<number>,
        fc.Arbitrary<number>,
        fc.Arbitrary<number>,
      ]),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(beta, beta), { minLength: 1, maxLength: 12 }), (steps) => {
        const damping = new DampedSteps(1.2);
        for (const [from, to] of steps) {
          for (const [j, b] of damping.step(Float64Array.from(from), Float64Array.from(to)).entries()) {
            const [a = 0, c = 0] = [from[j], to[j]];
            expect(b).toBeGreaterThanOrEqual(Math.min(a, c) - 1e-15);
            expect(b).toBeLessThanOrEqual(Math.max(a, c) + 1e-15);
          }
        }
      }),
    );
  });
});
