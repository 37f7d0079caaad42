import { describe, expect, it } from 'vitest';
import { sortedOrder } from '../src/sorted-order.js';

describe('sortedOrder', () => {
  // A number of moves that grows with the square of the rows would take minutes here.
  it.each([
    ['from the last to the first', (i: number, n: number) => n - i],
    ['all but one within a millionth of the span', (i: number, n: number) => (i === 0 ? 1e13 : n - i)],
  ])('takes a million values, %s', (_, value) => {
    const n = 2 ** 20;
    const column = Float64Array.from({ length: n }, (_, i) => value(i, n));
    const order = sortedOrder(column);
    let descents = 0;
    for (let k = 1; k < n; k++) {
      if (!((column[order[k - 1] as number] as number) < (column[order[k] as number] as number))) descents++;
    }
    expect(descents).toBe(0);
  });
});
