import {
  type Calibration,
  type DeviceModel,
  type DevicePrediction,
  type EnergyParts,
  METRIC_FACTS,
  METRICS,
  type Metric,
  type MetricEvaluation,
  type Suggestion,
} from '@stepclock/token2metrics';
import { durationText, significant } from './quantity.js';
import { tableText } from './table.js';

const UNITS = { time: 's', energy: 'J', power: 'W' } as const;

/** A value in the unit that reads best. */
const metricText = (metric: Metric, value: number): string => {
  const { quantity } = METRIC_FACTS[metric];
  return quantity === 'time' ? durationText(value) : `${significant(value, 4)} ${UNITS[quantity]}`;
};

const percentText = (value: number): string => `${significant(value, 3)} %`;

const intervalText = (relativeRadius: number | undefined): string =>
  relativeRadius === undefined ? '' : `+-${percentText(100 * relativeRadius)}`;

/** The held-out errors of a model, one row a metric. */
export const modelText = (model: DeviceModel): string => {
  const rows = METRICS.flatMap((metric) => {
    const own = model.metrics[metric];
    if (!own) return [];
    const { validation } = own;
    const level = validation?.interval?.level;
    return [
      [
        METRIC_FACTS[metric].title,
        own.method === 'sum' ? 'prefill + decode' : own.method,
        validation ? percentText(validation.mapePercent) : 'not held out',
        validation ? metricText(metric, validation.metrics.mae) : '',
        validation ? intervalText(validation.interval?.relativeRadius) : '',
        level === undefined ? '' : `${+(100 * level).toFixed(2)} %`,
        String(own.range.rows),
      ],
    ];
  });
  return tableText([['metric', 'by', 'held-out MAPE', 'MAE', 'interval', 'level', 'rows'], ...rows], [0, 1]);
};

/** Who won the comparison, and by how much. */
export const candidatesText = (model: DeviceModel): string =>
  Object.values(model.metrics)
    .filter(({ candidates }) => candidates.length > 0)
    .map(({ metric, method, candidates }) => {
      const own = candidates.find(({ regressor }) => regressor === method)?.mapePercent ?? Number.NaN;
      const others = candidates
        .filter(({ regressor }) => regressor !== method)
        .map(({ regressor, mapePercent }) =>
          mapePercent === null ? `${regressor} could not be fitted` : `${regressor} ${percentText(mapePercent)}`,
        );
      const better = candidates.some(({ mapePercent }) => mapePercent !== null && mapePercent < own);
      const why = better ? ' (kept within 5 % of the best: it holds beyond the rows trained on)' : '';
      return `${METRIC_FACTS[metric].title}: ${method} ${percentText(own)}${why}, against ${others.join(', ')}`;
    })
    .join('\n');

/** One prediction, a line a metric. */
export const predictionText = (prediction: DevicePrediction, energy: EnergyParts | undefined): string => {
  const rows = METRICS.flatMap((metric) => {
    const own = prediction[metric];
    if (!own) return [];
    const { interval } = own;
    const range = interval
      ? `${+(100 * interval.level).toFixed(2)} %: ${metricText(metric, interval.low[0] ?? 0)} to ${metricText(metric, interval.high[0] ?? 0)}`
      : '';
    const note = own.fellBack[0]
      ? 'by physics: the model says nothing here'
      : own.outside[0]
        ? 'outside the training range'
        : '';
    return [[METRIC_FACTS[metric].title, metricText(metric, own.value[0] ?? 0), range, note]];
  });
  if (energy) {
    rows.push(
      [
        'energy of the prefill',
        `${significant(energy.prefillJ[0] ?? 0, 4)} J`,
        '',
        energy.split === 'time' ? 'shared by time' : '',
      ],
      ['energy of the decode', `${significant(energy.decodeJ[0] ?? 0, 4)} J`, '', ''],
      ['energy per output token', `${significant(energy.perTokenJ[0] ?? 0, 4)} J/token`, '', ''],
      ['output tokens per joule', `${significant(energy.tokensPerJ[0] ?? 0, 4)} tokens/J`, '', ''],
    );
  }
  return tableText(rows, [0, 2, 3]);
};

/** Errors on other measurements. */
export const evaluationText = (evaluations: readonly MetricEvaluation[]): string =>
  tableText(
    [
      ['metric', 'rows', 'MAPE', 'MAE', 'P95', 'r2', 'inside interval', 'outside training range'],
      ...evaluations.map(({ metric, metrics, mapePercent, coverage, outsideRows, fallbackRows }) => [
        METRIC_FACTS[metric].title,
        String(metrics.n),
        percentText(mapePercent),
        metricText(metric, metrics.mae),
        metricText(metric, metrics.p95AbsoluteError),
        metrics.r2 === null ? '' : metrics.r2.toFixed(5),
        coverage ? `${(100 * coverage.share).toFixed(1)} % of ${+(100 * coverage.level).toFixed(2)} %` : '',
        outsideRows === 0 ? '0' : `${outsideRows}${fallbackRows > 0 ? ` (${fallbackRows} by physics)` : ''}`,
      ]),
    ],
    [0],
  );

/** How each metric was carried over. */
export const calibrationText = ({ metrics, left }: Calibration): string =>
  [
    ...metrics.map(({ metric, samples, choice }) => {
      const trials = choice.trials.flatMap(({ method, heldOutMapePercent }) =>
        heldOutMapePercent === null ? [] : [`${method} ${percentText(heldOutMapePercent)}`],
      );
      return `${METRIC_FACTS[metric].title}: ${choice.method}, ${choice.reason} (${samples} samples${trials.length > 0 ? `; leave-one-out: ${trials.join(', ')}` : ''})`;
    }),
    ...left.map(({ metric, reason }) => `${METRIC_FACTS[metric].title}: not carried over, ${reason}`),
  ].join('\n');

/** What to measure next. */
export const suggestionText = (suggestions: readonly Suggestion[]): string =>
  tableText([
    ['measure next: input tokens', 'output tokens', 'uncertainty before', 'after (of one measurement)'],
    ...suggestions.map(({ inputTokens, outputTokens, uncertaintyBefore, uncertaintyAfter }) => [
      String(inputTokens),
      String(outputTokens),
      significant(uncertaintyBefore, 3),
      significant(uncertaintyAfter, 3),
    ]),
  ]);
