import {
  bandSpec,
  barSpec,
  type ChartSpec,
  compositionSpec,
  convergenceSpec,
  curveSpec,
  ecdfSpec,
  histogramSpec,
  observedPredictedSpec,
  residualSpec,
  stackedSpec,
  timelineSpec,
} from '../src/index.js';

const x = [1, 2, 3, 4, 5, 6];

/** One small chart of each kind, of numbers that can be checked by eye. */
export const everySpec = (): Readonly<Record<string, ChartSpec>> => ({
  'observed-predicted': observedPredictedSpec({
    title: 'Durations',
    subtitle: 'six phases',
    quantity: { label: 'Duration', unit: 's' },
    series: [
      {
        name: 'prefill',
        observed: [0.01, 0.02, 0.04],
        predicted: [0.011, 0.019, 0.04],
        label: (row) => `request ${row}`,
      },
      { name: 'decode', observed: [0.5, 1, 3], predicted: [0.52, 0.97, 3.1], label: (row) => `request ${row}` },
    ],
  }),
  residual: residualSpec({
    title: 'Residuals',
    x: { label: 'Batch size', unit: 'sequences' },
    residual: { label: 'Residual', unit: 's' },
    series: [{ name: 'steps', x, residual: [1e-4, -2e-4, 0, 3e-4, -1e-4, 2e-4] }],
  }),
  trend: residualSpec({
    title: 'Errors, one far out',
    width: 380,
    x: { label: 'Batch size', unit: 'sequences' },
    residual: { label: 'Error', unit: '%' },
    series: [
      {
        name: 'steps',
        x: Array.from({ length: 40 }, (_, i) => i + 1),
        residual: Array.from({ length: 40 }, (_, i) => (i === 7 ? 900 : i % 5)),
      },
    ],
    trend: true,
  }),
  band: bandSpec({
    title: 'Step time',
    x: { label: 'Sequence length', unit: 'tokens' },
    y: { label: 'Step time', unit: 'ms' },
    meaning: '95 % prediction interval',
    bands: [{ name: 'batch 8', x, fit: x, lower: x.map((v) => v - 0.5), upper: x.map((v) => v + 0.5) }],
    observed: [{ name: 'batch 8', x, y: x.map((v) => v + 0.1) }],
  }),
  bar: barSpec({
    title: 'Models',
    value: { label: 'RMSE', unit: 'ms' },
    bars: [
      { group: 'least squares', series: 'train', value: 1.2, interval: [1.1, 1.4] },
      { group: 'least squares', series: 'test', value: 1.5 },
      { group: 'forest', series: 'train', value: 0.7 },
      { group: 'forest', series: 'test', value: 1.4 },
    ],
    reference: { value: 1, label: 'noise' },
  }),
  curve: curveSpec({
    title: 'Transfer',
    x: { label: 'Target samples', unit: '', scale: 'log' },
    y: { label: 'MAPE', unit: '%' },
    curves: [
      { name: 'affine', x: [10, 25, 50], y: [9, 7, 6], error: [1, 0.6, 0.4] },
      { name: 'process', x: [10, 25, 50], y: [8, 5, 4], error: [0.9, 0.5, 0.3] },
    ],
    reference: { value: 12, label: 'no calibration' },
  }),
  ecdf: ecdfSpec({
    title: 'TTFT',
    quantity: { label: 'TTFT', unit: 's' },
    series: [
      { name: 'measured', values: x },
      { name: 'replayed', values: x.map((v) => v * 1.1) },
    ],
  }),
  histogram: histogramSpec({
    title: 'Errors',
    x: { label: 'Relative error', unit: '%' },
    series: [{ name: 'phases', values: [...x, 3, 3, 4] }],
    reference: { value: 3, label: 'middle' },
    counted: 'phases',
  }),
  composition: compositionSpec({
    title: 'Compositions',
    x: { label: 'Decodes', unit: 'sequences' },
    y: { label: 'Prefill tokens', unit: 'tokens' },
    colour: { label: 'Step time', unit: 's' },
    xs: x,
    ys: x.map((v) => v * 100),
    colours: x.map((v) => v / 100),
    counted: 'steps',
  }),
  timeline: timelineSpec({
    title: 'Pressure',
    y: { label: 'Prefill pressure', unit: 'tokens/step' },
    signals: [{ name: 'prefill', timeSec: x, value: [0, 10, 20, 10, 0, 5], durationSec: x.map(() => 1) }],
  }),
  stacked: stackedSpec({
    title: 'Requests',
    y: { label: 'Active requests', unit: 'requests' },
    signals: [
      { name: 'decoding', timeSec: x, value: [1, 2, 3, 3, 2, 1], durationSec: x.map(() => 1) },
      { name: 'in prefill', timeSec: x, value: [1, 1, 0, 1, 0, 0], durationSec: x.map(() => 1) },
    ],
  }),
  convergence: convergenceSpec({
    title: 'Convergence',
    series: [{ name: 'change', change: [1e-2, 1e-3, 1e-5, 1e-8] }],
    tolerance: 1e-6,
  }),
});
