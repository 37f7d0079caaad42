import '@stepclock/vitest-matchers';
import { seededRandom } from '@stepclock/numerics';
import { Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { mergeReduced, nnlsColumns, nnlsReduced, reduceBlocks, reduceRows } from '../src/index.js';

const randomColumns = (m: number, n: number, seed: number): Float64Array[] => {
  const random = seededRandom(seed, 'columns');
  return Array.from({ length: n }, () => Float64Array.from({ length: m }, () => random() - 0.3));
};
const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, v, i) => sum + v * b[i], 0);

describe('reduceRows', () => {
  it.each([0, 1, 3, 511, 512, 513, 2000])("keeps A'A, A'b and b'b over %d rows", (m) => {
    const columns = randomColumns(m, 4, m);
    const [target] = randomColumns(m, 1, m + 1) as [Float64Array];
    const { r, qty, residualNorm, rowCount } = reduceRows(columns, target);
    const gram = columns.map((a) => columns.map((b) => dot(a, b)));
    expect(rowCount).toBe(m);
    expect(r.transpose().mmul(r).to1DArray()).toAgree(gram.flat(), 1e-12, 1e-13);
    expect(r.transpose().mmul(Matrix.columnVector(qty)).to1DArray()).toAgree(
      columns.map((a) => dot(a, target)),
      1e-12,
      1e-12 * m,
    );
    expect(dot(qty, qty) + residualNorm ** 2).toAgree(dot(target, target), 1e-12, 1e-15);
  });

  it.each([1, 2, 5, 512, 513, 3000])('of three columns takes a shorter way to the same triangle (%d rows)', (m) => {
    const [a, b, c, d, target] = randomColumns(m, 5, m) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const three = reduceRows([a, b, c], target);
    const four = reduceRows([a, b, c, d], target);
    const signs = Array.from(three.qty, (_, i) => Math.sign(three.r.get(i, i) * four.r.get(i, i)));
    for (const [i, sign] of signs.entries()) {
      expect(three.r.getRow(i)).toAgree(
        four.r
          .getRow(i)
          .slice(0, 3)
          .map((v) => sign * v),
        1e-12,
        1e-14 * m,
      );
      expect(three.qty[i]).toAgree(sign * four.qty[i], 1e-12, 1e-14 * m);
    }
    const rest = reduceRows([a, b, c], target, { weights: new Float64Array(m).fill(1) });
    expect(three.residualNorm).toAgree(rest.residualNorm, 1e-13, 1e-15);
  });

  it('is exact on a line through three points', () => {
    const { r, qty, residualNorm } = reduceRows(
      [new Float64Array([1, 1, 1]), new Float64Array([0, 1, 2])],
      new Float64Array([1, 3, 5]),
    );
    const slope = qty[1] / r.get(1, 1);
    expect([(qty[0] - r.get(0, 1) * slope) / r.get(0, 0), slope]).toAgree([1, 2], 1e-14);
    expect(residualNorm).toBeLessThan(1e-14);
  });

  it('reduces a range of rows, and merged ranges are the whole', () => {
    const columns = randomColumns(1500, 3, 5);
    const [target] = randomColumns(1500, 1, 6) as [Float64Array];
    const weights = Float64Array.from({ length: 1500 }, (_, i) => 1 + (i % 3));
    const parts = (
      [
        [0, 700],
        [700, 701],
        [701, 1500],
      ] as const
    ).map((rows) => reduceRows(columns, target, { weights, rows }));
    const merged = nnlsReduced(mergeReduced(parts));
    const whole = nnlsColumns(columns, target, { weights });
    expect(mergeReduced(parts).rowCount).toBe(1500);
    expect(merged.x).toAgree(whole.x, 1e-12);
    expect(merged.residualNorm).toAgree(whole.residualNorm, 1e-13);
  });

  it('takes columns of 1e-200 beside 1e200 without overflow', () => {
    const [a, b, noise] = randomColumns(1000, 3, 7) as [Float64Array, Float64Array, Float64Array];
    const target = a.map((v, i) => 3 * v + 2 * b[i] + 0.1 * noise[i]);
    const plain = nnlsColumns([a, b], target);
    const wild = nnlsColumns([a.map((v) => v * 1e-200), b.map((v) => v * 1e200)], target);
    expect([wild.x[0] * 1e-200, wild.x[1] * 1e200]).toAgree(plain.x, 1e-12);
  });

  it('asks for every row once, a few hundred at a time, and twice more only to scale', () => {
    const asked = (rowCount: number, ...sizes: number[]) => {
      const calls: [from: number, to: number][] = [];
      reduceBlocks(sizes.length - 1, rowCount, (from, to, columns) => {
        calls.push([from, to]);
        for (const [j, column] of columns.entries()) {
          for (let i = 0; i < to - from; i++) column[i] = sizes[j] * (from + i + 1);
        }
      });
      return calls;
    };
    const once = [
      [0, 504],
      [504, 1008],
      [1008, 1200],
    ];
    expect(asked(1200, 1, 2)).toEqual(once);
    expect(asked(1200, 1e200, 2)).toEqual([...once, ...once, ...once]);
    expect(asked(504, 1)).toEqual([[0, 504]]);
    expect(asked(3, 1, 1)).toEqual([[0, 3]]);
    expect(asked(0, 1, 1)).toEqual([]);
    // One row: its norm is the size. Squares of norms between 1e-120 and 1e120 keep all their digits; zeros are looked at closer.
    for (const [sizes, times] of [
      [[1.01e-120, 1], 1],
      [[1, 0.99e120], 1],
      [[0.99e-120, 1], 3],
      [[1, 1.01e120], 3],
      [[1, 1.01e-120], 1],
      [[1, 0.99e-120], 3],
      [[0, 1], 3],
      [[1, 0], 3],
    ] as const) {
      expect(asked(1, ...sizes)).toHaveLength(times);
    }
  });

  it('sees a column by its whole length: a part of it may have gone into the rows above', () => {
    // The second column is the first one, so that nothing is left of it below the first row of the triangle.
    const column = Float64Array.of(1, 2, 3);
    let calls = 0;
    const { r } = reduceBlocks(2, 3, (from, to, columns) => {
      calls++;
      columns[0]?.set(column.subarray(from, to));
      columns[1]?.set(column.subarray(from, to));
      columns[2]?.set([1, 0, 0]);
    });
    expect(calls).toBe(1);
    expect(Math.abs(r.get(0, 0))).toAgree(Math.sqrt(14), 1e-15);
    expect(r.get(0, 1)).toAgree(r.get(0, 0), 1e-15);
    expect(r.get(1, 1)).toAgree(0, 0, 1e-14);
  });

  it('scales by the largest value of a column, wherever it stands', () => {
    for (const values of [
      [1e200, 1, 1],
      [1, 1e200, 1],
      [1, 1, -1e200],
    ]) {
      const { r, qty, residualNorm } = reduceRows([Float64Array.from(values)], Float64Array.from(values));
      expect(Math.abs(r.get(0, 0))).toAgree(1e200, 1e-12);
      expect(Math.abs(qty[0])).toAgree(1e200, 1e-12);
      expect(residualNorm).toBeLessThan(1e185);
    }
  });

  it('says in which row of which column a value is not finite, far down as well', () => {
    const column = new Float64Array(2000).fill(1).with(1700, Number.NEGATIVE_INFINITY);
    expect(() => reduceRows([new Float64Array(2000), column], new Float64Array(2000))).toThrow(
      'column 1: must be a finite number; got -Infinity (row 1700)',
    );
  });

  it.each<[number, number]>([
    [-1, 2],
    [2, 1],
    [0.5, 2],
    [0, 1.5],
    [Number.NaN, 2],
    [0, Number.NaN],
    [0, 4],
    [-2, -1],
  ])('refuses the rows %d to %d of three', (from, to) => {
    expect(() => reduceRows([], new Float64Array(3), { rows: [from, to] })).toThrow(
      `rows ${from} to ${to}: must be whole numbers 0 <= from <= to <= 3`,
    );
  });

  it('takes no rows at all, and rows of weight 0, as nothing', () => {
    const column = Float64Array.of(1, 2, 3);
    expect(reduceRows([column], column, { rows: [1, 1] })).toMatchObject({ rowCount: 0, residualNorm: 0 });
    const weighed = reduceRows([column], column, { weights: Float64Array.of(0, 4, 0) });
    expect(Math.abs(weighed.r.get(0, 0))).toBe(4);
    for (const weight of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => reduceRows([column], column, { weights: Float64Array.of(1, weight, 1) })).toThrow(
        `weights: must be finite and at least 0; got ${weight} (row 1)`,
      );
    }
    // A weight outside of the range is nobody's business.
    expect(reduceRows([column], column, { weights: Float64Array.of(-1, 1, 1), rows: [1, 3] }).rowCount).toBe(2);
  });

  it.each([
    ['a column', [1.7e308, 1.7e308], [0, 0]],
    ['what the target shares with a column', [1, 1], [1.7e308, 1.7e308]],
    ['the residual', [1, -1], [1.7e308, 1.7e308]],
  ])('refuses norms beyond doubles: of %s', (_, column, target) => {
    expect(() => reduceRows([Float64Array.from(column)], Float64Array.from(target))).toThrow(
      expect.objectContaining({
        code: 'nnls-solver/overflow',
        message: 'columns: must have norms that fit into doubles',
      }),
    );
  });

  it.each([
    [
      'length-mismatch',
      () => reduceRows([new Float64Array(2)], new Float64Array(3)),
      'column 0: must be as long as the target (3); got 2',
    ],
    [
      'not-finite',
      () => reduceRows([new Float64Array([1, Number.NaN])], new Float64Array(2)),
      'column 0: must be a finite number; got NaN (row 1)',
    ],
    [
      'not-finite',
      () => reduceRows([new Float64Array(2)], new Float64Array([Number.POSITIVE_INFINITY, 0])),
      'target: must be a finite number; got Infinity (row 0)',
    ],
    [
      'length-mismatch',
      () => reduceRows([], new Float64Array(2), { weights: new Float64Array(1) }),
      'weights: must be as long as the target (2); got 1',
    ],
    [
      'bad-weight',
      () => reduceRows([], new Float64Array(2), { weights: new Float64Array([1, -1]) }),
      'weights: must be finite and at least 0; got -1 (row 1)',
    ],
    [
      'bad-rows',
      () => reduceRows([], new Float64Array(2), { rows: [1, 3] }),
      'rows 1 to 3: must be whole numbers 0 <= from <= to <= 2',
    ],
    ['bad-rows', () => mergeReduced([]), 'parts: must be at least one; got 0'],
    [
      'length-mismatch',
      () => mergeReduced([reduceRows([], new Float64Array(2)), reduceRows([new Float64Array(2)], new Float64Array(2))]),
      'parts: must all have 0 columns, as the first one; got 1',
    ],
    [
      'overflow',
      () => reduceRows([new Float64Array([1.7e308, 1.7e308])], new Float64Array(2)),
      'columns: must have norms that fit into doubles',
    ],
  ])('refuses with %s', (code, attempt, message) => {
    expect(attempt).toThrow(expect.objectContaining({ name: 'Fault', code: `nnls-solver/${code}`, message }));
  });
});
