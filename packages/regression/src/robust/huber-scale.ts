/**
 * The scale that minimises `sum w (sigma + H(r / sigma) sigma)` for given residuals: the root of `sum w min(r^2 / sigma^2, eps^2) = sum w`, found
 * exactly on sorted residuals. 0 when residuals of 0 are so many (above `1 - 1/eps^2` of the weight) that no positive scale is a minimum.
 */
export const huberScale = (residuals: Float64Array, weights: Float64Array | undefined, epsilon: number): number => {
  const n = residuals.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  const size = residuals.map(Math.abs);
  order.sort((a, b) => size[a] - size[b]);
  const weightOf = (i: number): number => (weights === undefined ? 1 : weights[i]);
  let total = 0;
  for (let i = 0; i < n; i++) total += weightOf(i);

  // With the k smallest residuals inside, sigma^2 = sum_in w r^2 / (sum w - eps^2 sum_out w); it is the answer if eps sigma lies between the
  // k-th and the next residual.
  let inside = 0;
  let outsideWeight = total;
  for (let k = 0; k < n; k++) {
    const i = order[k];
    inside += weightOf(i) * size[i] ** 2;
    outsideWeight -= weightOf(i);
    const left = total - epsilon * epsilon * Math.max(outsideWeight, 0);
    if (!(left > 0)) continue;
    const sigma = Math.sqrt(inside / left);
    const next = k + 1 < n ? size[order[k + 1]] : Number.POSITIVE_INFINITY;
    if (epsilon * sigma <= next) return sigma;
  }
  return 0;
};
