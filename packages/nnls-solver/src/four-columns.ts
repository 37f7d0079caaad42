import { reflectRow, type StackedFactor } from './householder-stack.js';

/**
 * `stackBlock` for three columns and a target, the problem of a step model with three coefficients: each pass over the
 * block works on all columns at once. About half the time of the general passes; the same reflections, so the same
 * triangle up to rounding.
 */
export const stackFourColumns = ({ r, columns, products, shares }: StackedFactor, rows: number): void => {
  const [a, b, c, d] = columns as readonly [Float64Array, Float64Array, Float64Array, Float64Array];
  multiplyFirst(a, b, c, d, rows, products);
  reflectRow(r, 4, 0, products, shares);
  takeOffFirst(a, b, c, d, rows, shares, products);
  reflectRow(r, 4, 1, products, shares);
  takeOffSecond(b, c, d, rows, shares, products);
  reflectRow(r, 4, 2, products, shares);
  takeOffThird(c, d, rows, shares, products);
  reflectRow(r, 4, 3, products, shares);
};

/** Products of the first column with all four. */
const multiplyFirst = (
  first: Float64Array,
  second: Float64Array,
  third: Float64Array,
  fourth: Float64Array,
  rows: number,
  products: Float64Array,
): void => {
  let aa = 0;
  let ab = 0;
  let ac = 0;
  let ad = 0;
  for (let i = 0; i < rows; i++) {
    const a = first[i];
    aa += a * a;
    ab += a * second[i];
    ac += a * third[i];
    ad += a * fourth[i];
  }
  products[0] = aa;
  products[1] = ab;
  products[2] = ac;
  products[3] = ad;
};

/** Takes their share of the first column off the others; products of the new second column with them. */
const takeOffFirst = (
  first: Float64Array,
  second: Float64Array,
  third: Float64Array,
  fourth: Float64Array,
  rows: number,
  shares: Float64Array,
  products: Float64Array,
): void => {
  const shareB = shares[1];
  const shareC = shares[2];
  const shareD = shares[3];
  let bb = 0;
  let bc = 0;
  let bd = 0;
  for (let i = 0; i < rows; i++) {
    const a = first[i];
    const b = second[i] - shareB * a;
    const c = third[i] - shareC * a;
    const d = fourth[i] - shareD * a;
    second[i] = b;
    third[i] = c;
    fourth[i] = d;
    bb += b * b;
    bc += b * c;
    bd += b * d;
  }
  products[1] = bb;
  products[2] = bc;
  products[3] = bd;
};

const takeOffSecond = (
  second: Float64Array,
  third: Float64Array,
  fourth: Float64Array,
  rows: number,
  shares: Float64Array,
  products: Float64Array,
): void => {
  const shareC = shares[2];
  const shareD = shares[3];
  let cc = 0;
  let cd = 0;
  for (let i = 0; i < rows; i++) {
    const b = second[i];
    const c = third[i] - shareC * b;
    const d = fourth[i] - shareD * b;
    third[i] = c;
    fourth[i] = d;
    cc += c * c;
    cd += c * d;
  }
  products[2] = cc;
  products[3] = cd;
};

const takeOffThird = (
  third: Float64Array,
  fourth: Float64Array,
  rows: number,
  shares: Float64Array,
  products: Float64Array,
): void => {
  const shareD = shares[3];
  let dd = 0;
  for (let i = 0; i < rows; i++) {
    const d = fourth[i] - shareD * third[i];
    dd += d * d;
  }
  products[3] = dd;
};
