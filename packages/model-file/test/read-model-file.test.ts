import { Fault } from '@stepclock/faults';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { count, level, nonNegative, orderedPair, readModelFile, squareMatrix, text } from '../src/index.js';

const toy = {
  family: 'stepclock/toy',
  version: 2,
  code: 'toy/bad-model',
  described: 'a toy file',
  schema: v.object({
    schema: v.literal('stepclock/toy@2'),
    name: text(20),
    terms: v.array(v.object({ value: nonNegative, interval: v.nullable(orderedPair) })),
    level,
    rows: v.optional(count),
    covariance: v.optional(squareMatrix),
  }),
  upgrade: (json: Readonly<Record<string, unknown>>) => ({ ...json, schema: 'stepclock/toy@2', level: 0.95 }),
} as const;

const good = { schema: 'stepclock/toy@2', name: 'a', terms: [{ value: 1, interval: [0, 2] }], level: 0.9 };
const read = (change: object) => readModelFile(JSON.stringify({ ...good, ...change }), toy, 'm.json');

const messageOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
  return 'no fault';
};

describe('readModelFile', () => {
  it('reads the newest version and turns older ones into it', () => {
    expect(read({}).level).toBe(0.9);
    expect(read({ schema: 'stepclock/toy@1', level: undefined }).level).toBe(0.95);
  });

  it('takes a byte order mark', () => {
    expect(readModelFile(`\uFEFF${JSON.stringify(good)}`, toy).name).toBe('a');
  });

  it.each([
    [{ schema: 'stepclock/toy@3' }, 'schema: must be "stepclock/toy@2"; got "stepclock/toy@3" (m.json): a newer'],
    [{ schema: 'stepclock/other@1' }, 'schema: must be "stepclock/toy@2"; got "stepclock/other@1" (m.json)'],
    [{ schema: undefined }, 'schema: must be "stepclock/toy@2"; got nothing (m.json)'],
    [{ name: 7 }, 'name: must be a text; got 7 (m.json)'],
    [{ name: undefined }, 'name: must be given; got nothing (m.json)'],
    [{ terms: {} }, 'terms: must be an array; got an object (m.json)'],
    [{ terms: [{ value: -1, interval: null }] }, 'terms[0].value: must be a number of at least 0; got -1 (m.json)'],
    [
      { terms: [{ value: 1, interval: [3, 2] }] },
      'terms[0].interval: must be a pair of numbers [low, high], low <= high',
    ],
    [{ level: 1 }, 'level: must be a number between 0 and 1; got 1 (m.json)'],
    [{ rows: 1.5 }, 'rows: must be a whole number of at least 0; got 1.5 (m.json)'],
    [{ covariance: [[1, 2]] }, 'covariance: must be a square matrix; got an array of 1 (m.json)'],
  ])('%j is refused by its path', (change, message) => {
    expect(messageOf(() => read(change))).toContain(message);
  });

  it('1e999 is not a number of a model', () => {
    const text = JSON.stringify(good).replace('"value":1', '"value":1e999');
    expect(messageOf(() => readModelFile(text, toy))).toBe(
      'terms[0].value: must be a number of at least 0; got Infinity',
    );
  });

  it('no JSON: the line and the column, where the engine tells them', () => {
    expect(messageOf(() => readModelFile('{\n  "a": 1,,}', toy, 'm.json'))).toBe(
      'model file: must be a toy file; got "{\\n  \\"a\\": 1,,}" (m.json:2:10)',
    );
    expect(messageOf(() => readModelFile('betas', toy))).toBe('model file: must be a toy file; got "betas"');
  });

  it('UTF-16 is named', () => {
    expect(messageOf(() => readModelFile('\0{\0}', toy))).toBe('encoding: must be UTF-8; got "UTF-16 or binary"');
  });

  it('an array is no model file', () => {
    expect(messageOf(() => readModelFile('[]', toy))).toBe('model file: must be a toy file; got an array of 0');
  });
});
