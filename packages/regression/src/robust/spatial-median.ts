/**
 * The point with the least sum of distances to the given ones (Weiszfeld 1937, with the step of Vardi and Zhang 2000, doi:10.1073/pnas.97.4.1423,
 * which does not get stuck on a data point).
 *
 * @param points row-major, `count * size`
 */
export const spatialMedian = (points: Float64Array, size: number): Float64Array => {
  const count = points.length / size;
  let centre = new Float64Array(size);
  for (let i = 0; i < points.length; i++) centre[i % size] = centre[i % size] + points[i] / count;
  for (let iteration = 0; iteration < 300; iteration++) {
    const pull = new Float64Array(size);
    let inverse = 0;
    let here = 0;
    for (let k = 0; k < count; k++) {
      let squared = 0;
      for (let j = 0; j < size; j++) squared += (points[k * size + j] - centre[j]) ** 2;
      if (squared === 0) {
        here++;
        continue;
      }
      const weight = 1 / Math.sqrt(squared);
      inverse += weight;
      for (let j = 0; j < size; j++) pull[j] = pull[j] + weight * points[k * size + j];
    }
    if (inverse === 0) return centre;
    const mean = pull.map((value) => value / inverse);
    let force = 0;
    for (let j = 0; j < size; j++) force += (inverse * (mean[j] - centre[j])) ** 2;
    const stay = force === 0 ? 1 : Math.min(1, here / Math.sqrt(force));
    const next = mean.map((value, j) => (1 - stay) * value + stay * centre[j]);
    let moved = 0;
    let length = 0;
    for (let j = 0; j < size; j++) {
      moved += (next[j] - centre[j]) ** 2;
      length += next[j] ** 2;
    }
    centre = next;
    if (moved <= 1e-24 * length) break;
  }
  return centre;
};
