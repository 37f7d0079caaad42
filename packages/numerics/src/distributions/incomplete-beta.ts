// Lanczos approximation of the gamma function with g = 6.0247 and 13 terms, `gamma(z) = lanczos(z) (z + g - 1/2)^(z - 1/2) e^-(z + g - 1/2)`,
// to the last digits of a double (Pugh, "An Analysis of the Lanczos Gamma Approximation", 2004). Ascending powers of z.
const G_MINUS_HALF = 5.52468004077673;
const EXP_G = Math.exp(G_MINUS_HALF);
const NUMERATOR = [
  23531376880.41076, 42919803642.6491, 35711959237.35567, 17921034426.03721, 6039542586.352028, 1439720407.3117216,
  248874557.86205417, 31426415.585400194, 2876370.6289353725, 186056.26539522348, 8071.672002365816, 210.82427775157936,
  2.5066282746310002,
];
const DENOMINATOR = [
  0, 39916800, 120543840, 150917976, 105258076, 45995730, 13339535, 2637558, 357423, 32670, 1925, 66, 1,
];

/** By powers of 1 / z, so that no power overflows. */
const lanczos = (z: number): number => {
  let above = 0;
  let below = 0;
  for (let k = 0; k < NUMERATOR.length; k++) {
    above = above / z + NUMERATOR[k];
    below = below / z + DENOMINATOR[k];
  }
  return above / below;
};

/** ln(quotient), accurate near 1 too; `offset` is the quotient less 1, without the subtraction's rounding. */
const logQuotient = (quotient: number, offset: number): number =>
  Math.abs(offset) < 0.5 ? Math.log1p(offset) : Math.log(quotient);

/** `x^a y^b / B(a, b)`, without the cancellation of three large logarithms of gamma functions. */
export const betaPowerTerms = (x: number, y: number, a: number, b: number): number => {
  const [agh, bgh, cgh] = [a + G_MINUS_HALF, b + G_MINUS_HALF, a + b + G_MINUS_HALF];
  const scale = (lanczos(a + b) / (lanczos(a) * lanczos(b))) * Math.sqrt((agh / cgh) * bgh) * EXP_G;
  const ofX = a * logQuotient((x * cgh) / agh, (x * b - y * agh) / agh);
  const ofY = b * logQuotient((y * cgh) / bgh, (y * a - x * bgh) / bgh);
  return scale * Math.exp(ofX + ofY);
};

/** Terms of the continued fraction at most; some sqrt(max(a, b)) are needed. */
const MOST_TERMS = 100_000;

/** Equation 9 of DiDonato and Morris (1992), doi:10.1145/131766.131776, which takes y itself, by the method of Lentz. */
const continuedFraction = (x: number, y: number, a: number, b: number): number => {
  const partial = (m: number): number =>
    m + (m * (b - m) * x) / (a + 2 * m - 1) + ((a + m) * (a * y - b * x + 1 + m * (1 + y))) / (a + 2 * m + 1);
  let value = (a * (a * y - b * x + 1)) / (a + 1);
  let c = value;
  let d = 0;
  for (let m = 1; m <= MOST_TERMS; m++) {
    const root = x / (a + 2 * m - 1);
    const numerator = (a + m - 1) * root * ((a + b + m - 1) * root) * m * (b - m);
    const denominator = partial(m);
    d = 1 / (denominator + numerator * d);
    c = denominator + numerator / c;
    const change = c * d;
    value *= change;
    if (Math.abs(change - 1) < Number.EPSILON) break;
  }
  return value;
};

/**
 * The regularised incomplete beta function `I_x(a, b)` (DLMF 8.17), to about thirteen digits, in its tails too.
 *
 * @param x from 0 to 1
 * @param y `1 - x`, as exactly as the caller knows it
 * @param a above 0, as b
 */
export const incompleteBeta = (x: number, y: number, a: number, b: number): number => {
  if (!(x > 0)) return x === 0 ? 0 : Number.NaN;
  if (!(y > 0)) return y === 0 ? 1 : Number.NaN;
  // The fraction converges fast on this side of the mean; the other side is its complement.
  if (x > (a + 1) / (a + b + 2)) return 1 - betaPowerTerms(y, x, b, a) / continuedFraction(y, x, b, a);
  return betaPowerTerms(x, y, a, b) / continuedFraction(x, y, a, b);
};
