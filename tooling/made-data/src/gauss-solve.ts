/** Solves `A x = b` by Gaussian elimination with pivoting: another way than the Cholesky factor that is tested against it. */
export const gaussSolve = (a: readonly (readonly number[])[], b: readonly number[]): number[] => {
  const rows = a.map((row, i) => [...row, b[i] ?? 0]);
  const n = rows.length;
  const cell = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let j = 0; j < n; j++) {
    let pivot = j;
    for (let i = j; i < n; i++) if (Math.abs(cell(i, j)) > Math.abs(cell(pivot, j))) pivot = i;
    const [up, down] = [rows[pivot] ?? [], rows[j] ?? []];
    rows[j] = up;
    rows[pivot] = down;
    for (let i = 0; i < n; i++) {
      if (i === j) continue;
      const factor = cell(i, j) / cell(j, j);
      rows[i] = (rows[i] ?? []).map((value, k) => value - factor * cell(j, k));
    }
  }
  return rows.map((row, i) => (row[n] ?? 0) / (row[i] ?? 0));
};
