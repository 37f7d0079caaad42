import { curveSpec, type NamedFigure, observedPredictedSpec, panelSpec, residualSpec } from '@stepclock/charts';
import { learningCurve } from '../model/learning-curve.js';
import type { TrainedDevice } from '../model/train-device.js';
import { metricRows } from '../model/training-rows.js';
import type { RegressorOptions } from '../regressors/regressor.js';
import { isRegressor } from '../regressors/regressors.js';
import { METRIC_FACTS, type Metric } from '../table/metric.js';
import { SI_UNIT } from '../table/units.js';

const PANEL = { width: 380, height: 280 } as const;

const titled = (metric: Metric): string => {
  const { title } = METRIC_FACTS[metric];
  return title.charAt(0).toUpperCase() + title.slice(1);
};

/** The three figures of a training: all of held-out rows. */
export const trainingFigures = (trained: TrainedDevice, options: RegressorOptions): NamedFigure[] => {
  const { model, heldOut, table } = trained;
  const label = (rows: Int32Array) => (k: number) => `line ${table.line[rows[k]]}`;
  const figures: NamedFigure[] = [
    {
      name: 'predicted_vs_actual',
      spec: panelSpec({
        title: `${model.name}: predicted against measured`,
        subtitle: 'Every row predicted by a model that had not seen its setting.',
        panels: heldOut.map(({ metric, rows, measured, predicted }) =>
          observedPredictedSpec({
            title: titled(metric),
            ...PANEL,
            quantity: { label: titled(metric), unit: SI_UNIT[METRIC_FACTS[metric].quantity] },
            series: [{ name: 'held-out rows', observed: measured, predicted, label: label(rows) }],
          }),
        ),
      }),
    },
    {
      name: 'residuals',
      spec: panelSpec({
        title: `${model.name}: relative errors of held-out rows`,
        panels: heldOut.map(({ metric, rows, measured, predicted }) =>
          residualSpec({
            title: titled(metric),
            ...PANEL,
            x: { label: `Predicted ${METRIC_FACTS[metric].title}`, unit: SI_UNIT[METRIC_FACTS[metric].quantity] },
            residual: { label: 'Measured over predicted, minus one', unit: '%' },
            series: [
              {
                name: 'held-out rows',
                x: predicted,
                residual: measured.map((value, k) => 100 * (value / predicted[k] - 1)),
                label: label(rows),
              },
            ],
          }),
        ),
      }),
    },
  ];
  const curves = heldOut.flatMap(({ metric }) => {
    const method = model.metrics[metric]?.method ?? 'sum';
    if (!isRegressor(method)) return [];
    const points = learningCurve(metricRows(table, metric), method, options);
    if (points.length < 2) return [];
    return [
      {
        name: METRIC_FACTS[metric].title,
        x: points.map(({ rows }) => rows),
        y: points.map(({ mapePercent }) => mapePercent),
      },
    ];
  });
  if (curves.length > 0) {
    figures.push({
      name: 'learning_curve',
      spec: curveSpec({
        title: `${model.name}: error against training rows`,
        subtitle: 'Median over the held-out folds of settings.',
        x: { label: 'Rows trained on', unit: '', scale: 'log' },
        y: { label: 'Held-out MAPE', unit: '%', scale: 'log' },
        curves,
      }),
    });
  }
  return figures;
};
