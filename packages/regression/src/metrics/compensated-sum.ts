/** Running sum after Neumaier: the rounding error of every addition is carried along, so a million terms lose nothing. */
export class CompensatedSum {
  private sum = 0;
  private carry = 0;

  add(value: number): void {
    const next = this.sum + value;
    this.carry += Math.abs(this.sum) >= Math.abs(value) ? this.sum - next + value : value - next + this.sum;
    this.sum = next;
  }

  get value(): number {
    return this.sum + this.carry;
  }
}

/** Mean of a column, weighted when weights are given. */
export const meanOf = (values: Float64Array, weights?: Float64Array): number => {
  const sum = new CompensatedSum();
  const total = new CompensatedSum();
  for (let i = 0; i < values.length; i++) {
    const weight = weights === undefined ? 1 : weights[i];
    sum.add(weight * values[i]);
    total.add(weight);
  }
  return sum.value / total.value;
};
