import { incompleteBeta } from './incomplete-beta.js';

/**
 * `P(F > f)` of Fisher's F; far out in the tail too, where `1 - P(F <= f)` would round to 0. 1 for f at or below 0.
 *
 * @param df1 degrees of freedom of the numerator, above 0
 * @param df2 degrees of freedom of the denominator, above 0
 */
export const fUpperTail = (f: number, df1: number, df2: number): number => {
  if (f <= 0) return 1;
  const ratio = (df1 / df2) * f;
  return incompleteBeta(
    1 / (1 + ratio),
    ratio === Number.POSITIVE_INFINITY ? 1 : ratio / (1 + ratio),
    df2 / 2,
    df1 / 2,
  );
};
