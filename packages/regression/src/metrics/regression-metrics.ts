import { CompensatedSum, meanOf, quantileSorted } from '@stepclock/numerics';
import { fault } from '../fault.js';

/** How far predictions lie from what was measured. Errors are in the target's unit; `null` where a figure is not defined. */
export interface RegressionMetrics {
  readonly n: number;
  readonly mse: number;
  readonly rmse: number;
  readonly mae: number;
  /** Mean of |error| / |measured|, percent; `null` when a measured value is 0. */
  readonly mapePercent: number | null;
  readonly medianAbsoluteError: number;
  readonly p90AbsoluteError: number;
  readonly p95AbsoluteError: number;
  readonly p99AbsoluteError: number;
  readonly maxAbsoluteError: number;
  /** Mean of predicted - measured: above 0 when the model reads high. */
  readonly bias: number;
  /** `1 - sum error^2 / sum (measured - mean)^2`; `null` when the measured values are all the same. */
  readonly r2: number | null;
  /** `1 - var(error) / var(measured)`: r2 without the bias's part; `null` like r2. */
  readonly explainedVariance: number | null;
}

/**
 * Error metrics of predictions. Percentiles interpolate linearly between order statistics (type 7, as numpy does).
 *
 * @throws Fault `regression/no-rows`, `regression/length-mismatch`, `regression/bad-column`
 *
 * @example
 * regressionMetrics(Float64Array.of(10, 20, 30), Float64Array.of(11, 19, 30)).mae // => 0.6666666666666666
 */
export const regressionMetrics = (measured: Float64Array, predicted: Float64Array): RegressionMetrics => {
  const n = measured.length;
  if (n === 0) throw fault('regression/no-rows', { what: 'measured', rule: 'must have at least one row', value: 0 });
  if (predicted.length !== n) {
    const rule = `must have as many rows as measured (${n})`;
    throw fault('regression/length-mismatch', { what: 'predicted', rule, value: predicted.length });
  }
  const absolute = new Float64Array(n);
  const squares = new CompensatedSum();
  const sum = new CompensatedSum();
  const absoluteSum = new CompensatedSum();
  const relative = new CompensatedSum();
  let zeros = 0;
  for (let i = 0; i < n; i++) {
    const y = measured[i];
    const error = predicted[i] - y;
    if (!Number.isFinite(error)) {
      const what = Number.isFinite(y) ? 'predicted' : 'measured';
      const value = Number.isFinite(y) ? predicted[i] : y;
      throw fault('regression/bad-column', { what, rule: 'must be a finite number', value, row: i });
    }
    absolute[i] = Math.abs(error);
    squares.add(error * error);
    sum.add(error);
    absoluteSum.add(Math.abs(error));
    if (y === 0) zeros++;
    else relative.add(Math.abs(error / y));
  }
  absolute.sort();
  const at = (p: number): number => quantileSorted(absolute, p);
  const bias = sum.value / n;
  const mean = meanOf(measured);
  const total = new CompensatedSum();
  const scatter = new CompensatedSum();
  for (let i = 0; i < n; i++) {
    const y = measured[i];
    total.add((y - mean) ** 2);
    scatter.add((predicted[i] - y - bias) ** 2);
  }
  const spread = total.value;
  return {
    n,
    mse: squares.value / n,
    rmse: Math.sqrt(squares.value / n),
    mae: absoluteSum.value / n,
    mapePercent: zeros > 0 ? null : (100 * relative.value) / n,
    medianAbsoluteError: at(0.5),
    p90AbsoluteError: at(0.9),
    p95AbsoluteError: at(0.95),
    p99AbsoluteError: at(0.99),
    maxAbsoluteError: absolute[n - 1],
    bias,
    r2: isConstant(measured) ? null : 1 - squares.value / spread,
    explainedVariance: isConstant(measured) ? null : 1 - scatter.value / spread,
  };
};

/** Whether all values are the same; asked of the values, since their sum of squares about a rounded mean may not be 0. */
const isConstant = (values: Float64Array): boolean => values.every((value) => value === values[0]);
