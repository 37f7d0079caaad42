const DIGIT_0 = 0x30;
const POINT = 0x2e;

/**
 * The number that a cell, a field or an argument spells in decimal notation, blanks around it allowed; NaN for anything else, of which `Number` alone would
 * take '' and ' ' for 0, and '0x10' for 16. Digits beyond a double's range give an infinity: ask `Number.isFinite`. Time is linear in the text.
 *
 * @example
 * decimalNumber(' 2.5e3'); // => 2500
 * decimalNumber(''); // => NaN
 */
export function decimalNumber(text: string): number {
  const trimmed = text.trim();
  return isDecimal(trimmed) ? Number(trimmed) : Number.NaN;
}

/** `[+-] digits [. digits] [e [+-] digits]`, where the digits may stand on either side of the point. */
function isDecimal(text: string): boolean {
  let at = afterSign(text, 0);
  const whole = afterDigits(text, at);
  let digits = whole - at;
  at = whole;
  if (text.charCodeAt(at) === POINT) {
    const end = afterDigits(text, at + 1);
    digits += end - at - 1;
    at = end;
  }
  if (digits === 0) return false;
  if ((text.charCodeAt(at) | 0x20) === 0x65) {
    const from = afterSign(text, at + 1);
    at = afterDigits(text, from);
    if (at === from) return false;
  }
  return at === text.length;
}

function afterSign(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code === 0x2b || code === 0x2d ? at + 1 : at;
}

function afterDigits(text: string, from: number): number {
  let at = from;
  for (let code = text.charCodeAt(at); code >= DIGIT_0 && code <= DIGIT_0 + 9; code = text.charCodeAt(at)) at++;
  return at;
}
