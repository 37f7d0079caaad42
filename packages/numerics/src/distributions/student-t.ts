import { betaPowerTerms, incompleteBeta } from './incomplete-beta.js';

/** Newton's method needs about ten; halving a bracket of doubles at most 1100. */
const MOST_ROUNDS = 1200;
/** Beyond, t^2 would overflow. */
const FARTHEST = 1e150;

/** `x = df / (df + t^2)` and its complement; t^2 would overflow before its quotient by df matters. */
const shares = (t: number, df: number): readonly [x: number, y: number] => {
  const squared = (t / Math.sqrt(df)) ** 2;
  return [1 / (1 + squared), squared === Number.POSITIVE_INFINITY ? 1 : squared / (1 + squared)];
};

/**
 * `P(T > t)` of Student's t; far out in the tail too, where `1 - P(T <= t)` would round to 0.
 *
 * @param df degrees of freedom, above 0
 */
export const tUpperTail = (t: number, df: number): number => {
  const outside = incompleteBeta(...shares(t, df), df / 2, 0.5) / 2;
  return t >= 0 ? outside : 1 - outside;
};

/**
 * The `p`-quantile of Student's t: `P(T <= tQuantile(p, df)) = p`. NaN unless 0 < p < 1 and df > 0, and
 * where it would lie beyond 1e150 sqrt(df).
 *
 * @example
 * tQuantile(0.975, 10) // => 2.2281388519649385
 */
export const tQuantile = (p: number, df: number): number => {
  if (!(p > 0 && p < 1 && df > 0)) return Number.NaN;
  if (p === 0.5) return 0;
  // Of the smaller tail, which 1 - p would round away.
  return p < 0.5 ? -upperQuantile(p, df) : upperQuantile(1 - p, df);
};

/** The t > 0 above which the share `tail` lies: Newton's method on the logarithms of both, held inside a bracket. */
const upperQuantile = (tail: number, df: number): number => {
  let low = 0;
  let high = 1;
  while (tUpperTail(high, df) > tail) {
    low = high;
    high *= 2;
  }
  if (high > FARTHEST * Math.sqrt(df)) return Number.NaN;
  let t = (low + high) / 2;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const here = tUpperTail(t, df);
    if (here > tail) low = t;
    else high = t;
    // d ln(tail) / d ln(t) = -t density(t) / tail, and t density(t) are the power terms.
    const slope = betaPowerTerms(...shares(t, df), df / 2, 0.5) / here;
    let next = t * Math.exp(Math.log(here / tail) / slope);
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (Math.abs(next - t) <= 2 * Number.EPSILON * t) return next;
    t = next;
  }
  return t;
};
