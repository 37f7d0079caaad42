/** Dense symmetric algebra on row-major square matrices, in place where it says so. Sizes here are a hundred or two. */

/** Lower Cholesky factor of a symmetric matrix, or undefined when it is not positive definite. Only the lower triangle is read. */
export const choleskyFactor = (a: Float64Array, n: number): Float64Array | undefined => {
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const rowI = i * n;
    for (let j = 0; j <= i; j++) {
      const rowJ = j * n;
      let sum = a[rowI + j] as number;
      for (let k = 0; k < j; k++) sum -= (l[rowI + k] as number) * (l[rowJ + k] as number);
      if (i !== j) l[rowI + j] = sum / (l[rowJ + j] as number);
      else if (sum > 0) l[rowI + i] = Math.sqrt(sum);
      else return undefined;
    }
  }
  return l;
};

/** Solves `L x = b` in place. */
export const solveLowerInPlace = (l: Float64Array, n: number, b: Float64Array): Float64Array => {
  for (let i = 0; i < n; i++) {
    let sum = b[i] as number;
    for (let k = 0; k < i; k++) sum -= (l[i * n + k] as number) * (b[k] as number);
    b[i] = sum / (l[i * n + i] as number);
  }
  return b;
};

/** Solves `L' x = b` in place. */
export const solveUpperInPlace = (l: Float64Array, n: number, b: Float64Array): Float64Array => {
  for (let i = n - 1; i >= 0; i--) {
    const value = (b[i] as number) / (l[i * n + i] as number);
    b[i] = value;
    for (let k = 0; k < i; k++) b[k] = (b[k] as number) - (l[i * n + k] as number) * value;
  }
  return b;
};

/** `(L L')^-1`, its lower triangle; the upper one is 0. */
export const inverseOfFactored = (l: Float64Array, n: number): Float64Array => {
  // Rows of the transposed inverse of L, so that the products below run along rows.
  const m = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    m[j * n + j] = 1 / (l[j * n + j] as number);
    for (let i = j + 1; i < n; i++) {
      let sum = 0;
      for (let k = j; k < i; k++) sum += (l[i * n + k] as number) * (m[j * n + k] as number);
      m[j * n + i] = -sum / (l[i * n + i] as number);
    }
  }
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = i; k < n; k++) sum += (m[i * n + k] as number) * (m[j * n + k] as number);
      inverse[i * n + j] = sum;
    }
  }
  return inverse;
};
