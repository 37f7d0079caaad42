/**
 * The `p`-quantile of values in ascending order, with linear interpolation between order statistics (type 7 of Hyndman and Fan).
 *
 * @param sorted not empty
 * @param p from 0 to 1
 */
export const quantileSorted = (sorted: Float64Array, p: number): number => {
  const position = (sorted.length - 1) * p;
  const below = Math.floor(position);
  const low = sorted[below];
  const high = sorted[Math.min(below + 1, sorted.length - 1)];
  return low + (high - low) * (position - below);
};

/** The median of values in any order. */
export const medianOf = (values: Float64Array): number => quantileSorted(values.slice().sort(), 0.5);
