import { formatNumber, formatPercent, type ModelReport, type NamedFigure, type Tone } from '@stepclock/charts';
import type { Warning } from '@stepclock/faults';
import type { TrainedDevice } from '../model/train-device.js';
import { METRIC_FACTS } from '../table/metric.js';

/** A trained model with what was found in its data and drawn of it. */
export interface TrainedForReport {
  readonly trained: TrainedDevice;
  readonly findings: readonly Warning[];
  readonly charts: readonly NamedFigure[];
}

const percent = (value: number | null | undefined): string => (value == null ? 'n/a' : formatPercent(value / 100));

const methodsTable = ({ model }: TrainedDevice) => ({
  title: `${model.name}: how each metric is predicted`,
  columns: ['Metric', 'Method', 'Held-out error, mean absolute', 'Interval', 'Half width', 'Rows', 'Settings'],
  rows: Object.values(model.metrics).map(({ metric, method, range, validation }) => [
    METRIC_FACTS[metric].title,
    method,
    percent(validation?.mapePercent),
    validation?.interval ? formatPercent(validation.interval.level) : 'n/a',
    validation?.interval ? `± ${formatPercent(validation.interval.relativeRadius)}` : 'n/a',
    range.rows,
    validation?.settings ?? 'n/a',
  ]),
});

const listed = (parts: readonly string[]): string =>
  parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;

/** What a reader wants first: by how much the total latency of requests that the model had not seen is missed. */
const headlineOf = (all: readonly TrainedForReport[]): string => {
  const totals = all.flatMap(({ trained: { model } }) => {
    const error = model.metrics.total?.validation?.mapePercent;
    return error === undefined ? [] : [`${percent(error)}${all.length > 1 ? ` (${model.name})` : ''}`];
  });
  return totals.length === 0
    ? 'Nothing was held out: how well the models predict is not known.'
    : `The total latency of settings that the model had not seen is off by ${listed(totals)} on average.`;
};

const worstTotal = (all: readonly TrainedForReport[]): number =>
  Math.max(0, ...all.map(({ trained: { model } }) => model.metrics.total?.validation?.mapePercent ?? 0));

const toneOf = (all: readonly TrainedForReport[]): Tone => {
  const worst = worstTotal(all);
  const careful = worst > 5 || all.some(({ findings }) => findings.length > 0);
  return worst > 20 ? 'bad' : careful ? 'caution' : 'good';
};

/** The report of a training, all its models in one. */
export const trainingReport = (
  all: readonly TrainedForReport[],
  input: { readonly name: string; readonly sha256?: string | undefined },
  seed: number | undefined,
): ModelReport => {
  const several = all.length > 1;
  return {
    title: 'Latency, energy and power from token counts',
    subtitle: input.name,
    tone: toneOf(all),
    headline: headlineOf(all),
    keyFigures: all.flatMap(({ trained: { model } }) =>
      Object.values(model.metrics).flatMap(({ metric, method, validation }) =>
        validation === undefined || (several && metric !== 'total')
          ? []
          : [
              {
                label: `${model.name}, ${METRIC_FACTS[metric].title}`,
                value: percent(validation.mapePercent),
                unit: 'off',
                note: `held-out mean absolute error, ${method}, ${formatNumber(model.source.rows, 9)} rows of ${formatNumber(validation.settings, 9)} settings`,
              },
            ],
      ),
    ),
    warnings: all.flatMap(({ findings, trained: { model } }) =>
      findings.map(({ code, message }) => ({ code, message: several ? `${model.name}: ${message}` : message })),
    ),
    sections: all.map(({ trained, charts }) => ({
      title: trained.model.name,
      tables: [methodsTable(trained)],
      figures: charts,
    })),
    inputs: [
      {
        name: input.name,
        holds: `${formatNumber(
          all.reduce((rows, { trained }) => rows + trained.model.source.rows, 0),
          9,
        )} rows`,
        ...(input.sha256 !== undefined && { sha256: input.sha256 }),
      },
    ],
    ...(seed !== undefined && { seed }),
  };
};
