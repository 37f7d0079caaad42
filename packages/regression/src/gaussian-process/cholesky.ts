/** Lower triangle L of `A = L L'`, row by row (n x n, upper part untouched); undefined when A is not positive definite. */
export const cholesky = (a: Float64Array, n: number): Float64Array | undefined => {
  const lower = a.slice();
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j <= i; j++) {
      const other = j * n;
      let sum = lower[row + j];
      for (let k = 0; k < j; k++) sum -= lower[row + k] * lower[other + k];
      if (j < i) lower[row + j] = sum / lower[other + j];
      else if (sum > 0) lower[row + i] = Math.sqrt(sum);
      else return undefined;
    }
  }
  return lower;
};

/** `L x = b`. */
export const solveLower = (lower: Float64Array, n: number, b: Float64Array): Float64Array => {
  const x = b.slice();
  for (let i = 0; i < n; i++) {
    let sum = x[i];
    for (let k = 0; k < i; k++) sum -= lower[i * n + k] * x[k];
    x[i] = sum / lower[i * n + i];
  }
  return x;
};

/** `L' x = b`. */
export const solveUpper = (lower: Float64Array, n: number, b: Float64Array): Float64Array => {
  const x = b.slice();
  for (let i = n - 1; i >= 0; i--) {
    const value = x[i] / lower[i * n + i];
    x[i] = value;
    for (let k = 0; k < i; k++) x[k] = x[k] - lower[i * n + k] * value;
  }
  return x;
};

/** `A^-1 = L'^-1 L^-1`, lower triangle only. */
export const inverseFromCholesky = (lower: Float64Array, n: number): Float64Array => {
  // Row j of `columns` is column j of L^-1, which starts at row j.
  const columns = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    const at = j * n;
    columns[at + j] = 1 / lower[j * n + j];
    for (let i = j + 1; i < n; i++) {
      let sum = 0;
      for (let k = j; k < i; k++) sum -= lower[i * n + k] * columns[at + k];
      columns[at + i] = sum / lower[i * n + i];
    }
  }
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = i; k < n; k++) sum += columns[i * n + k] * columns[j * n + k];
      inverse[i * n + j] = sum;
    }
  }
  return inverse;
};
