import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import type { KnobColumn, KnobTable } from '../src/data/stage-table.js';
import { constantKnobs, designWarnings, rangeWarnings, refuseMovedConstants } from '../src/estimator/design-check.js';
import { DERIVED_NAMES, learnEncoding, rawFeatures, scaledFeatures } from '../src/estimator/feature-encoding.js';
import { errorFigures } from '../src/index.js';
import { faultWith } from './fault.js';

const numeric = (name: string, ...values: number[]): KnobColumn => ({
  kind: 'numeric',
  name,
  values: Float64Array.from(values),
});

/** Levels in alphabetical order unless told. */
const category = (name: string, texts: readonly string[], levels = [...new Set(texts)].sort()): KnobColumn => ({
  kind: 'category',
  name,
  levels,
  values: Float64Array.from(texts, (text) => levels.indexOf(text)),
});

const tableOf = (...knobs: KnobColumn[]): KnobTable => {
  const length = knobs[0]?.values.length ?? 0;
  return {
    length,
    knobs,
    decodeSteps: new Float64Array(length),
    origin: {
      files: new Array<string>(length).fill('knobs.csv'),
      lines: Uint32Array.from({ length }, (_, i) => i + 2),
    },
  };
};

const faultOf = faultWith('message', 'file', 'line', 'column', 'value');

const messagesOf = (table: KnobTable): string[] =>
  designWarnings(table).map(({ code, message }) => `${code}: ${message}`);

describe('learnEncoding', () => {
  it('takes logarithms of what is above 0, of one more of what is 0 and above, and the values of the rest', () => {
    const { knobs } = learnEncoding(
      tableOf(
        numeric('a', 1, Math.E ** 2),
        numeric('b', 0, Math.E - 1),
        numeric('c', -1, 5),
        category('d', ['y', 'x']),
      ),
    );
    expect(knobs).toEqual([
      { kind: 'numeric', name: 'a', scale: 'log', mean: 1, sd: 1, min: 1, max: Math.E ** 2 },
      { kind: 'numeric', name: 'b', scale: 'log1p', mean: 0.5, sd: 0.5, min: 0, max: Math.E - 1 },
      { kind: 'numeric', name: 'c', scale: 'linear', mean: 2, sd: 3, min: -1, max: 5 },
      { kind: 'category', name: 'd', levels: ['x', 'y'] },
    ]);
  });

  it('leaves out what does not move, and refuses when nothing is left', () => {
    const still = [numeric('a', 3, 3, 3), category('b', ['x', 'x', 'x'])];
    expect(learnEncoding(tableOf(...still, numeric('c', 1, 1, 2))).knobs.map(({ name }) => name)).toEqual(['c']);
    expect(faultOf(() => learnEncoding(tableOf(...still)))).toEqual({
      code: 'stage/no-features',
      message: 'features: must have at least one knob that varies (a, b)',
    });
  });

  it('divides by 1 where the square of a movement is below what a double holds', () => {
    expect(learnEncoding(tableOf(numeric('a', -1e-200, 1e-200))).knobs).toMatchObject([{ mean: 0, sd: 1 }]);
  });

  it('adds the tokens of the context, and the same in whole tiles of 256', () => {
    const table = tableOf(numeric('prompt_tokens', 16, 56, 100), numeric('vision_tokens', 100, 200, 500));
    expect([...DERIVED_NAMES]).toEqual(['context_tokens', 'context_tiles']);
    const encoding = learnEncoding(table);
    const raw = rawFeatures(encoding, table);
    expect(raw.names).toEqual(['prompt_tokens', 'vision_tokens', 'context_tokens', 'context_tiles']);
    expect(raw.columns.map((column) => [...column])).toEqual([
      [16, 56, 100],
      [100, 200, 500],
      [116, 256, 600],
      [256, 256, 768],
    ]);
  });

  it('adds nothing where one of the two is missing, or is no number, and no tiles where all are one', () => {
    const names = (...knobs: KnobColumn[]) => learnEncoding(tableOf(...knobs)).knobs.map(({ name }) => name);
    expect(names(numeric('vision_tokens', 100, 200))).toEqual(['vision_tokens']);
    expect(names(numeric('vision_tokens', 100, 200), category('prompt_tokens', ['few', 'many']))).toEqual([
      'vision_tokens',
      'prompt_tokens',
    ]);
    expect(names(numeric('vision_tokens', 100, 120), numeric('prompt_tokens', 1, 2))).toEqual([
      'vision_tokens',
      'prompt_tokens',
      'context_tokens',
    ]);
  });
});

describe('features', () => {
  const trained = tableOf(numeric('a', 1, Math.E ** 2), numeric('b', 0, Math.E - 1), category('d', ['x', 'y']));
  const encoding = learnEncoding(trained);

  it('are standardised logarithms, the knobs as they are, and a column for each level but the first', () => {
    const asked = tableOf(
      category('d', ['z', 'x', 'z'], ['z', 'x']),
      numeric('b', 0, Math.E ** 2 - 1, 0),
      numeric('a', 1, Math.E ** 3, Math.E),
      numeric('unused', 1, 2, 3),
    );
    const three = learnEncoding(
      tableOf(
        numeric('a', 1, Math.E ** 2, Math.E),
        numeric('b', 0, Math.E - 1, Math.sqrt(Math.E) - 1),
        category('d', ['x', 'y', 'z']),
      ),
    );
    const scaled = scaledFeatures(three, asked);
    expect(scaled.names).toEqual(['a', 'b', 'd=y', 'd=z']);
    // Logarithms 0, 2, 1 have mean 1 and standard deviation sqrt(2/3); those of b half of it.
    const sd = Math.sqrt(2 / 3);
    expect(scaled.columns[0]).toAgree([-1 / sd, 2 / sd, 0], 1e-12, 1e-12);
    expect(scaled.columns[1]).toAgree([-1 / sd, 3 / sd, -1 / sd], 1e-12, 1e-12);
    expect(scaled.columns.slice(2).map((column) => [...column])).toEqual([
      [0, 0, 0],
      [1, 0, 1],
    ]);
    const raw = rawFeatures(three, asked);
    expect(raw.names).toEqual(scaled.names);
    expect(raw.columns[0]).toEqual(asked.knobs[2]?.values);
    expect(raw.columns.slice(2)).toEqual(scaled.columns.slice(2));
  });

  it('refuse a table without a knob, or with one of another kind', () => {
    const place = { code: 'stage/other-knobs', file: 'knobs.csv', column: 'b' };
    expect(faultOf(() => rawFeatures(encoding, tableOf(numeric('a', 1), category('d', ['x']))))).toEqual({
      ...place,
      message: 'b: must be a numeric knob, as the model has it; got "a, d" (knobs.csv:b)',
      value: 'a, d',
    });
    expect(
      faultOf(() => scaledFeatures(encoding, tableOf(numeric('a', 1), category('b', ['x']), category('d', ['x'])))),
    ).toEqual({
      ...place,
      message: 'b: must be a numeric knob, as the model has it; got "category" (knobs.csv:b)',
      value: 'category',
    });
    const { origin: _, ...placeless } = tableOf(numeric('a', 1));
    expect(faultOf(() => scaledFeatures(encoding, placeless))).toMatchObject({
      message: 'b: must be a numeric knob, as the model has it; got "a" (b)',
    });
  });

  it('refuse a level that training had not, at its row', () => {
    const asked = tableOf(numeric('a', 1, 1), numeric('b', 1, 1), category('d', ['y', 'w']));
    expect(faultOf(() => scaledFeatures(encoding, asked))).toEqual({
      code: 'stage/unknown-level',
      message: 'd: must be one of x, y; got "w" (knobs.csv:3:d)',
      file: 'knobs.csv',
      line: 3,
      column: 'd',
      value: 'w',
    });
    const first = tableOf(numeric('a', 1), numeric('b', 1), category('d', ['w']));
    expect(faultOf(() => scaledFeatures(encoding, first))).toMatchObject({ code: 'stage/unknown-level', line: 2 });
    // Levels that no row has are no matter.
    const spare = tableOf(numeric('a', 1), numeric('b', 1), category('d', ['y'], ['w', 'y']));
    expect(scaledFeatures(encoding, spare).columns[2]).toEqual(Float64Array.of(1));
  });

  it('refuse values that have no logarithm, at their row', () => {
    const asked = (a: number, b: number) => tableOf(numeric('a', 1, a), numeric('b', 1, b), category('d', ['x', 'x']));
    const fault = (column: string, value: number, rule: string) => ({
      code: 'stage/bad-value',
      message: `${column}: must be ${rule} 0; got ${value} (knobs.csv:3:${column}): as in every row trained on: what less does is not known`,
      file: 'knobs.csv',
      line: 3,
      column,
      value,
    });
    for (const value of [0, -1, Number.NaN]) {
      expect(faultOf(() => scaledFeatures(encoding, asked(value, 1)))).toEqual(fault('a', value, 'above'));
    }
    expect(faultOf(() => scaledFeatures(encoding, asked(1, -0.5)))).toEqual(fault('b', -0.5, 'at least'));
    expect(faultOf(() => scaledFeatures(encoding, asked(1, 0)))).toBe('no error');
    const line = learnEncoding(tableOf(numeric('c', -1, 5)));
    expect(scaledFeatures(line, tableOf(numeric('c', -7))).columns[0]).toEqual(Float64Array.of(-3));
  });
});

describe('designWarnings', () => {
  it('are none of a crossed design', () => {
    expect(messagesOf(tableOf(numeric('a', 1, 1, 2, 2), numeric('b', 1, 2, 1, 2)))).toEqual([]);
  });

  it('name a sweep of one knob, and knobs that never move', () => {
    expect(messagesOf(tableOf(numeric('a', 1, 2, 3), numeric('b', 1, 1, 1), category('c', ['x', 'x', 'x'])))).toEqual([
      'single-knob-sweep: only a varies: the effects of b, c cannot be identified; the model holds at their one value alone',
    ]);
    expect(messagesOf(tableOf(numeric('a', 1, 2, 3)))).toEqual([]);
    const crossed = [numeric('a', 1, 1, 2, 2), numeric('b', 1, 2, 1, 2)];
    expect(messagesOf(tableOf(...crossed, numeric('c', 5, 5, 5, 5)))).toEqual([
      'constant-knob: c: the same in every row, so nothing can be learnt about it',
    ]);
    expect(messagesOf(tableOf(numeric('c', 5, 5, 5, 5), ...crossed, category('d', ['x', 'x', 'x', 'x'])))).toEqual([
      'constant-knob: c, d: the same in every row, so nothing can be learnt about them',
    ]);
  });

  it('name knobs that move one at a time, with the base that they move from', () => {
    // From (2, y, 7), which is not the first row; c crossed with both.
    const table = tableOf(
      numeric('a', 1, 2, 2, 2, 1, 2, 3),
      category('b', ['y', 'y', 'x', 'y', 'y', 'z', 'y']),
      numeric('c', 7, 7, 8, 8, 8, 7, 7),
    );
    expect(messagesOf(table)).toEqual([
      'one-knob-at-a-time: no row differs from the base (2, y) in more than one of a, b: how the knobs act together cannot be identified',
    ]);
  });

  it('name two groups of such knobs, and none where two knobs move together once', () => {
    const group = (steps: number[][]) => [steps.map(([a = 0]) => a), steps.map(([, b = 0]) => b)];
    const sweep = [
      [0, 0],
      [1, 0],
      [0, 1],
      [0, 0],
      [2, 0],
    ];
    const rows = sweep.flatMap((ab) => sweep.map((cd) => [ab, cd] as const));
    const [a, b] = group(rows.map(([ab]) => ab));
    const [c, d] = group(rows.map(([, cd]) => cd));
    const knobs = [
      numeric('a', ...(a ?? [])),
      numeric('c', ...(c ?? [])),
      numeric('b', ...(b ?? [])),
      numeric('d', ...(d ?? [])),
    ];
    expect(designWarnings(tableOf(...knobs)).map(({ message }) => message.slice(0, 63))).toEqual([
      'no row differs from the base (0, 0) in more than one of a, b: h',
      'no row differs from the base (0, 0) in more than one of c, d: h',
    ]);
    // Of three knobs two may move together, and each of them apart from the third.
    const three = tableOf(numeric('a', 0, 1, 0, 0, 0), numeric('b', 0, 0, 1, 0, 1), numeric('c', 0, 1, 0, 1, 0));
    expect(messagesOf(three)).toEqual([
      'one-knob-at-a-time: no row differs from the base (0, 0) in more than one of a, b: how the knobs act together cannot be identified',
    ]);
    const together = (columns: number[][]) => columns.map((column, k) => numeric('ab'[k] ?? '', ...column, 1));
    expect(messagesOf(tableOf(...together([a ?? [], b ?? []])))).toEqual([]);
  });

  it('name every pair of knobs that always move together, one to one', () => {
    const table = tableOf(
      // Of this and the others, it follows from them but not they from it.
      numeric('e', 1, 1, 2, 1),
      numeric('a', 1, 2, 3, 1),
      numeric('b', 6, 4, 2, 6),
      category('c', ['p', 'q', 'r', 'p']),
      numeric('d', 1, 1, 2, 1),
    );
    const tied = (pair: string) =>
      `tied-knobs: ${pair} always move together: their effects cannot be told apart on this data`;
    expect(messagesOf(table).filter((message) => message.startsWith('tied'))).toEqual([
      tied('e and d'),
      tied('a and b'),
      tied('a and c'),
      tied('b and c'),
    ]);
  });
});

describe('rangeWarnings', () => {
  it('count the rows beyond what was measured, a knob at a time', () => {
    const encoding = learnEncoding(tableOf(numeric('a', 2, 5), numeric('b', 1, 2), category('c', ['x', 'y'])));
    const asked = tableOf(
      numeric('a', 2, 5, 1.9, 5.1),
      numeric('b', 1, 2, 1.5, 1),
      category('c', ['x', 'y', 'x', 'x']),
    );
    expect(rangeWarnings(encoding, asked)).toEqual([
      {
        code: 'outside-training-range',
        message: 'a: 2 of 4 rows outside the training range 2 to 5; nothing measured backs them',
      },
    ]);
    // A size that follows from knobs is no column of the table.
    const derived = learnEncoding(tableOf(numeric('vision_tokens', 1, 500), numeric('prompt_tokens', 1, 500)));
    expect(rangeWarnings(derived, tableOf(numeric('vision_tokens', 1, 500), numeric('prompt_tokens', 1, 500)))).toEqual(
      [],
    );
  });
});

describe('constant knobs', () => {
  const trained = tableOf(
    numeric('a', 2, 2),
    category('c', ['y', 'y'], ['x', 'y']),
    numeric('b', 1, 2),
    numeric('toString', 0, 0),
  );
  const constant = constantKnobs(trained);

  it('are those of one value, by name', () => {
    expect({ ...constant }).toEqual({ a: 2, c: 'y', toString: 0 });
  });

  it('may not move', () => {
    const asked = (c: string, a = 2) => tableOf(numeric('b', 5, 6), category('c', ['y', c]), numeric('a', 2, a));
    expect(faultOf(() => refuseMovedConstants(constant, asked('y')))).toBe('no error');
    expect(faultOf(() => refuseMovedConstants(constant, asked('x')))).toEqual({
      code: 'stage/not-identifiable',
      message:
        'c: must be y, its only value in the training data, which cannot say what it does; got "x" (knobs.csv:3:c)',
      file: 'knobs.csv',
      line: 3,
      column: 'c',
      value: 'x',
    });
    expect(faultOf(() => refuseMovedConstants(constant, asked('y', 3)))).toMatchObject({
      column: 'a',
      value: 3,
    });
  });
});

describe('errorFigures', () => {
  it('of four predictions by hand', () => {
    const figures = errorFigures(Float64Array.of(10, 20, 40, 50), Float64Array.of(11, 18, 44, 50));
    // Errors 1, 2, 4, 0 ms; 10, 10, 10, 0 %.
    expect(figures.maeMs).toAgree(7 / 4, 1e-12);
    expect(figures.mapePercent).toAgree(7.5, 1e-12);
    expect(figures.medianApePercent).toAgree(10, 1e-12);
    // 21 over the sum of squares about 30: 400 + 100 + 100 + 400.
    expect(figures.r2).toAgree(1 - 21 / 1000, 1e-12);
    // Of sorted errors 0, 1, 2, 4 at 0.95 x 3 = 2.85 places.
    expect(figures.p95Ms).toAgree(2 + 0.85 * 2, 1e-12);
  });

  it('takes the middle of the relative errors: of three the second, of four the mean of two', () => {
    const relative = (...errors: number[]) =>
      errorFigures(
        Float64Array.from(errors, () => 100),
        Float64Array.from(errors, (error) => 100 + error),
      ).medianApePercent;
    expect(relative(9, -1, 4)).toAgree(4, 1e-12);
    expect(relative(9, -1, 4, -6)).toAgree(5, 1e-12);
    expect(relative(-10, -1, -4, -6, 0)).toAgree(4, 1e-12);
  });

  it('has no share of a variance that there is none of', () => {
    expect(errorFigures(Float64Array.of(5, 5), Float64Array.of(4, 5)).r2).toBeNull();
  });
});
