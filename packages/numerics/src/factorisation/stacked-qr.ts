/**
 * Room for a triangular factor and for blocks of rows to be stacked under it.
 *
 * A block lies column by column: column j at `j * stride`. One Householder reflection a column annihilates the block under
 * R's diagonal: the QR of R stacked on B, which leaves the zeros of R alone.
 *
 * Golub and Van Loan, Matrix Computations (4th ed.), sections 5.1 and 5.2; the blocks make it the sequential TSQR of
 * Demmel et al. (2012), doi:10.1137/080731992.
 */
interface StackedFactor {
  /** Upper triangle, row-major, `width * width`; signs of the diagonal are free. */
  readonly r: Float64Array;
  readonly width: number;
  readonly block: Float64Array;
  readonly stride: number;
  /** The columns of the block, as views. */
  readonly columns: readonly Float64Array[];
  /** Products of the pivot column with the columns right of it, and the multiples of it to be taken off them. */
  readonly products: Float64Array;
  readonly shares: Float64Array;
}

export const emptyFactor = (width: number, stride: number): StackedFactor => {
  const block = new Float64Array(width * stride);
  return {
    r: new Float64Array(width * width),
    width,
    block,
    stride,
    columns: Array.from({ length: width }, (_, j) => block.subarray(j * stride, (j + 1) * stride)),
    products: new Float64Array(width),
    shares: new Float64Array(width),
  };
};

/**
 * Stacks the first `rows` rows of the block under R and makes the whole triangular again: `R'R` grows by `B'B`. The block
 * is destroyed. Each reflection is applied in the same pass that takes the products for the next one.
 */
export const stackBlock = ({ r, width, block, stride, products, shares }: StackedFactor, rows: number): void => {
  for (let j = 0; j < width; j++) products[j] = dotProduct(block, 0, j * stride, rows);
  for (let k = 0; k < width; k++) {
    reflectRow(r, width, k, products, shares);
    if (k + 1 === width) return;
    const mirror = k * stride;
    const next = mirror + stride;
    products[k + 1] = subtractAndSquare(block, mirror, next, shares[k + 1], rows);
    for (let j = k + 2; j < width; j++) {
      products[j] = subtractAndMultiply(block, mirror, j * stride, next, shares[j], rows);
    }
  }
};

/** Applies the reflection of column k to row k of R, and leaves in `shares` what it takes off the block's columns. */
const reflectRow = (r: Float64Array, width: number, k: number, products: Float64Array, shares: Float64Array): void => {
  const below = products[k];
  if (below === 0) {
    shares.fill(0, k + 1);
    return;
  }
  const row = k * width;
  const alpha = r[row + k];
  const norm = Math.sqrt(alpha * alpha + below);
  // The sign that adds magnitudes: no cancellation in the first component of the reflection vector.
  const image = alpha > 0 ? -norm : norm;
  const first = alpha - image;
  const factor = 1 / (norm * (norm + Math.abs(alpha)));
  r[row + k] = image;
  for (let j = k + 1; j < width; j++) {
    const top = r[row + j];
    const share = factor * (first * top + products[j]);
    r[row + j] = top - share * first;
    shares[j] = share;
  }
};

// Two partial sums each: shorter chains of additions, so less rounding, and the processor may overlap them.

const dotProduct = (block: Float64Array, left: number, right: number, rows: number): number => {
  let even = 0;
  let odd = 0;
  let i = 0;
  for (; i + 1 < rows; i += 2) {
    even += block[left + i] * block[right + i];
    odd += block[left + i + 1] * block[right + i + 1];
  }
  if (i < rows) even += block[left + i] * block[right + i];
  return even + odd;
};

/** `into -= share * mirror`; returns the square of the new length of `into`. */
const subtractAndSquare = (block: Float64Array, mirror: number, into: number, share: number, rows: number): number => {
  let even = 0;
  let odd = 0;
  let i = 0;
  for (; i + 1 < rows; i += 2) {
    const a = block[into + i] - share * block[mirror + i];
    const b = block[into + i + 1] - share * block[mirror + i + 1];
    block[into + i] = a;
    block[into + i + 1] = b;
    even += a * a;
    odd += b * b;
  }
  if (i < rows) {
    const a = block[into + i] - share * block[mirror + i];
    block[into + i] = a;
    even += a * a;
  }
  return even + odd;
};

/** `into -= share * mirror`; returns the product of the new `into` with the column `other`. */
const subtractAndMultiply = (
  block: Float64Array,
  mirror: number,
  into: number,
  other: number,
  share: number,
  rows: number,
): number => {
  let even = 0;
  let odd = 0;
  let i = 0;
  for (; i + 1 < rows; i += 2) {
    const a = block[into + i] - share * block[mirror + i];
    const b = block[into + i + 1] - share * block[mirror + i + 1];
    block[into + i] = a;
    block[into + i + 1] = b;
    even += a * block[other + i];
    odd += b * block[other + i + 1];
  }
  if (i < rows) {
    const a = block[into + i] - share * block[mirror + i];
    block[into + i] = a;
    even += a * block[other + i];
  }
  return even + odd;
};
