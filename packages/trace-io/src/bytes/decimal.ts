/** 10^0 to 10^22: the powers of ten that a double holds exactly. */
const POWER_OF_TEN = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
const LIMB_DIGITS = 9;
const EXACT_DIGITS = 15;
const DEKKER = 134217729;
/** Bound on the relative error of the computed remainder, generous by a factor of four. */
const REMAINDER_ERROR = 2 ** -50;

/**
 * Reads decimal numbers straight from ASCII bytes, bit for bit as `Number(text)` does, without making the text.
 *
 * Up to 18 digits are held as two integers of nine. Up to 15 digits they make one exact double, divided or multiplied by
 * an exact power of ten: correctly rounded. Beyond that they make an exact sum of two doubles, whose quotient is corrected
 * by its exact remainder (Dekker's product); where the correction leaves any doubt about the rounding the answer is NaN
 * and the caller asks `Number`. So a number is either right or not given.
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
    let byte = bytes[p];
    const negative = byte === 0x2d;
    if (negative) byte = bytes[++p];
    let high = 0;
    let low = 0;
    let digits = 0;
    const first = p;
    for (; byte >= 0x30 && byte <= 0x39; byte = bytes[++p]) {
      if (digits < LIMB_DIGITS) {
        high = (Math.imul(high, 10) + byte - 0x30) | 0;
        if (high !== 0) digits++;
      } else {
        low = (Math.imul(low, 10) + byte - 0x30) | 0;
        digits++;
      }
    }
    let seen = p - first;
    let exponent = 0;
    if (byte === 0x2e) {
      const point = p;
      byte = bytes[++p];
      for (; byte >= 0x30 && byte <= 0x39; byte = bytes[++p]) {
        if (digits < LIMB_DIGITS) {
          high = (Math.imul(high, 10) + byte - 0x30) | 0;
          if (high !== 0) digits++;
        } else {
          low = (Math.imul(low, 10) + byte - 0x30) | 0;
          digits++;
        }
      }
      exponent = point + 1 - p;
      seen -= exponent;
    }
    if (seen === 0 || digits > 2 * LIMB_DIGITS) return Number.NaN;
    if ((byte | 0x20) === 0x65) {
      const written = this.#exponent(bytes, p + 1);
      if (Number.isNaN(written)) return Number.NaN;
      exponent += written;
      p = this.next;
    }
    this.next = p;
    const lowDigits = digits > LIMB_DIGITS ? digits - LIMB_DIGITS : 0;
    // At most 30 bits times 5^9 (21 bits): exact.
    const shifted = high * POWER_OF_TEN[lowDigits];
    const size = digits <= EXACT_DIGITS ? scaled(shifted + low, exponent) : scaledPair(shifted, low, exponent);
    return negative ? -size : size;
  }

  #exponent(bytes: Uint8Array, at: number): number {
    let p = at;
    let byte = bytes[p];
    const negative = byte === 0x2d;
    if (negative || byte === 0x2b) byte = bytes[++p];
    const first = p;
    let written = 0;
    for (; byte >= 0x30 && byte <= 0x39; byte = bytes[++p]) {
      if (p - first === 4) return Number.NaN;
      written = written * 10 + byte - 0x30;
    }
    this.next = p;
    if (p === first) return Number.NaN;
    return negative ? -written : written;
  }
}

/** `mantissa * 10^exponent`, correctly rounded, for an exact mantissa; NaN out of reach. */
function scaled(mantissa: number, exponent: number): number {
  if (exponent === 0 || mantissa === 0) return mantissa;
  if (exponent < 0) return exponent < -22 ? Number.NaN : mantissa / POWER_OF_TEN[-exponent];
  return exponent > 22 ? Number.NaN : mantissa * POWER_OF_TEN[exponent];
}

/** `(shifted + low) * 10^exponent` for `-22 <= exponent <= 0`, correctly rounded, or NaN where the rounding is in doubt. */
function scaledPair(shifted: number, low: number, exponent: number): number {
  if (exponent > 0 || exponent < -22) return Number.NaN;
  const sum = shifted + low;
  const rest = low - (sum - shifted);
  const divisor = POWER_OF_TEN[-exponent];
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
