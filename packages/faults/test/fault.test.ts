import { describe, expect, it } from 'vitest';
import { Fault, isFault, listed, printable, shown } from '../src/index.js';

describe('Fault', () => {
  it('says what, the rule, the value, the place, the hint', () => {
    const fault = new Fault('trace-io/bad-number', {
      what: 't_start',
      rule: 'must be a number',
      value: 'x',
      file: 'a.csv',
      line: 3,
      column: 't_start',
      hint: 'look at the unit',
    });
    expect(fault.message).toBe('t_start: must be a number; got "x" (a.csv:3:t_start): look at the unit');
    expect(fault).toMatchObject({ code: 'trace-io/bad-number', line: 3, value: 'x', name: 'Fault' });
  });

  it('leaves out what is not known', () => {
    expect(new Fault('a/b', { what: 'folds', rule: 'must be at least 2' }).message).toBe('folds: must be at least 2');
    expect(new Fault('a/b', { what: 'time', rule: 'must be finite', value: NaN, row: 7 }).message).toBe(
      'time: must be finite; got NaN (row 7)',
    );
  });

  it('is one printable line, whatever the input holds', () => {
    const fault = new Fault('a/b', {
      what: 'id\n\u001b[31m',
      rule: 'must be plain',
      value: '\u202e\u0007',
      file: 'x\ny',
    });
    expect(fault.message).toBe('id\\u000a\\u001b[31m: must be plain; got "\\u202e\\u0007" (x\\u000ay)');
  });

  it('takes more of its place later and keeps its cause', () => {
    const cause = new Error('inner');
    const fault = new Fault('a/b', { what: 'x', rule: 'must be 1', value: 2 }, { cause }).with({ file: 'f', line: 9 });
    expect(fault.message).toBe('x: must be 1; got 2 (f:9)');
    expect(fault.cause).toBe(cause);
  });

  it('is told by its package', () => {
    const fault = new Fault('regression/bad-option', { what: 'x', rule: 'must be 1' });
    expect([isFault(fault), isFault(fault, 'regression'), isFault(fault, 'regress'), isFault(new Error('x'))]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('shown', () => {
  it.each([
    ['abc', '"abc"'],
    [12, '12'],
    [null, 'null'],
    [undefined, 'undefined'],
    [[1, 2, 3], 'an array of 3'],
    [{ a: 1 }, 'an object'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
  ])('%j as %s', (value, text) => {
    expect(shown(value)).toBe(text);
  });

  it('cuts long texts', () => {
    expect(shown('x'.repeat(1e6))).toHaveLength(83);
  });

  it('lists the first few', () => {
    expect(listed([1, 2, 3], 2)).toBe('1, 2 and 1 more');
    expect(listed(['a', 'b'])).toBe('a, b');
  });

  it('escapes controls beyond the first plane too', () => {
    expect(printable('a\u{e0001}b')).toBe('a\\u{e0001}b');
  });
});
