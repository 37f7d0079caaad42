/** A number with `digits` significant digits, without exponent where it reads better: 0.00601, 41.2, 6012. */
export const significantText = (x: number, digits = 5): string => {
  if (x === 0) return '0';
  const magnitude = Math.floor(Math.log10(Math.abs(x)));
  if (magnitude < -6 || magnitude > 9) return x.toExponential(digits - 1);
  return x.toFixed(Math.min(20, Math.max(0, digits - 1 - magnitude)));
};

/** Thousands apart: 1 234 567. */
export const groupedText = (x: number): string => String(Math.round(x)).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');

/** Seconds in the unit that reads best. */
export const durationText = (sec: number): string => {
  const size = Math.abs(sec);
  if (size >= 120) return `${significantText(sec / 60, 4)} min`;
  if (size >= 1 || size === 0) return `${significantText(sec, 4)} s`;
  if (size >= 1e-3) return `${significantText(sec * 1e3, 4)} ms`;
  if (size >= 1e-6) return `${significantText(sec * 1e6, 4)} us`;
  return `${significantText(sec * 1e9, 4)} ns`;
};

export const percentText = (share: number, digits = 2): string =>
  // A zero has no sign, whichever side it was rounded from.
  `${(100 * share).toFixed(digits).replace(/^-(?=0(?:\.0+)?$)/, '')} %`;
