/** What a number of an option may be. */
export interface NumberRule {
  /** What a right value is, in words: `a positive integer`. */
  readonly must: string;
  readonly accepts: (x: number) => boolean;
}

/** 1e9 for 1000000000, and small numbers as they are. */
const scientific = (x: number): string => (x >= 1e5 || x < 1e-3 ? x.toExponential().replace('e+', 'e') : String(x));

/** A rule with a largest value, so that what is computed from it stays finite and ends. */
export const atMost = (limit: number, { must, accepts }: NumberRule): NumberRule => ({
  must: `${must}, at most ${scientific(limit)}`,
  accepts: (x) => accepts(x) && x <= limit,
});

export const between = (low: number, high: number): NumberRule => ({
  must: `a number from ${scientific(low)} to ${scientific(high)}`,
  accepts: (x) => x >= low && x <= high,
});

/** More than any engine has of anything: tokens of a step, requests at once, tokens of a cache. */
const LARGEST_COUNT = 1e9;

export const positiveIntegerUpTo = (limit: number): NumberRule =>
  atMost(limit, { must: 'a positive integer', accepts: (x) => Number.isSafeInteger(x) && x > 0 });
export const positiveInteger = positiveIntegerUpTo(LARGEST_COUNT);
export const wholeNumber: NumberRule = { must: 'a whole number', accepts: (x) => Number.isSafeInteger(x) && x >= 0 };
export const integer: NumberRule = { must: 'an integer', accepts: (x) => Number.isSafeInteger(x) };
export const positive: NumberRule = { must: 'a positive number', accepts: (x) => x > 0 };
export const notNegative: NumberRule = { must: 'a number >= 0', accepts: (x) => x >= 0 };
/** Counts that may be means, and so have a fraction. */
export const count = atMost(LARGEST_COUNT, notNegative);
export const positiveCount = atMost(LARGEST_COUNT, positive);
/** Open at zero, closed at one. */
export const fraction: NumberRule = { must: 'a number above 0 and at most 1', accepts: (x) => x > 0 && x <= 1 };
/** Open at both ends. */
export const properFraction: NumberRule = { must: 'a number between 0 and 1', accepts: (x) => x > 0 && x < 1 };
