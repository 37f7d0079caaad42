/** Buckets up to this size are sorted by insertion: fewer than that many moves a value, all in one cache line or two. */
const SMALL = 24;

/**
 * The order that sorts finite values ascending, in linear time: buckets of equal width (as many as values, monotone in the
 * value, so exact), insertion inside a bucket, and the same again inside a crowded bucket. Equal values stay in their order.
 *
 * @returns indices such that `values[order[0]] <= values[order[1]] <= ...`
 */
export const sortedOrder = (values: Float64Array): Uint32Array => {
  const order = new Uint32Array(values.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  // Crowded ranges wait in a list instead of on the stack: a trace with one far outlier nests once, a wild one more often.
  const ranges: [from: number, to: number][] = [[0, order.length]];
  for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
    const [from, to] = range;
    if (to - from <= SMALL) insertionSort(values, order, from, to);
    else distribute(values, order, from, to, ranges);
  }
  return order;
};

const distribute = (
  values: Float64Array,
  order: Uint32Array,
  from: number,
  to: number,
  crowded: [number, number][],
): void => {
  const count = to - from;
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (let k = from; k < to; k++) {
    const v = values[order[k]];
    if (v < lowest) lowest = v;
    if (v > highest) highest = v;
  }
  if (lowest === highest) return;
  // Halves, so that the width of [-1e308, 1e308] does not overflow. Rounding keeps the map monotone.
  const origin = lowest / 2;
  const scale = (count - 1) / (highest / 2 - origin);
  if (!(scale < Number.POSITIVE_INFINITY)) {
    // Values so close that the inverse of their distance overflows: denormal numbers, and nobody's clock.
    order.subarray(from, to).sort((a, b) => values[a] - values[b] || a - b);
    return;
  }
  const bucket = new Uint32Array(count);
  const next = new Uint32Array(count + 1);
  for (let k = 0; k < count; k++) {
    const b = ((values[order[from + k]] / 2 - origin) * scale) | 0;
    bucket[k] = b;
    next[b + 1] = next[b + 1] + 1;
  }
  for (let b = 0; b < count; b++) next[b + 1] = next[b + 1] + next[b];
  const source = order.slice(from, to);
  for (let k = 0; k < count; k++) {
    const b = bucket[k];
    const place = next[b];
    order[from + place] = source[k];
    next[b] = place + 1;
  }
  // Now next[b] is the end of bucket b, relative to `from`.
  let start = 0;
  for (let b = 0; b < count; b++) {
    const end = next[b];
    if (end - start > SMALL) crowded.push([from + start, from + end]);
    else if (end - start > 1) insertionSort(values, order, from + start, from + end);
    start = end;
  }
};

const insertionSort = (values: Float64Array, order: Uint32Array, from: number, to: number): void => {
  for (let k = from + 1; k < to; k++) {
    const index = order[k];
    const v = values[index];
    let hole = k;
    for (; hole > from; hole--) {
      const before = order[hole - 1];
      if (!(values[before] > v)) break;
      order[hole] = before;
    }
    order[hole] = index;
  }
};
