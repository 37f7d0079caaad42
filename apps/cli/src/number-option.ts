import { decimalNumber } from '@stepclock/trace-io';
import type { Options } from 'yargs';
import { UsageError } from './errors.js';

interface NumberRule {
  /** What a right value is, in words: `a positive integer`. */
  readonly must: string;
  readonly accepts: (x: number) => boolean;
}

const once = (name: string, value: unknown): string => {
  if (Array.isArray(value)) throw new UsageError(`--${name}: may be given once; got ${value.length} values`);
  return String(value);
};

/** An option that takes one number and says what a right one would be. No default: undefined means not given. */
export const numberOption = (name: string, describe: string, rule: NumberRule) =>
  ({
    type: 'string',
    requiresArg: true,
    describe,
    coerce: (value: unknown): number | undefined => {
      if (value === undefined) return undefined;
      const text = once(name, value).trim();
      const x = decimalNumber(text);
      if (!(Number.isFinite(x) && rule.accepts(x))) {
        throw new UsageError(`--${name}: must be ${rule.must}; got '${text}'`);
      }
      return x;
    },
  }) as const satisfies Options;

/** A rule with a largest value, so that what is computed from it stays finite and ends. */
export const atMost = (limit: number, { must, accepts }: NumberRule): NumberRule => ({
  must: `${must}, at most ${scientific(limit)}`,
  accepts: (x) => accepts(x) && x <= limit,
});

/** 1e9 for 1000000000, and small numbers as they are. */
const scientific = (x: number): string => (x < 1e5 ? String(x) : x.toExponential().replace('e+', 'e'));

/** More than any engine has of anything: tokens of a step, requests at once, tokens of a cache. */
const LARGEST_COUNT = 1e9;

export const positiveIntegerUpTo = (limit: number): NumberRule =>
  atMost(limit, { must: 'a positive integer', accepts: (x) => Number.isSafeInteger(x) && x > 0 });
export const positiveInteger = positiveIntegerUpTo(LARGEST_COUNT);
export const wholeNumber: NumberRule = { must: 'a whole number', accepts: (x) => Number.isSafeInteger(x) && x >= 0 };
export const positive: NumberRule = { must: 'a positive number', accepts: (x) => x > 0 };
export const notNegative: NumberRule = { must: 'a number >= 0', accepts: (x) => x >= 0 };
/** Counts that may be means, and so have a fraction. */
export const count: NumberRule = atMost(LARGEST_COUNT, notNegative);
export const positiveCount: NumberRule = atMost(LARGEST_COUNT, positive);
/** Open at zero, closed at one. */
export const fraction: NumberRule = { must: 'a number above 0 and at most 1', accepts: (x) => x > 0 && x <= 1 };
/** Open at both ends. */
export const properFraction: NumberRule = { must: 'a number between 0 and 1', accepts: (x) => x > 0 && x < 1 };
export const integer: NumberRule = { must: 'an integer', accepts: (x) => Number.isSafeInteger(x) };

/** An option that takes one text, once. */
export const textOption = (name: string, describe: string) =>
  ({
    type: 'string',
    requiresArg: true,
    describe,
    coerce: (value: unknown): string | undefined => (value === undefined ? undefined : once(name, value)),
  }) as const satisfies Options;
