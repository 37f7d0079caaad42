/**
 * Updates a triangular factor by a block of further rows: on return `R'R` has grown by `B'B`, where B is the block.
 * One Householder reflection a column annihilates the block under R's diagonal (the QR of R stacked on B, which leaves
 * the zeros of R alone). The block is destroyed.
 *
 * @param r upper triangle, row-major, `width * width`; signs of the diagonal are free
 * @param block `width` columns of `stride` values each, of which the first `rows` count
 *
 * Golub and Van Loan, Matrix Computations (4th ed.), sections 5.1 and 5.2; the blocks make it the sequential TSQR of
 * Demmel et al. (2012), doi:10.1137/080731992.
 */
export const stackRows = (r: Float64Array, width: number, block: Float64Array, stride: number, rows: number): void => {
  for (let k = 0; k < width; k++) {
    const pivot = k * stride;
    const below = sumOfSquares(block, pivot, rows);
    if (below === 0) continue;
    const diagonal = k * width + k;
    const alpha = r[diagonal] as number;
    const norm = Math.sqrt(alpha * alpha + below);
    // The sign that adds magnitudes: no cancellation in the first component of the reflection vector.
    const image = alpha > 0 ? -norm : norm;
    const first = alpha - image;
    const factor = 1 / (norm * (norm + Math.abs(alpha)));
    r[diagonal] = image;
    for (let j = k + 1; j < width; j++) {
      const other = j * stride;
      const top = r[k * width + j] as number;
      const share = factor * (first * top + dotProduct(block, pivot, other, rows));
      r[k * width + j] = top - share * first;
      subtractMultiple(block, pivot, other, rows, share);
    }
  }
};

/** Four partial sums: shorter chains of additions, so less rounding, and the processor may overlap them. */
const sumOfSquares = (block: Float64Array, from: number, rows: number): number => {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const end = from + rows;
  let i = from;
  for (; i + 3 < end; i += 4) {
    const p = block[i] as number;
    const q = block[i + 1] as number;
    const s = block[i + 2] as number;
    const t = block[i + 3] as number;
    a += p * p;
    b += q * q;
    c += s * s;
    d += t * t;
  }
  for (; i < end; i++) {
    const p = block[i] as number;
    a += p * p;
  }
  return a + b + (c + d);
};

const dotProduct = (block: Float64Array, left: number, right: number, rows: number): number => {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 3 < rows; i += 4) {
    a += (block[left + i] as number) * (block[right + i] as number);
    b += (block[left + i + 1] as number) * (block[right + i + 1] as number);
    c += (block[left + i + 2] as number) * (block[right + i + 2] as number);
    d += (block[left + i + 3] as number) * (block[right + i + 3] as number);
  }
  for (; i < rows; i++) a += (block[left + i] as number) * (block[right + i] as number);
  return a + b + (c + d);
};

const subtractMultiple = (block: Float64Array, source: number, into: number, rows: number, share: number): void => {
  for (let i = 0; i < rows; i++) {
    block[into + i] = (block[into + i] as number) - share * (block[source + i] as number);
  }
};
