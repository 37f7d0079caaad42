import { expect } from 'vitest';

declare module 'vitest' {
  interface Matchers<T> {
    /** `|received - expected| <= rtol |expected| + atol`; arrays element by element. Relative, since toBeCloseTo is absolute. */
    toAgree(expected: T extends number ? number : ArrayLike<number>, rtol: number, atol?: number): void;
  }
}

const offender = (got: ArrayLike<number>, want: ArrayLike<number>, rtol: number, atol: number): string | undefined => {
  if (got.length !== want.length) return `length ${got.length}, expected ${want.length}`;
  for (let i = 0; i < want.length; i++) {
    const g = got[i];
    const w = want[i];
    // Written so that NaN fails.
    if (!(Math.abs(g - w) <= rtol * Math.abs(w) + atol)) {
      return `[${i}] is ${g}, expected ${w} within ${rtol} relative and ${atol} absolute (off by ${Math.abs(g - w) / Math.abs(w)} relative)`;
    }
  }
  return undefined;
};

expect.extend({
  toAgree(received: number | ArrayLike<number>, expected: number | ArrayLike<number>, rtol: number, atol = 0) {
    const list = (v: number | ArrayLike<number>): ArrayLike<number> => (typeof v === 'number' ? [v] : v);
    const fault = offender(list(received), list(expected), rtol, atol);
    return { pass: fault === undefined, message: () => fault ?? 'values agree' };
  },
});
