const DECIMAL = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i;

/**
 * The number that a cell or an argument spells in decimal notation, blanks around it allowed; NaN for anything else, of which `Number` alone would
 * take '' and ' ' for 0, and '0x10' for 16. Digits beyond a double's range give an infinity: ask `Number.isFinite`.
 *
 * @example
 * decimalNumber(' 2.5e3'); // => 2500
 * decimalNumber(''); // => NaN
 */
export const decimalNumber = (text: string): number => (DECIMAL.test(text) ? Number(text) : Number.NaN);
