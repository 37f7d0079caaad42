/**
 * What rounding took off `sum`, the double nearest to `a + b`: `sum + roundingOf(a, b, sum)` is `a + b` exactly. Added up beside a
 * running sum it makes a compensated one (Neumaier 1974, doi:10.1002/zamm.19740540106).
 *
 * Knuth, The Art of Computer Programming 2, 4.2.2, theorem B.
 */
export const roundingOf = (a: number, b: number, sum: number): number => {
  const asAdded = sum - a;
  return a - (sum - asAdded) + (b - asAdded);
};
