/** `(L L')^-1` from a Cholesky factor, n x n row by row: its lower triangle; the upper one is 0. */
export const inverseOfFactored = (l: Float64Array, n: number): Float64Array => {
  // Rows of the transposed inverse of L, four at a time.
  const m = new Float64Array(n * n);
  const inverse = new Float64Array(n * n);
  for (let j = 0; j < n; j += 4) {
    const rows = Math.min(4, n - j);
    for (let r = 0; r < rows; r++) invertColumn(l, m, n, j + r, Math.min(j + 4, n));
    if (rows === 4) continueColumns(l, m, n, j);
  }
  for (let i = 0; i < n; i++) {
    const row = i * n;
    let j = 0;
    for (; j + 3 <= i; j += 4) {
      const r0 = j * n;
      const r1 = r0 + n;
      const r2 = r1 + n;
      const r3 = r2 + n;
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let k = i; k < n; k++) {
        const value = m[row + k];
        s0 += value * m[r0 + k];
        s1 += value * m[r1 + k];
        s2 += value * m[r2 + k];
        s3 += value * m[r3 + k];
      }
      inverse[row + j] = s0;
      inverse[row + j + 1] = s1;
      inverse[row + j + 2] = s2;
      inverse[row + j + 3] = s3;
    }
    for (; j <= i; j++) {
      let sum = 0;
      for (let k = i; k < n; k++) sum += m[row + k] * m[j * n + k];
      inverse[row + j] = sum;
    }
  }
  return inverse;
};

/** Column j of `L^-1`, down to row `end`, into row j of m. */
const invertColumn = (l: Float64Array, m: Float64Array, n: number, j: number, end: number): void => {
  m[j * n + j] = 1 / l[j * n + j];
  for (let i = j + 1; i < end; i++) {
    let sum = 0;
    for (let k = j; k < i; k++) sum += l[i * n + k] * m[j * n + k];
    m[j * n + i] = -sum / l[i * n + i];
  }
};

/** Columns j to j + 3 of `L^-1` from row j + 4 on. */
const continueColumns = (l: Float64Array, m: Float64Array, n: number, j: number): void => {
  const r0 = j * n;
  const r1 = r0 + n;
  const r2 = r1 + n;
  const r3 = r2 + n;
  for (let i = j + 4; i < n; i++) {
    const row = i * n;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let k = j; k < i; k++) {
      const value = l[row + k];
      s0 += value * m[r0 + k];
      s1 += value * m[r1 + k];
      s2 += value * m[r2 + k];
      s3 += value * m[r3 + k];
    }
    const pivot = -l[row + i];
    m[r0 + i] = s0 / pivot;
    m[r1 + i] = s1 / pivot;
    m[r2 + i] = s2 / pivot;
    m[r3 + i] = s3 / pivot;
  }
};
