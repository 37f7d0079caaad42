import { type MatrixKernel, matrixKernel } from './matrix-kernel.js';

/** Where a matrix lies in an array: element (i, k) at `at + i * rowStep + k * columnStep`. A transpose is the same with the steps exchanged. */
export interface MatrixView {
  readonly values: Float64Array;
  readonly at: number;
  readonly rowStep: number;
  readonly columnStep: number;
}

/**
 * `to = A B'` with A (left) of `rows x inner` and B (right) of `columns x inner`; `to` is row-major, its rows `columns` long, from `toAt` on.
 *
 * By the WebAssembly kernel where there is one and the sizes are worth the packing; the same bits either way.
 */
export const multiply = (
  to: Float64Array,
  toAt: number,
  left: MatrixView,
  right: MatrixView,
  rows: number,
  columns: number,
  inner: number,
): void => {
  const worth = rows >= 4 && columns >= 4 && rows * columns * inner >= LEAST_PRODUCTS;
  if (worth) kernel ??= matrixKernel() ?? null;
  if (worth && kernel) multiplyPacked(kernel, to, toAt, left, right, rows, columns, inner);
  else multiplyPlain(to, toAt, left, right, rows, columns, inner);
};

/** Null where there is none. */
let kernel: MatrixKernel | null | undefined;
/** Below this, packing takes longer than it saves; above 0, since the kernel asks for an `inner` of at least 1. */
const LEAST_PRODUCTS = 1000;

const multiplyPacked = (
  { room, multiply: multiplyPanels }: MatrixKernel,
  to: Float64Array,
  toAt: number,
  left: MatrixView,
  right: MatrixView,
  rows: number,
  columns: number,
  inner: number,
): void => {
  const [aPanels, bPanels] = [Math.ceil(rows / 4), Math.ceil(columns / 4)];
  const bAt = 4 * aPanels * inner;
  const cAt = bAt + 4 * bPanels * inner;
  const cRow = 4 * bPanels;
  const numbers = room(cAt + 4 * aPanels * cRow);
  pack(numbers, 0, left, rows, inner);
  pack(numbers, bAt, right, columns, inner);
  const bytes = Float64Array.BYTES_PER_ELEMENT;
  multiplyPanels(0, bAt * bytes, cAt * bytes, aPanels, bPanels, inner, cRow * bytes);
  if (cRow === columns) {
    to.set(numbers.subarray(cAt, cAt + rows * columns), toAt);
    return;
  }
  for (let i = 0; i < rows; i++) {
    const from = cAt + i * cRow;
    for (let j = 0; j < columns; j++) to[toAt + i * columns + j] = numbers[from + j];
  }
};

/** Panels of four rows; where the last has fewer, its other rows keep what was there: they only reach results that nobody reads. */
const pack = (to: Float64Array, toAt: number, view: MatrixView, rows: number, inner: number): void => {
  const { values, at, rowStep, columnStep } = view;
  const whole = rows - (rows % 4);
  let there = toAt;
  for (let row = 0; row < whole; row += 4) {
    let from = at + row * rowStep;
    for (let k = 0; k < inner; k++) {
      to[there] = values[from];
      to[there + 1] = values[from + rowStep];
      to[there + 2] = values[from + 2 * rowStep];
      to[there + 3] = values[from + 3 * rowStep];
      from += columnStep;
      there += 4;
    }
  }
  for (let row = whole; row < rows; row++) {
    for (let k = 0; k < inner; k++) to[there + 4 * k + row - whole] = values[at + row * rowStep + k * columnStep];
  }
};

/** For products that are not worth the packing, and where there is no WebAssembly. */
export const multiplyPlain = (
  to: Float64Array,
  toAt: number,
  left: MatrixView,
  right: MatrixView,
  rows: number,
  columns: number,
  inner: number,
): void => {
  const { values: a, at: aAt, rowStep: aRow, columnStep: aStep } = left;
  const { values: b, at: bAt, rowStep: bRow, columnStep: bStep } = right;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      let p = aAt + i * aRow;
      let q = bAt + j * bRow;
      for (let k = 0; k < inner; k++) {
        sum += a[p] * b[q];
        p += aStep;
        q += bStep;
      }
      to[toAt + i * columns + j] = sum;
    }
  }
};
