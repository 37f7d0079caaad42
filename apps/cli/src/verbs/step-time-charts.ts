import { bandSpec, barSpec, formatNumber, observedPredictedSpec, panelSpec, residualSpec } from '@stepclock/charts';
import type { StepTimeFigures } from '@stepclock/step-time';
import type { NamedFigure } from '../figure-files.js';

const AXES: Readonly<Record<string, { readonly label: string; readonly unit: string }>> = {
  batch_size: { label: 'Batch size', unit: 'requests' },
  sequence_length: { label: 'Sequence length', unit: 'tokens' },
  kv_tokens: { label: 'KV cache', unit: 'tokens' },
  prefilling: { label: 'Requests in prefill', unit: '' },
};

const axisOf = (feature: string) => AXES[feature] ?? { label: feature, unit: '' };
const STEP_TIME = { label: 'Step time', unit: 'ms' };

/** Measured batches can be means, with many digits. */
const batchName = (size: number): string => `batch ${formatNumber(size)}`;

/** The charts of a fit. `model_comparison` is left out when no estimator could be fitted. */
export const stepTimeCharts = (figures: StepTimeFigures, model: string, headline: string): NamedFigure[] => {
  const { predictionAccuracy, errorByParameters, predictionBands, modelComparison } = figures;
  const level = `${+(100 * predictionBands.level).toFixed(2)} %`;
  const charts: NamedFigure[] = [
    {
      name: 'prediction_accuracy',
      spec: observedPredictedSpec({
        title: `Step time of ${model}`,
        subtitle: headline,
        quantity: STEP_TIME,
        series: [
          {
            name: 'steps',
            observed: predictionAccuracy.measuredMs,
            predicted: predictionAccuracy.predictedMs,
            label: (row) => `row ${row + 1}`,
          },
        ],
      }),
    },
    {
      name: 'error_by_parameters',
      spec: panelSpec({
        title: `Errors of ${model} by parameter`,
        subtitle: headline,
        panels: errorByParameters.map(({ feature, values, residualMs }) =>
          residualSpec({
            title: `Error over ${axisOf(feature).label.toLowerCase()}`,
            width: 380,
            height: 280,
            x: axisOf(feature),
            residual: { label: 'Measured minus predicted', unit: 'ms' },
            series: [{ name: 'steps', x: values, residual: residualMs, label: (row) => `row ${row + 1}` }],
          }),
        ),
      }),
    },
    {
      name: 'prediction_bands',
      spec: bandSpec({
        title: `Step time of ${model} with ${level} prediction intervals`,
        subtitle: headline,
        x: axisOf('sequence_length'),
        y: STEP_TIME,
        meaning: `${level} prediction interval of one step`,
        bands: predictionBands.bands.map((band) => ({
          name: batchName(band.batchSize),
          x: band.sequenceLength,
          fit: band.meanMs,
          lower: band.lowMs,
          upper: band.highMs,
        })),
        observed: predictionBands.bands
          .filter(({ measured }) => measured.sequenceLength.length > 0)
          .map(({ batchSize, measured }) => ({
            name: batchName(batchSize),
            x: measured.sequenceLength,
            y: measured.stepTimeMs,
          })),
      }),
    },
  ];
  const withR2 = modelComparison.filter(({ r2 }) => r2 !== null);
  if (modelComparison.length > 0) {
    charts.push({
      name: 'model_comparison',
      spec: panelSpec({
        title: `Estimators on the steps of ${model}`,
        subtitle: 'Fitted on 80 % of the rows, tested on the others.',
        panels: [
          ...(withR2.length === 0
            ? []
            : [
                barSpec({
                  title: 'R²',
                  width: 330,
                  value: { label: 'R²', unit: '' },
                  bars: withR2.map(({ estimator, part, r2 }) => ({ group: estimator, series: part, value: r2 ?? 0 })),
                }),
              ]),
          barSpec({
            title: 'RMSE',
            width: 330,
            value: { label: 'RMSE', unit: 'ms' },
            bars: modelComparison.map(({ estimator, part, rmseMs }) => ({
              group: estimator,
              series: part,
              value: rmseMs,
            })),
          }),
        ],
      }),
    });
  }
  return charts;
};
