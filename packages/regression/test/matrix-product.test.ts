import '@stepclock/vitest-matchers';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matrixKernel } from '../src/mlp/matrix-kernel.js';
import { type MatrixView, multiply, multiplyPlain } from '../src/mlp/matrix-product.js';

const size = fc.integer({ min: 1, max: 11 });

/** A matrix of its own values, row by row or column by column, somewhere inside an array. */
const view = (rows: number, columns: number, byColumns: boolean, at: number): MatrixView => ({
  values: Float64Array.from({ length: at + rows * columns }, (_, k) => Math.sin(1 + 3 * k)),
  at,
  rowStep: byColumns ? 1 : columns,
  columnStep: byColumns ? rows : 1,
});

const element = ({ values, at, rowStep, columnStep }: MatrixView, i: number, k: number): number =>
  values[at + i * rowStep + k * columnStep] ?? Number.NaN;

describe('multiply', () => {
  it('sums the products of rows, for any sizes and both layouts, and writes nothing else', () => {
    fc.assert(
      fc.property(size, size, size, fc.boolean(), fc.boolean(), fc.nat(3), (rows, columns, inner, a, b, at) => {
        const left = view(rows, inner, a, at);
        const right = view(columns, inner, b, 2 * at);
        const to = new Float64Array(at + rows * columns + 1).fill(7);
        multiply(to, at, left, right, rows, columns, inner);
        const want = Array.from({ length: rows * columns }, (_, e) => {
          let sum = 0;
          for (let k = 0; k < inner; k++)
            sum += element(left, Math.floor(e / columns), k) * element(right, e % columns, k);
          return sum;
        });
        expect([...to.subarray(at, at + rows * columns)]).toAgree(want, 1e-12, 1e-12);
        expect([...to.subarray(0, at), to[to.length - 1]]).toEqual(new Array(at + 1).fill(7));
      }),
    );
  });

  it('gives the same bits with the kernel and without, whatever was multiplied before', () => {
    expect(matrixKernel(), 'this runtime has WebAssembly with vectors').toBeDefined();
    const wide = fc.integer({ min: 4, max: 40 });
    fc.assert(
      fc.property(wide, wide, wide, fc.boolean(), fc.boolean(), (rows, columns, inner, a, b) => {
        const [left, right] = [view(rows, inner, a, 1), view(columns, inner, b, 2)];
        const [fast, plain] = [new Float64Array(rows * columns), new Float64Array(rows * columns)];
        multiply(fast, 0, left, right, rows, columns, inner);
        multiplyPlain(plain, 0, left, right, rows, columns, inner);
        expect(fast).toEqual(plain);
      }),
    );
  });
});
