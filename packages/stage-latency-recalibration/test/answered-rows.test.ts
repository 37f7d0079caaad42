import { isFault } from '@stepclock/faults';
import { describe, expect, it } from 'vitest';
import type { KnobTable } from '../src/data/stage-table.js';
import { answeredRows } from '../src/model/answered-rows.js';
import { stageFault } from '../src/stage-fault.js';

const tableOf = (values: readonly number[]): KnobTable => ({
  length: values.length,
  knobs: [{ kind: 'numeric', name: 'k', values: Float64Array.from(values) }],
  decodeSteps: new Float64Array(values.length),
  origin: { files: values.map(() => 'k.csv'), lines: Uint32Array.from(values, (_, i) => i + 2) },
});

/** Twice the knob; refuses what is not above 0, as a model does: at its first row. */
const twice = ({ knobs: [knob] }: KnobTable): number[] => {
  const bad = knob.values.findIndex((value) => !(value > 0));
  if (bad >= 0)
    throw stageFault('stage/bad-value', { what: 'k', rule: 'must be above 0', value: knob.values[bad], row: bad });
  return Array.from(knob.values, (value) => 2 * value);
};

describe('rows that have an answer', () => {
  it('are all, without a warning and asked once, where none is refused', () => {
    let asked = 0;
    const found = answeredRows(tableOf([1, 2, 3]), (rows) => {
      asked++;
      return twice(rows);
    });
    expect(found).toEqual({ rows: Uint32Array.of(0, 1, 2), refused: new Map(), answer: [2, 4, 6], warnings: [] });
    expect(asked).toBe(1);
  });

  it('are set apart from the others, which are named by file and line', () => {
    const values = Array.from({ length: 37 }, (_, i) => (i % 5 === 3 || i === 36 ? 0 : i + 1));
    const { rows, refused, answer, warnings } = answeredRows(tableOf(values), twice);
    const kept = values.flatMap((value, i) => (value > 0 ? [i] : []));
    expect([...rows]).toEqual(kept);
    expect(answer).toEqual(kept.map((i) => 2 * (i + 1)));
    expect([...refused.keys()]).toEqual([3, 8, 13, 18, 23, 28, 33, 36]);
    expect(refused.get(36)).toBe('k: must be above 0; got 0 (k.csv:38)');
    expect(warnings).toEqual([
      {
        code: 'no-answer',
        message:
          '8 of 37 rows: the model has no answer, and they are left out; the first: k: must be above 0; got 0 (k.csv:5)',
      },
    ]);
  });

  it('are told their numbers in the table', () => {
    const { answer } = answeredRows(tableOf([0, 5, 0, 7]), (rows, numbers) => [twice(rows), [...numbers]]);
    expect(answer).toEqual([
      [10, 14],
      [1, 3],
    ]);
  });

  it('are none: the fault is that of the first; and what is not about a row is thrown as it is', () => {
    expect(() => answeredRows(tableOf([0, -1]), twice)).toThrow('k: must be above 0; got 0 (k.csv:2)');
    const other = stageFault('stage/other-knobs', { what: 'k', rule: 'must be there' });
    const thrown = (fault: Error) => {
      try {
        answeredRows(tableOf([1, 2]), () => {
          throw fault;
        });
      } catch (error) {
        return error;
      }
      return undefined;
    };
    expect(isFault(thrown(other), 'stage')).toBe(true);
    expect(thrown(other)).toBe(other);
    const bug = new TypeError('a bug');
    expect(thrown(bug)).toBe(bug);
  });
});
