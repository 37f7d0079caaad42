/** Copy as doubles; `Float64Array.from` walks an iterator, which a million rows feel. */
const doubles = (values: ArrayLike<number>): Float64Array =>
  values instanceof Float64Array ? values.slice() : new Float64Array(values);

/** Sorted copy, ascending. */
export const sortedCopy = (values: ArrayLike<number>): Float64Array => doubles(values).sort();

/**
 * The `p`-quantile of values in ascending order, with linear interpolation between order statistics (type 7 of Hyndman and Fan 1996).
 *
 * @param ascending not empty
 * @param p from 0 to 1
 */
export const quantileSorted = (ascending: ArrayLike<number>, p: number): number => {
  const position = (ascending.length - 1) * p;
  const below = Math.floor(position);
  const low = ascending[below];
  if (below + 1 >= ascending.length) return low;
  return low + (ascending[below + 1] - low) * (position - below);
};

/** The value of a rank, from 0; moves it to its place, smaller ones before it, larger ones behind it (quickselect, middle of three). */
export const selectRank = (values: Float64Array, rank: number): number => {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const a = values[low];
    const b = values[(low + high) >> 1];
    const c = values[high];
    const pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const held = values[i];
      values[i++] = values[j];
      values[j--] = held;
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else break;
  }
  return values[rank];
};

/** As {@link quantileSorted} of values in any order, in linear time; reorders `values`. NaN for none. */
export const selectQuantile = (values: Float64Array, p: number): number => {
  if (values.length === 0) return Number.NaN;
  const position = (values.length - 1) * p;
  const below = Math.floor(position);
  const low = selectRank(values, below);
  if (below + 1 >= values.length) return low;
  return low + (selectRank(values, below + 1) - low) * (position - below);
};

/** The `p`-quantile of values in any order; they stay as they are. NaN for none. */
export const quantileOf = (values: ArrayLike<number>, p: number): number => selectQuantile(doubles(values), p);

/** The median of values in any order; NaN for none. */
export const medianOf = (values: ArrayLike<number>): number => quantileOf(values, 0.5);

/** 1 / (third quartile of the standard normal): a median absolute deviation times this estimates a standard deviation. */
export const MAD_TO_SD = 1.482602218505602;

/** Robust standard deviation: 1.4826 times the median absolute deviation from `centre` (the median by default). */
export const robustSd = (values: ArrayLike<number>, centre = medianOf(values)): number => {
  const off = doubles(values);
  for (let i = 0; i < off.length; i++) off[i] = Math.abs(off[i] - centre);
  return MAD_TO_SD * selectQuantile(off, 0.5);
};
