/**
 * Cholesky factor `L` of a symmetric matrix, `A = L L'` (Golub and Van Loan, Matrix Computations, 4th ed., section 4.2). Column by column, four
 * rows at a time: four sums that do not wait for one another.
 *
 * @param a n x n, row by row; only its lower triangle is read
 * @returns n x n, row by row, 0 above the diagonal; undefined where the matrix is not positive definite
 */
export const choleskyFactor = (a: Float64Array, n: number): Float64Array | undefined => {
  const l = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    const row = j * n;
    let square = a[row + j];
    for (let k = 0; k < j; k++) square -= l[row + k] ** 2;
    if (!(square > 0)) return undefined;
    const pivot = Math.sqrt(square);
    l[row + j] = pivot;
    let i = j + 1;
    for (; i + 3 < n; i += 4) {
      const r0 = i * n;
      const r1 = r0 + n;
      const r2 = r1 + n;
      const r3 = r2 + n;
      let s0 = a[r0 + j];
      let s1 = a[r1 + j];
      let s2 = a[r2 + j];
      let s3 = a[r3 + j];
      for (let k = 0; k < j; k++) {
        const value = l[row + k];
        s0 -= l[r0 + k] * value;
        s1 -= l[r1 + k] * value;
        s2 -= l[r2 + k] * value;
        s3 -= l[r3 + k] * value;
      }
      l[r0 + j] = s0 / pivot;
      l[r1 + j] = s1 / pivot;
      l[r2 + j] = s2 / pivot;
      l[r3 + j] = s3 / pivot;
    }
    for (; i < n; i++) {
      let sum = a[i * n + j];
      for (let k = 0; k < j; k++) sum -= l[i * n + k] * l[row + k];
      l[i * n + j] = sum / pivot;
    }
  }
  return l;
};

/** Solves `L x = b` in place: returns `b`, now `x`. @param stride values from one row of `L` to the next */
export const solveLowerInPlace = (l: Float64Array, n: number, b: Float64Array, stride = n): Float64Array => {
  for (let i = 0; i < n; i++) {
    let sum = b[i];
    for (let k = 0; k < i; k++) sum -= l[i * stride + k] * b[k];
    b[i] = sum / l[i * stride + i];
  }
  return b;
};

/** Solves `L' x = b` in place: returns `b`, now `x`. @param stride values from one row of `L` to the next */
export const solveUpperInPlace = (l: Float64Array, n: number, b: Float64Array, stride = n): Float64Array => {
  for (let i = n - 1; i >= 0; i--) {
    const value = b[i] / l[i * stride + i];
    b[i] = value;
    for (let k = 0; k < i; k++) b[k] -= l[i * stride + k] * value;
  }
  return b;
};
