/** 10^0 to 10^22: the powers of ten that a double holds exactly. */
const POWER_OF_TEN = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
const LEADING_DIGITS = 15;
const MOST_DIGITS = 22;
const DEKKER = 134217729;
/** Bound on the relative error of the computed remainder, generous by a factor of four. */
const REMAINDER_ERROR = 2 ** -50;

/**
 * Reads decimal numbers straight from ASCII bytes, bit for bit as `Number(text)` does, without making the text.
 *
 * Up to 15 digits are one exact double divided or multiplied by an exact power of ten: correctly rounded. Up to 22
 * digits are taken as the exact sum of two doubles; the quotient is corrected by its exact remainder (Dekker's
 * products), and where the correction leaves any doubt about the rounding the answer is NaN and the caller asks
 * `Number`. So a number is either right or not given.
 */
export class DecimalReader {
  /** Index of the first byte after the number, valid after `read`. */
  next = 0;

  /**
   * The number that starts at `bytes[at]`, or NaN where this reader leaves it to `Number`: no digit, an odd sign, too many
   * digits, an exponent out of reach. The caller guarantees a byte after the number (a delimiter or line end).
   */
  read(bytes: Uint8Array, at: number): number {
    let p = at;
    let b = bytes[p] as number;
    const negative = b === 0x2d;
    if (negative) b = bytes[++p] as number;
    let leading = 0;
    let trailing = 0;
    let digits = 0;
    let fractionDigits = 0;
    const first = p;
    for (let d = b - 48; d >= 0 && d <= 9; d = b - 48) {
      if (digits < LEADING_DIGITS) leading = leading * 10 + d;
      else trailing = trailing * 10 + d;
      if (leading > 0) digits++;
      b = bytes[++p] as number;
    }
    let seen = p - first;
    if (b === 0x2e) {
      const point = p;
      b = bytes[++p] as number;
      for (let d = b - 48; d >= 0 && d <= 9; d = b - 48) {
        if (digits < LEADING_DIGITS) leading = leading * 10 + d;
        else trailing = trailing * 10 + d;
        if (leading > 0) digits++;
        b = bytes[++p] as number;
      }
      fractionDigits = p - point - 1;
      seen += fractionDigits;
    }
    if (seen === 0 || digits > MOST_DIGITS) return Number.NaN;
    let exponent = -fractionDigits;
    if ((b | 0x20) === 0x65) {
      b = bytes[++p] as number;
      const down = b === 0x2d;
      if (down || b === 0x2b) b = bytes[++p] as number;
      let written = 0;
      const start = p;
      for (let d = b - 48; d >= 0 && d <= 9 && p - start < 4; d = b - 48) {
        written = written * 10 + d;
        b = bytes[++p] as number;
      }
      if (p === start) return Number.NaN;
      exponent += down ? -written : written;
    }
    this.next = p;
    const size =
      digits <= LEADING_DIGITS
        ? scaled(leading, exponent)
        : scaledPair(leading, trailing, digits - LEADING_DIGITS, exponent);
    return negative ? -size : size;
  }
}

/** `mantissa * 10^exponent`, correctly rounded, for an exact mantissa; NaN out of reach. */
function scaled(mantissa: number, exponent: number): number {
  if (exponent === 0 || mantissa === 0) return mantissa;
  if (exponent < 0) return exponent < -22 ? Number.NaN : mantissa / (POWER_OF_TEN[-exponent] as number);
  return exponent > 22 ? Number.NaN : mantissa * (POWER_OF_TEN[exponent] as number);
}

/** `(leading * 10^shift + trailing) * 10^exponent` for `-22 <= exponent <= 0`, or NaN where the rounding is in doubt. */
function scaledPair(leading: number, trailing: number, shift: number, exponent: number): number {
  if (exponent > 0 || exponent < -22) return Number.NaN;
  const factor = POWER_OF_TEN[shift] as number;
  const product = leading * factor;
  const small = trailing + productError(leading, factor, product);
  const sum = product + small;
  const rest = small - (sum - product);
  const divisor = POWER_OF_TEN[-exponent] as number;
  const quotient = sum / divisor;
  const back = quotient * divisor;
  const correction = (sum - back - productError(quotient, divisor, back) + rest) / divisor;
  const doubt = Math.abs(correction) * REMAINDER_ERROR;
  const above = quotient + (correction + doubt);
  return above === quotient + (correction - doubt) ? above : Number.NaN;
}

/** `a * b - product`, exactly (T. J. Dekker, Numerische Mathematik 18, 1971, doi:10.1007/BF01397083). */
function productError(a: number, b: number, product: number): number {
  const aScaled = DEKKER * a;
  const aHigh = aScaled - (aScaled - a);
  const aLow = a - aHigh;
  const bScaled = DEKKER * b;
  const bHigh = bScaled - (bScaled - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}
