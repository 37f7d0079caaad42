import {
  bandSpec,
  barSpec,
  formatNumber,
  histogramSpec,
  type NamedFigure,
  observedPredictedSpec,
  panelSpec,
  residualSpec,
} from '@stepclock/charts';
import type { EstimatorComparison } from '../fit/compare-estimators.js';
import type { StepTimeFit } from '../fit/fit-step-time.js';
import type { StepTimeFile } from '../model/step-time-schema.js';
import { type StepTimeFigures, stepTimeFigures } from './figure-columns.js';

const AXES: Readonly<Record<string, { readonly label: string; readonly unit: string }>> = {
  batch_size: { label: 'Batch size', unit: 'requests' },
  sequence_length: { label: 'Sequence length', unit: 'tokens' },
  kv_tokens: { label: 'KV cache', unit: 'tokens' },
  prefilling: { label: 'Requests in prefill', unit: '' },
};

const axisOf = (feature: string) => AXES[feature] ?? { label: feature, unit: '' };
const STEP_TIME = { label: 'Step time', unit: 'ms' };
/** Panels beside each other; px. */
const PANEL = { width: 360, height: 280 };

/** Measured batches can be means, with many digits. */
const batchName = (size: number): string => `batch ${formatNumber(size)}`;

const rowLabel = (row: number): string => `row ${row + 1}`;

/** `R² 0.661, RMSE 5.71 ms, MAPE 1.22 %.` */
const accuracyText = ({ r2, rmse, mape }: StepTimeFile['statistics']): string =>
  `R² ${r2 === null ? 'not defined' : r2.toFixed(3)}, RMSE ${formatNumber(rmse, 3)} ms, MAPE ${mape === null ? 'not defined' : `${formatNumber(mape, 3)} %`}.`;

const accuracyFigure = (
  { predictionAccuracy: { measuredMs, predictedMs } }: StepTimeFigures,
  file: StepTimeFile,
): NamedFigure => {
  const residual = measuredMs.map((ms, i) => ms - predictedMs[i]);
  return {
    name: 'prediction_accuracy',
    spec: panelSpec({
      title: `Step time of ${file.model_name}`,
      subtitle: `${accuracyText(file.statistics)} ${file.headline}`,
      columns: 3,
      panels: [
        observedPredictedSpec({
          ...PANEL,
          title: 'Predicted against measured',
          quantity: STEP_TIME,
          series: [{ name: 'steps', observed: measuredMs, predicted: predictedMs, label: rowLabel }],
        }),
        residualSpec({
          ...PANEL,
          title: 'Residuals over the predicted time',
          x: { label: 'Predicted step time', unit: 'ms' },
          residual: { label: 'Measured minus predicted', unit: 'ms' },
          series: [{ name: 'steps', x: predictedMs, residual, label: rowLabel }],
        }),
        histogramSpec({
          ...PANEL,
          title: 'Distribution of the errors',
          x: { label: 'Measured minus predicted', unit: 'ms' },
          series: [{ name: 'steps', values: residual }],
          counted: 'steps',
          reference: { value: 0, label: 'no error' },
        }),
      ],
    }),
  };
};

const errorFigure = (
  { errorByParameters, predictionAccuracy: { measuredMs } }: StepTimeFigures,
  file: StepTimeFile,
): NamedFigure => ({
  name: 'error_by_parameters',
  spec: panelSpec({
    title: `Errors of ${file.model_name} by parameter`,
    subtitle: `The lines join medians of neighbouring steps. ${file.headline}`,
    columns: 2,
    panels: errorByParameters.flatMap(({ feature, values, residualMs }) => {
      const over = (title: string, error: { readonly label: string; readonly unit: string }, errors: Float64Array) =>
        residualSpec({
          ...PANEL,
          width: 400,
          title: `${title} over ${axisOf(feature).label.toLowerCase()}`,
          x: axisOf(feature),
          residual: error,
          series: [{ name: 'steps', x: values, residual: errors, label: rowLabel }],
          trend: true,
        });
      const absolute = residualMs.map(Math.abs);
      return [
        over('Absolute error', { label: '|measured − predicted|', unit: 'ms' }, absolute),
        over(
          'Relative error',
          { label: '|measured − predicted| / measured', unit: '%' },
          absolute.map((error, i) => (100 * error) / measuredMs[i]),
        ),
      ];
    }),
  }),
});

const bandFigure = ({ predictionBands: { level, bands } }: StepTimeFigures, file: StepTimeFile): NamedFigure => {
  const percent = `${+(100 * level).toFixed(2)} %`;
  return {
    name: 'prediction_bands',
    spec: bandSpec({
      title: `Step time of ${file.model_name} with ${percent} prediction intervals`,
      subtitle: file.headline,
      x: axisOf('sequence_length'),
      y: STEP_TIME,
      meaning: `${percent} prediction interval of one step`,
      bands: bands.map((band) => ({
        name: batchName(band.batchSize),
        x: band.sequenceLength,
        fit: band.meanMs,
        lower: band.lowMs,
        upper: band.highMs,
      })),
      observed: bands
        .filter(({ measured }) => measured.sequenceLength.length > 0)
        .map(({ batchSize, measured }) => ({
          name: batchName(batchSize),
          x: measured.sequenceLength,
          y: measured.stepTimeMs,
        })),
    }),
  };
};

/** Left out when no estimator could be fitted. */
const comparisonFigure = ({ modelComparison }: StepTimeFigures, file: StepTimeFile): NamedFigure[] => {
  if (modelComparison.length === 0) return [];
  const panel = (
    label: string,
    unit: string,
    bars: readonly { readonly group: string; readonly series: string; readonly value: number }[],
  ) => (bars.length === 0 ? [] : [barSpec({ title: label, width: 330, value: { label, unit }, bars })]);
  return [
    {
      name: 'model_comparison',
      spec: panelSpec({
        title: `Estimators on the steps of ${file.model_name}`,
        subtitle: 'Fitted on 80 % of the rows, tested on the others.',
        panels: [
          ...panel(
            'R²',
            '',
            modelComparison.flatMap(({ estimator, part, r2 }) =>
              r2 === null ? [] : [{ group: estimator, series: part, value: r2 }],
            ),
          ),
          ...panel(
            'RMSE',
            'ms',
            modelComparison.map(({ estimator, part, rmseMs }) => ({ group: estimator, series: part, value: rmseMs })),
          ),
        ],
      }),
    },
  ];
};

/** The charts of a fit. @param file what `stepTimeFile` made of the same fit */
export const stepTimeCharts = (
  fit: StepTimeFit,
  comparison: EstimatorComparison,
  file: StepTimeFile,
): readonly NamedFigure[] => {
  const figures = stepTimeFigures(fit, comparison);
  return [
    accuracyFigure(figures, file),
    errorFigure(figures, file),
    bandFigure(figures, file),
    ...comparisonFigure(figures, file),
  ];
};
