import { METRIC_FACTS, type TrainedDevice } from '@stepclock/token2metrics';
import type { NamedFigure } from '../figure-files.js';
import type { ModelReport } from '../reports/model-report.js';

/** A trained model with what was found in its data and drawn of it. */
export interface TrainedForReport {
  readonly trained: TrainedDevice;
  readonly findings: readonly { readonly code: string; readonly message: string }[];
  readonly charts: readonly NamedFigure[];
}

const percent = (value: number | null | undefined): string =>
  value == null ? '-' : `${Number(value.toPrecision(3))} %`;

const methodsTable = ({ model }: TrainedDevice) => ({
  title: `${model.name}: how each metric is predicted`,
  columns: ['metric', 'method', 'held-out MAPE', 'interval', 'radius'],
  rows: Object.values(model.metrics).map(({ metric, method, validation }) => [
    METRIC_FACTS[metric].title,
    method,
    percent(validation?.mapePercent),
    validation?.interval ? `${+(100 * validation.interval.level).toFixed(2)} %` : '-',
    validation?.interval ? percent(100 * validation.interval.relativeRadius) : '-',
  ]),
});

/** The report of a training, all its models in one. */
export const trainingReport = (
  all: readonly TrainedForReport[],
  input: string,
  seed: number | undefined,
): ModelReport => {
  const warnings = all.flatMap(({ findings }) => findings);
  const totals = all.map(
    ({ trained: { model } }) => `${model.name} ${percent(model.metrics.total?.validation?.mapePercent)}`,
  );
  return {
    title: 'Latency, energy and power from token counts',
    subtitle: input,
    tone: warnings.length > 0 ? 'caution' : 'good',
    headline: `Total latency of held-out rows is missed by: ${totals.join(', ')} (mean absolute).`,
    warnings,
    tables: all.map(({ trained }) => methodsTable(trained)),
    figures: all.flatMap(({ charts }) => charts),
    inputs: all.map(({ trained }) => ({ name: `${input}, ${trained.model.name}`, rows: trained.model.source.rows })),
    ...(seed !== undefined && { seed }),
  };
};
