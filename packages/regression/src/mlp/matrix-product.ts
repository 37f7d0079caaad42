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

/** Blocks of 4 x 4 elements: sixteen sums stay in registers, and every value read serves four of them. */
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
  const wholeRows = rows - (rows % 4);
  const wholeColumns = columns - (columns % 4);
  for (let i = 0; i < wholeRows; i += 4) {
    for (let j = 0; j < wholeColumns; j += 4) {
      let s00 = 0;
      let s01 = 0;
      let s02 = 0;
      let s03 = 0;
      let s10 = 0;
      let s11 = 0;
      let s12 = 0;
      let s13 = 0;
      let s20 = 0;
      let s21 = 0;
      let s22 = 0;
      let s23 = 0;
      let s30 = 0;
      let s31 = 0;
      let s32 = 0;
      let s33 = 0;
      let p = aAt + i * aRow;
      let q = bAt + j * bRow;
      for (let k = 0; k < inner; k++) {
        const b0 = b[q];
        const b1 = b[q + bRow];
        const b2 = b[q + 2 * bRow];
        const b3 = b[q + 3 * bRow];
        const a0 = a[p];
        s00 += a0 * b0;
        s01 += a0 * b1;
        s02 += a0 * b2;
        s03 += a0 * b3;
        const a1 = a[p + aRow];
        s10 += a1 * b0;
        s11 += a1 * b1;
        s12 += a1 * b2;
        s13 += a1 * b3;
        const a2 = a[p + 2 * aRow];
        s20 += a2 * b0;
        s21 += a2 * b1;
        s22 += a2 * b2;
        s23 += a2 * b3;
        const a3 = a[p + 3 * aRow];
        s30 += a3 * b0;
        s31 += a3 * b1;
        s32 += a3 * b2;
        s33 += a3 * b3;
        p += aStep;
        q += bStep;
      }
      const row0 = toAt + i * columns + j;
      to[row0] = s00;
      to[row0 + 1] = s01;
      to[row0 + 2] = s02;
      to[row0 + 3] = s03;
      const row1 = toAt + (i + 1) * columns + j;
      to[row1] = s10;
      to[row1 + 1] = s11;
      to[row1 + 2] = s12;
      to[row1 + 3] = s13;
      const row2 = toAt + (i + 2) * columns + j;
      to[row2] = s20;
      to[row2 + 1] = s21;
      to[row2 + 2] = s22;
      to[row2 + 3] = s23;
      const row3 = toAt + (i + 3) * columns + j;
      to[row3] = s30;
      to[row3 + 1] = s31;
      to[row3 + 2] = s32;
      to[row3 + 3] = s33;
    }
  }
  // What is left: columns of a few rows, then a few columns.
  for (let i = wholeRows; i < rows; i++) {
    for (let j = 0; j < wholeColumns; j += 4) strip(to, toAt + i * columns + j, 1, left, i, right, j, inner);
  }
  for (let j = wholeColumns; j < columns; j++) {
    for (let i = 0; i < wholeRows; i += 4) strip(to, toAt + i * columns + j, columns, right, j, left, i, inner);
    for (let i = wholeRows; i < rows; i++) to[toAt + i * columns + j] = product(left, i, right, j, inner);
  }
};

/** One row of A by four of B; the results `toStep` apart. */
const strip = (
  to: Float64Array,
  toAt: number,
  toStep: number,
  { values: a, at: aAt, rowStep: aRow, columnStep: aStep }: MatrixView,
  i: number,
  { values: b, at: bAt, rowStep: bRow, columnStep: bStep }: MatrixView,
  j: number,
  inner: number,
): void => {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let p = aAt + i * aRow;
  let q = bAt + j * bRow;
  for (let k = 0; k < inner; k++) {
    const value = a[p];
    s0 += value * b[q];
    s1 += value * b[q + bRow];
    s2 += value * b[q + 2 * bRow];
    s3 += value * b[q + 3 * bRow];
    p += aStep;
    q += bStep;
  }
  to[toAt] = s0;
  to[toAt + toStep] = s1;
  to[toAt + 2 * toStep] = s2;
  to[toAt + 3 * toStep] = s3;
};

const product = (a: MatrixView, i: number, b: MatrixView, j: number, inner: number): number => {
  let sum = 0;
  let p = a.at + i * a.rowStep;
  let q = b.at + j * b.rowStep;
  for (let k = 0; k < inner; k++) {
    sum += a.values[p] * b.values[q];
    p += a.columnStep;
    q += b.columnStep;
  }
  return sum;
};
