import { seededRandom } from '@stepclock/numerics';
import { nnlsColumns } from '../src/index.js';

// Tall problems as the estimators pose them: rows a million, columns few. Prints rows a second; linear means a flat column.
const random = seededRandom(1, 'bench');
for (const n of [3, 8]) {
  for (const m of [1e4, 1e5, 1e6]) {
    const columns = Array.from({ length: n }, () => Float64Array.from({ length: m }, random));
    const target = Float64Array.from({ length: m }, random);
    const times = Array.from({ length: 15 }, () => {
      const start = performance.now();
      nnlsColumns(columns, target);
      return performance.now() - start;
    }).sort((a, b) => a - b);
    const median = times[7];
    console.log(
      `${m} x ${n}: ${median.toFixed(1)} ms (best ${times[0].toFixed(1)}), ${((m / median) * 1e-3).toFixed(1)} million rows/s`,
    );
  }
}
