import { isFault } from '@stepclock/faults';
import { describe, expect, it } from 'vitest';
import {
  compareEstimators,
  evaluateStepTime,
  fitStepTime,
  predictStepTime,
  readStepTimeFile,
  stepTimeFile,
} from '../src/index.js';
import { gridOfSteps } from './fixture.js';

type Path = readonly (string | number)[];

const times = gridOfSteps(0.02, (i, ms) => (i === 20 ? ms + 300 : ms));
const fit = fitStepTime(times, { name: 'toy', features: ['prefilling'] });
const file = JSON.parse(JSON.stringify(stepTimeFile(fit, compareEstimators(times, { features: ['prefilling'] }))));

/** Every field of the file, and the first two elements of every list. */
const pathsOf = (value: unknown, path: Path = []): Path[] => {
  const own = path.length === 0 ? [] : [path];
  if (Array.isArray(value)) return [...own, ...value.slice(0, 2).flatMap((item, i) => pathsOf(item, [...path, i]))];
  if (typeof value !== 'object' || value === null) return own;
  return [...own, ...Object.entries(value).flatMap(([name, item]) => pathsOf(item, [...path, name]))];
};

/** The file with one field changed, or left out where the change is undefined. */
const changed = (path: Path, value: unknown): string => {
  const copy = structuredClone(file);
  let at = copy;
  for (const part of path.slice(0, -1)) at = at[part];
  const last = path.at(-1) ?? '';
  if (value === undefined) delete at[last];
  else at[last] = value;
  return JSON.stringify(copy).replaceAll('"1e999"', '1e999');
};

const query = { batchSize: 12, sequenceLength: 700, further: { prefilling: 1.5 } };

/** What a damaged file may do: be refused as a fault, or give finite numbers. */
const outcome = (text: string): 'refused' | 'finite' => {
  try {
    const model = readStepTimeFile(text, 'NAME.json');
    const { stepTimeSec, interval } = predictStepTime(model, query);
    const { metrics, predictedMs } = evaluateStepTime(model, times);
    for (const value of [stepTimeSec, ...(interval ?? []), metrics.rmse, ...predictedMs])
      expect(value).toSatisfy(Number.isFinite);
    return 'finite';
  } catch (error) {
    if (!isFault(error)) throw error;
    expect(error.code).toMatch(/^(step-time|regression)\//);
    expect(error.message).not.toMatch(/undefined|\[object/);
    return 'refused';
  }
};

describe.each<[string, unknown]>([
  ['null', null],
  ['a text', 'abc'],
  ['the text NaN', 'NaN'],
  ['a number that overflows', '1e999'],
  ['a huge number', 1e308],
  ['a negative number', -1],
  ['an empty list', []],
  ['an empty object', {}],
  ['missing', undefined],
])('a NAME.json of which one field is %s', (_, value) => {
  it('is refused or predicts finite times, whichever field it is', () => {
    for (const path of pathsOf(file)) {
      const text = changed(path, value);
      expect(['refused', 'finite'], path.join('.')).toContain(outcome(text));
    }
  });
});

describe('a NAME.json', () => {
  it('is read as it is written, and with fields that nobody knows', () => {
    expect(outcome(JSON.stringify(file))).toBe('finite');
    expect(outcome(JSON.stringify({ ...file, more: 1, statistics: { ...file.statistics, more: 'x' } }))).toBe('finite');
  });

  it('is refused by the path of what is wrong', () => {
    const refused = (path: Path, value: unknown) => () => readStepTimeFile(changed(path, value), 'a.json');
    expect(refused(['statistics', 'rmse'], -1)).toThrow(
      'statistics.rmse: must be a number of at least 0; got -1 (a.json)',
    );
    expect(refused(['coefficient_table', 1, 'interval'], [2, 1])).toThrow(
      'coefficient_table[1].interval: must be a pair of numbers [low, high], low <= high; got an array of 2 (a.json)',
    );
    expect(refused(['coefficients', 'a'], '1e999')).toThrow(
      'coefficients.a: must be a finite number; got Infinity (a.json)',
    );
  });
});
