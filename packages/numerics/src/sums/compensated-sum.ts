/**
 * What rounding took off `sum`, the double nearest to `a + b`: `sum + roundingOf(a, b, sum)` is `a + b` exactly. Added up beside a running
 * sum it makes a compensated one (Neumaier 1974, doi:10.1002/zamm.19740540106). Without a branch, for hot loops.
 *
 * Knuth, The Art of Computer Programming 2, 4.2.2, theorem B.
 */
export const roundingOf = (a: number, b: number, sum: number): number => {
  const asAdded = sum - a;
  return a - (sum - asAdded) + (b - asAdded);
};

/** Running sum after Neumaier: the rounding error of every addition is carried along, so a million terms lose nothing. */
export class CompensatedSum {
  private sum = 0;
  private carry = 0;

  add(value: number): void {
    const next = this.sum + value;
    this.carry += roundingOf(this.sum, value, next);
    this.sum = next;
  }

  get value(): number {
    return this.sum + this.carry;
  }
}

/** Sum of a column, exact to a rounding or two however long it is. */
export const compensatedSum = (values: ArrayLike<number>): number => {
  let sum = 0;
  let carry = 0;
  for (let i = 0; i < values.length; i++) {
    const next = sum + values[i];
    carry += roundingOf(sum, values[i], next);
    sum = next;
  }
  return sum + carry;
};

/** Mean of a column, weighted when weights are given; NaN for an empty one. */
export const meanOf = (values: ArrayLike<number>, weights?: ArrayLike<number>): number => {
  if (weights === undefined) return compensatedSum(values) / values.length;
  const sum = new CompensatedSum();
  const total = new CompensatedSum();
  for (let i = 0; i < values.length; i++) {
    sum.add(weights[i] * values[i]);
    total.add(weights[i]);
  }
  return sum.value / total.value;
};
