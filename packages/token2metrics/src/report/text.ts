import { durationText, significantText, textTable } from '@stepclock/charts';
import type { Warning } from '@stepclock/faults';
import type { Calibration } from '../calibration/calibrate.js';
import type { Suggestion } from '../calibration/suggest.js';
import type { DeviceModel } from '../model/device-model.js';
import type { EnergyParts } from '../model/energy-parts.js';
import type { MetricEvaluation } from '../model/evaluate.js';
import type { DevicePrediction } from '../model/predict.js';
import { METRIC_FACTS, METRICS, type Metric } from '../table/metric.js';
import { SI_UNIT } from '../table/units.js';
import { rangeText } from './range-text.js';

/** A value in the unit that reads best. */
const metricText = (metric: Metric, value: number): string => {
  const { quantity } = METRIC_FACTS[metric];
  return quantity === 'time' ? durationText(value) : `${significantText(value, 4)} ${SI_UNIT[quantity]}`;
};

const percentOf = (value: number): string => `${significantText(value, 3)} %`;

const intervalText = (relativeRadius: number | undefined): string =>
  relativeRadius === undefined ? '' : `+-${percentOf(100 * relativeRadius)}`;

/** The held-out errors of a model, one row a metric; a setting is a set of token counts, however often it was repeated. */
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
        validation ? percentOf(validation.mapePercent) : 'one setting: not held out',
        validation ? metricText(metric, validation.metrics.mae) : '',
        validation ? intervalText(validation.interval?.relativeRadius) : '',
        level === undefined ? '' : `${+(100 * level).toFixed(2)} %`,
        String(own.range.rows),
        validation ? String(validation.settings) : '',
      ],
    ];
  });
  return textTable(
    [['metric', 'by', 'held-out MAPE', 'MAE', 'interval', 'level', 'rows', 'settings'], ...rows],
    [0, 1],
  );
};

/** Who won the comparison, and by how much. */
const candidatesText = (model: DeviceModel): string =>
  Object.values(model.metrics)
    .filter(({ candidates }) => candidates.length > 0)
    .map(({ metric, method, candidates }) => {
      const own = candidates.find(({ regressor }) => regressor === method)?.mapePercent ?? Number.NaN;
      const others = candidates
        .filter(({ regressor }) => regressor !== method)
        .map(({ regressor, mapePercent }) =>
          mapePercent === null ? `${regressor} could not be fitted` : `${regressor} ${percentOf(mapePercent)}`,
        );
      const better = candidates.some(({ mapePercent }) => mapePercent !== null && mapePercent < own);
      const why = better ? ' (kept within 5 % of the best: it holds beyond the rows trained on)' : '';
      return `${METRIC_FACTS[metric].title}: ${method} ${percentOf(own)}${why}, against ${others.join(', ')}`;
    })
    .join('\n');

/** Which errors are not those of settings left out, but of whole levels or runs. */
const foldingsText = (model: DeviceModel): string => {
  const titles = new Map<string, string[]>();
  for (const { metric, validation } of Object.values(model.metrics)) {
    if (validation === undefined || validation.scheme.includes('settings')) continue;
    titles.set(validation.scheme, [...(titles.get(validation.scheme) ?? []), METRIC_FACTS[metric].title]);
  }
  return [...titles].map(([scheme, of]) => `Held out in ${scheme}: ${of.join(', ')}`).join('\n');
};

/** What is odd in the data, a line a finding. */
const findingsText = (findings: readonly Warning[], note = ''): string =>
  findings.length === 0
    ? ''
    : [`In the data${note}:`, ...findings.map(({ code, message }) => `- ${code}: ${message}`)].join('\n');

/** What a training found: the errors, the comparison, what is odd in the data. */
export const trainingText = (model: DeviceModel, findings: readonly Warning[], dropped: boolean): string =>
  [
    `${model.name}: ${model.source.rows} rows`,
    modelText(model),
    candidatesText(model),
    foldingsText(model),
    findingsText(findings, dropped ? ' (outliers left out)' : ''),
  ]
    .filter((part) => part !== '')
    .join('\n\n');

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
      ? 'by the form behind it: the model says nothing here'
      : own.outside[0]
        ? 'outside the training range: the interval is widened'
        : '';
    return [[METRIC_FACTS[metric].title, metricText(metric, own.value[0] ?? 0), range, note]];
  });
  if (energy) {
    rows.push(
      [
        'energy of the prefill',
        `${significantText(energy.prefillJ[0] ?? 0, 4)} J`,
        '',
        energy.split === 'time' ? 'shared by time' : '',
      ],
      ['energy of the decode', `${significantText(energy.decodeJ[0] ?? 0, 4)} J`, '', ''],
      ['energy per output token', `${significantText(energy.perTokenJ[0] ?? 0, 4)} J/token`, '', ''],
      ['output tokens per joule', `${significantText(energy.tokensPerJ[0] ?? 0, 4)} tokens/J`, '', ''],
    );
  }
  return textTable(rows, [0, 2, 3]);
};

/** Errors on other measurements. */
export const evaluationText = (evaluations: readonly MetricEvaluation[], findings: readonly Warning[]): string =>
  [evaluationTable(evaluations), findingsText(findings)].filter((part) => part !== '').join('\n\n');

const evaluationTable = (evaluations: readonly MetricEvaluation[]): string =>
  textTable(
    [
      ['metric', 'rows', 'MAPE', 'MAE', 'P95', 'r2', 'inside interval', 'outside training range'],
      ...evaluations.map(({ metric, metrics, mapePercent, coverage, outsideRows, fallbackRows, emptyRows }) => [
        METRIC_FACTS[metric].title,
        emptyRows === 0 ? String(metrics.n) : `${metrics.n} (${emptyRows} more without a prediction)`,
        percentOf(mapePercent),
        metricText(metric, metrics.mae),
        metricText(metric, metrics.p95AbsoluteError),
        metrics.r2 === null ? '' : metrics.r2.toFixed(5),
        coverage ? `${(100 * coverage.share).toFixed(1)} % of ${+(100 * coverage.level).toFixed(2)} %` : '',
        outsideRows === 0 ? '0' : `${outsideRows}${fallbackRows > 0 ? ` (${fallbackRows} by the form behind)` : ''}`,
      ]),
    ],
    [0],
  );

/** How each metric was carried over, and what is odd in the samples. */
export const calibrationText = ({ metrics, left, model }: Calibration): string =>
  [
    ...metrics.map(({ metric, samples, choice }) => {
      const trials = choice.trials.flatMap(({ method, heldOutMapePercent }) =>
        heldOutMapePercent === null ? [] : [`${method} ${percentOf(heldOutMapePercent)}`],
      );
      return `${METRIC_FACTS[metric].title}: ${choice.method}, ${choice.reason} (${samples} samples of ${choice.settings} settings${trials.length > 0 ? `; settings left out: ${trials.join(', ')}` : ''})`;
    }),
    ...left.map(({ metric, reason }) => `${METRIC_FACTS[metric].title}: not carried over, ${reason}`),
    `The held-out errors are of requests among the samples (${rangeText(model)}): further out they are larger, and the intervals of 'predict' widen.`,
    ...(metrics.some(({ metric }) => metric === 'total') && metrics.length > 1
      ? ['The total is carried over by itself, so that prefill and decode do not add up to it exactly.']
      : []),
    ...(model.findings.length > 0 ? ['', findingsText(model.findings)] : []),
  ].join('\n');

/** What to measure next. */
export const suggestionText = (suggestions: readonly Suggestion[]): string =>
  textTable([
    ['measure next: input tokens', 'output tokens', 'uncertainty before', 'after (of one measurement)'],
    ...suggestions.map(({ inputTokens, outputTokens, uncertaintyBefore, uncertaintyAfter }) => [
      String(inputTokens),
      String(outputTokens),
      significantText(uncertaintyBefore, 3),
      significantText(uncertaintyAfter, 3),
    ]),
  ]);
