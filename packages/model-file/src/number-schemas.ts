import * as v from 'valibot';

/** JSON reads 1e999 as Infinity: every number of a model file is asked for finiteness. */
const finiteSaying = (rule: string) => v.pipe(v.number(rule), v.finite(rule));

const FINITE = 'must be a finite number';
export const finite = finiteSaying(FINITE);

const NON_NEGATIVE = 'must be a number of at least 0';
/** A finite number, zero or more. */
export const nonNegative = v.pipe(finiteSaying(NON_NEGATIVE), v.minValue(0, NON_NEGATIVE));

const POSITIVE = 'must be a number above 0';
/** A finite number above zero. */
export const positive = v.pipe(finiteSaying(POSITIVE), v.gtValue(0, POSITIVE));

const COUNT = 'must be a whole number of at least 0';
/** A whole number from 0 to 2^53 - 1. */
export const count = v.pipe(
  v.number(COUNT),
  v.integer(COUNT),
  v.minValue(0, COUNT),
  v.maxValue(Number.MAX_SAFE_INTEGER, COUNT),
);

/** A number between two bounds, both included. */
export const between = (least: number, most: number) => {
  const rule = `must be a number from ${least} to ${most}`;
  return v.pipe(v.number(rule), v.minValue(least, rule), v.maxValue(most, rule));
};

const LEVEL = 'must be a number between 0 and 1';
/** A probability strictly between 0 and 1, as of a confidence level. */
export const level = v.pipe(v.number(LEVEL), v.gtValue(0, LEVEL), v.ltValue(1, LEVEL));

const ordered = (least: number, most: number) => {
  const end = Number.isFinite(most) ? between(least, most) : finite;
  const range = Number.isFinite(most) ? ` from ${least} to ${most}` : '';
  return v.pipe(
    v.strictTuple([end, end], `must be a pair of numbers [low, high]${range}`),
    v.check(([low, high]) => low <= high, 'must be a pair of numbers [low, high], low <= high'),
  );
};

/** `[low, high]`, finite, in this order. */
export const orderedPair = ordered(-Infinity, Infinity);

/** `[low, high]`, in this order, both ends between two bounds. */
export const orderedPairWithin = (least: number, most: number) => ordered(least, most);

/** A square matrix of finite numbers, row by row. */
export const squareMatrix = v.pipe(
  v.array(v.array(finite, 'must be an array of numbers'), 'must be a square matrix, an array of rows'),
  v.check((rows) => rows.every((row) => row.length === rows.length), 'must be a square matrix'),
);

/** A text of at most `most` characters. */
export const text = (most = 10_000) =>
  v.pipe(v.string('must be a text'), v.maxLength(most, `must be a text of at most ${most} characters`));
