import { roundingOf } from '@stepclock/overlap-pressure';

/**
 * Sum of a column, exact to a rounding or two however long it is: Neumaier's compensated sum (1974,
 * doi:10.1002/zamm.19740540106).
 */
export const compensatedSum = (values: Float64Array): number => {
  let sum = 0;
  let lost = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    const next = sum + value;
    lost += roundingOf(sum, value, next);
    sum = next;
  }
  return sum + lost;
};
