import { CompensatedSum, quantileSorted } from '@stepclock/numerics';
import { fault } from '../fault.js';

/** How far predictions lie from what was measured. Errors are in the target's unit; `null` where a figure is not defined. */
export interface RegressionMetrics {
  readonly n: number;
  /** Saturates at the largest double. */
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
  const errors = new Float64Array(n);
  const absolute = new Float64Array(n);
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
    errors[i] = error;
    absolute[i] = Math.abs(error);
    if (y === 0) zeros++;
    else relative.add(Math.abs(error / y));
  }
  absolute.sort();
  const at = (p: number): number => quantileSorted(absolute, p);
  // Sums are taken in a unit in which no square overflows: a power of two, so that nothing is rounded.
  const largest = measured.reduce((most, y) => Math.max(most, Math.abs(y)), absolute[n - 1]);
  const unit = largest > SAFE_TO_SQUARE ? 2 ** Math.floor(Math.log2(largest)) : 1;
  const total = (inUnits: (row: number) => number): number => {
    const sum = new CompensatedSum();
    for (let i = 0; i < n; i++) sum.add(inUnits(i));
    return sum.value;
  };
  const squares = total((i) => (errors[i] / unit) ** 2);
  const bias = total((i) => errors[i] / unit) / n;
  const mean = total((i) => measured[i] / unit) / n;
  const spread = total((i) => (measured[i] / unit - mean) ** 2);
  const scatter = total((i) => (errors[i] / unit - bias) ** 2);
  return {
    n,
    mse: Math.min(unit * (unit * (squares / n)), Number.MAX_VALUE),
    rmse: unit * Math.sqrt(squares / n),
    mae: unit * (total((i) => absolute[i] / unit) / n),
    mapePercent: zeros > 0 ? null : (100 * relative.value) / n,
    medianAbsoluteError: at(0.5),
    p90AbsoluteError: at(0.9),
    p95AbsoluteError: at(0.95),
    p99AbsoluteError: at(0.99),
    maxAbsoluteError: absolute[n - 1],
    bias: unit * bias,
    r2: isConstant(measured) ? null : 1 - squares / spread,
    explainedVariance: isConstant(measured) ? null : 1 - scatter / spread,
  };
};

/** The squares of numbers up to this, and sums of 2^20 of them, fit into doubles. */
const SAFE_TO_SQUARE = 2 ** 500;

/** Whether all values are the same; asked of the values, since their sum of squares about a rounded mean may not be 0. */
const isConstant = (values: Float64Array): boolean => values.every((value) => value === values[0]);
