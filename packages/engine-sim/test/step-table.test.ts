import { describe, expect, it } from 'vitest';
import { joinSteps, StepRecorder, type StepTable } from '../src/step-table.js';

const columns = [
  'startSec',
  'durationSec',
  'prefillTokens',
  'prefillRequests',
  'prefillContext',
  'decodeTokens',
  'contextTokens',
  'requests',
  'preemptions',
] as const;

/** A step with the numbers from `at` on in its columns. */
const push = (recorder: StepRecorder, at: number): void =>
  recorder.push(
    at,
    at + 1,
    {
      prefillTokens: at + 2,
      prefillRequests: at + 3,
      prefillContext: at + 4,
      decodeSeqs: at + 5,
      contextTokens: at + 6,
    },
    at + 7,
    at + 8,
  );

/** Step i has the numbers from 10 i on in its columns. */
const recorded = (steps: number, from = 0): StepTable => {
  const recorder = new StepRecorder();
  for (let i = from; i < from + steps; i++) push(recorder, 10 * i);
  return recorder.table();
};

describe('steps', () => {
  it.each([0, 1, 1023, 1024, 1025, 2048, 2049, 4097])('%d of them are kept, column by column', (steps) => {
    const table = recorded(steps);
    expect(table.length).toBe(steps);
    for (const [c, name] of columns.entries()) {
      const want = Float64Array.from({ length: steps }, (_, i) => 10 * i + c);
      expect(table[name].length).toBe(steps);
      expect(table[name].findIndex((value, i) => value !== want[i])).toBe(-1);
    }
    expect(Object.keys(table)).toEqual(['length', ...columns]);
  });

  it('a table keeps what it had when more are recorded', () => {
    const recorder = new StepRecorder();
    push(recorder, 1);
    const table = recorder.table();
    push(recorder, 10);
    expect([table.length, ...table.startSec]).toEqual([1, 1]);
    expect(recorder.length).toBe(2);
  });

  it('of one engine are its table, of several one after another with the number of each', () => {
    const only = recorded(3);
    expect(joinSteps([only])).toBe(only);
    const joined = joinSteps([recorded(2), recorded(0), recorded(3, 2)]);
    const { length, instance, ...rest } = joined;
    expect([length, instance]).toEqual([5, Uint32Array.of(0, 0, 2, 2, 2)]);
    const { length: same, ...want } = recorded(5);
    expect([same, rest]).toEqual([5, want]);
    expect(joinSteps([])).toMatchObject({ length: 0, instance: new Uint32Array(0), startSec: new Float64Array(0) });
  });
});
