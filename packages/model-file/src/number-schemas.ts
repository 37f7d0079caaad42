import * as v from 'valibot';

/** JSON reads 1e999 as Infinity: every number of a model file is asked for finiteness. */
export const finite = v.pipe(
  v.number('must be a finite number'),
  v.check((x) => Number.isFinite(x), 'must be a finite number'),
);

/** A finite number, zero or more. */
export const nonNegative = v.pipe(
  v.number('must be a number of at least 0'),
  v.check((x) => x >= 0 && x < Infinity, 'must be a number of at least 0'),
);

/** A finite number above zero. */
export const positive = v.pipe(
  v.number('must be a number above 0'),
  v.check((x) => x > 0 && x < Infinity, 'must be a number above 0'),
);

/** A whole number from 0 to 2^53 - 1. */
export const count = v.pipe(
  v.number('must be a whole number of at least 0'),
  v.check((x) => Number.isSafeInteger(x) && x >= 0, 'must be a whole number of at least 0'),
);

/** A number between two bounds, both included. */
export const between = (least: number, most: number) => {
  const rule = `must be a number from ${least} to ${most}`;
  return v.pipe(
    v.number(rule),
    v.check((x) => least <= x && x <= most, rule),
  );
};

/** A probability strictly between 0 and 1, as of a confidence level. */
export const level = v.pipe(
  v.number('must be a number between 0 and 1'),
  v.check((x) => x > 0 && x < 1, 'must be a number between 0 and 1'),
);

/** `[low, high]`, finite, in this order. */
export const orderedPair = v.pipe(
  v.tuple([finite, finite], 'must be a pair of numbers [low, high]'),
  v.check(([low, high]) => low <= high, 'must be a pair of numbers [low, high], low <= high'),
);

/** A square matrix of finite numbers, row by row. */
export const squareMatrix = v.pipe(
  v.array(v.array(finite, 'must be an array of numbers'), 'must be a square matrix, an array of rows'),
  v.check((rows) => rows.every((row) => row.length === rows.length), 'must be a square matrix'),
);

/** A text of at most `most` characters. */
export const text = (most = 10_000) =>
  v.pipe(v.string('must be a text'), v.maxLength(most, `must be a text of at most ${most} characters`));
