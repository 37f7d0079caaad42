/** The largest power of two not above `largest`, inside the range whose inverse is a normal number; 2^-1000 for 0. */
export const powerOfTwoBelow = (largest: number): number =>
  2 ** Math.max(-1000, Math.min(1000, Math.floor(Math.log2(largest))));

const largestMagnitude = (values: Float64Array): number => {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]));
  return largest;
};

/** `sqrt(sum v^2)` without overflow or underflow on the way; NaN when a value is NaN. */
export const euclideanNorm = (values: Float64Array): number => {
  const largest = largestMagnitude(values);
  if (!Number.isFinite(largest)) return largest;
  const scale = powerOfTwoBelow(largest);
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const v = values[i] / scale;
    sum += v * v;
  }
  return scale * Math.sqrt(sum);
};
