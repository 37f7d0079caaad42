const MINUS = '\u2212';

/** Digits grouped by thousands, whatever the locale. `groupThousands('1234567.25')` // => '1,234,567.25' */
const groupThousands = (plain: string): string => {
  const [whole = '', fraction] = plain.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
};

/**
 * A number for people: at most `digits` significant digits (never fewer than its whole part has), thousands grouped, a
 * real minus sign, an exponent only far outside everyday sizes.
 *
 * @example formatNumber(1234567) // => '1,234,567'
 * @example formatNumber(0.0123456) // => '0.01235'
 */
export const formatNumber = (value: number, digits = 4): string => {
  if (!Number.isFinite(value)) return 'n/a';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const sign = value < 0 ? MINUS : '';
  if (size >= 1e15 || size < 1e-6) {
    const [mantissa = '', exponent = ''] = size.toExponential(digits - 1).split('e');
    return `${sign}${mantissa.replace(/\.?0+$/, '')}e${exponent.replace('+', '').replace('-', MINUS)}`;
  }
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  const fixed = size.toFixed(Math.min(decimals, 20));
  return sign + groupThousands(fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : fixed);
};

/**
 * A fraction as percent, to a hundredth of a percent at most: beyond that it is noise to a reader.
 *
 * @example formatPercent(0.0123) // => '1.23 %'
 * @example formatPercent(0.00002) // => '< 0.01 %'
 */
export const formatPercent = (fraction: number, digits = 3): string => {
  if (!Number.isFinite(fraction)) return 'n/a';
  const hundredths = Math.round(fraction * 1e4);
  if (hundredths === 0) return fraction === 0 ? '0 %' : '< 0.01 %';
  return `${formatNumber(Math.abs(hundredths) < 100 ? hundredths / 100 : fraction * 100, digits)} %`;
};

/** A number and its unit stay on one line. */
export const unbroken = (text: string): string =>
  text.replace(/(\d) (?=(?:%|(?:[num]?s|J|W|[kM]B)(?![\p{L}])))/gu, '$1\u00a0');

/** Seconds in the unit that reads best. `formatSeconds(4.1e-5)` // => '41 us' */
export const formatSeconds = (seconds: number, digits = 4): string => {
  if (!Number.isFinite(seconds)) return 'n/a';
  const size = Math.abs(seconds);
  if (size === 0) return '0 s';
  if (size < 1e-6) return `${formatNumber(seconds * 1e9, digits)} ns`;
  if (size < 1e-3) return `${formatNumber(seconds * 1e6, digits)} us`;
  if (size < 1) return `${formatNumber(seconds * 1e3, digits)} ms`;
  return `${formatNumber(seconds, digits)} s`;
};

/** Six significant digits: all that a drawing shows, and a third of the bytes of a double in a report. */
export const drawn = (value: number): number => Number(value.toPrecision(6));
