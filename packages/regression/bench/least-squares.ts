/**
 * Least squares with full inference on a million rows by eight features. Prints the median of user + system time of five runs (this process
 * alone, so a busy machine disturbs it less than wall time would be) and the peak resident memory.
 */
import { seededRandom } from '@stepclock/numerics';
import { dataset, featureTable, leastSquares } from '../src/index.js';

const ROWS = 1_000_000;
const FEATURES = 8;
const random = seededRandom(1, 'bench');
const columns = Array.from({ length: FEATURES }, () => Float64Array.from({ length: ROWS }, random));
const target = Float64Array.from({ length: ROWS }, (_, i) =>
  columns.reduce((sum, column, j) => sum + (j + 1) * column[i], random()),
);
const data = dataset(
  featureTable(
    columns.map((_, j) => `x${j}`),
    columns,
  ),
  target,
);
const times = Array.from({ length: 5 }, () => {
  const from = process.cpuUsage();
  const start = performance.now();
  leastSquares(data);
  const { user, system } = process.cpuUsage(from);
  return { cpuSec: (user + system) / 1e6, wallSec: (performance.now() - start) / 1e3 };
});
const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const peakMb = process.resourceUsage().maxRSS / 1024;
console.log(
  `least squares ${ROWS} x ${FEATURES}: cpu ${median(times.map((t) => t.cpuSec)).toFixed(2)} s, ` +
    `wall ${median(times.map((t) => t.wallSec)).toFixed(2)} s, peak ${peakMb.toFixed(0)} MB`,
);
