import type { Warning } from '@stepclock/faults';
import type { Calibration } from '../calibration/calibrate.js';
import type { Suggestion } from '../calibration/suggest.js';
import type { DeviceModel } from '../model/device-model.js';
import type { EnergyParts } from '../model/energy-parts.js';
import type { MetricEvaluation } from '../model/evaluate.js';
import { errorsToJSON } from '../model/model-file.js';
import type { DevicePrediction } from '../model/predict.js';
import { METRIC_FACTS, METRICS } from '../table/metric.js';
import { rangeText } from './range-text.js';

/** What a training found, one object a metric. */
export const trainingJson = (model: DeviceModel): object => ({
  model: model.name,
  rows: model.source.rows,
  metrics: Object.values(model.metrics).map(({ metric, method, validation, candidates }) => ({
    metric,
    method,
    settings: validation?.settings ?? null,
    held_out_mape_percent: validation?.mapePercent ?? null,
    interval: validation?.interval
      ? { level: validation.interval.level, relative_radius: validation.interval.relativeRadius }
      : null,
    candidates: candidates.map(({ regressor, mapePercent }) => ({ regressor, mape_percent: mapePercent })),
  })),
});

/** The held-out errors of a model, one object a metric. */
export const heldOutJson = (model: DeviceModel): readonly object[] =>
  Object.values(model.metrics).map(({ metric, method, validation }) => ({
    metric,
    method,
    scheme: validation?.scheme ?? null,
    ...(validation ? errorsToJSON(validation.metrics) : {}),
  }));

/** Errors on other measurements, one object a metric. */
export const evaluationJson = (evaluations: readonly MetricEvaluation[]): readonly object[] =>
  evaluations.map(({ metric, metrics, coverage, outsideRows, fallbackRows, emptyRows }) => ({
    metric,
    ...errorsToJSON(metrics),
    interval_coverage: coverage ? { level: coverage.level, share: coverage.share } : null,
    rows_outside_training_range: outsideRows,
    rows_by_physics: fallbackRows,
    rows_without_prediction: emptyRows,
  }));

/** How each metric was carried over. */
export const calibrationJson = ({ metrics, left, model }: Calibration): object => ({
  metrics: metrics.map(({ metric, samples, choice }) => ({
    metric,
    samples,
    settings: choice.settings,
    method: choice.method,
    reason: choice.reason,
    // Further out the errors are larger.
    held_out_within: Object.fromEntries(
      model.metrics[metric]?.measured?.features.map(({ name, min, max }) => [name, [min, max]]) ?? [],
    ),
    leave_one_out: choice.trials.map(({ method, heldOutMapePercent }) => ({
      method,
      mape_percent: heldOutMapePercent,
    })),
  })),
  not_carried_over: left,
  findings: model.findings,
});

export const suggestionsJson = (suggestions: readonly Suggestion[]): readonly object[] =>
  suggestions.map((s) => ({
    input_tokens: s.inputTokens,
    output_tokens: s.outputTokens,
    uncertainty_before: s.uncertaintyBefore,
    uncertainty_after: s.uncertaintyAfter,
  }));

/** The prediction of one request as a flat object, names with units. */
export const requestJson = (
  prediction: DevicePrediction,
  energy: EnergyParts | undefined,
  row: number,
): Record<string, number | boolean | string | null> => {
  const fields: Record<string, number | boolean | string | null> = {};
  const finite = (value: number | undefined): number | null =>
    value !== undefined && Number.isFinite(value) ? value : null;
  for (const metric of METRICS) {
    const own = prediction[metric];
    if (!own) continue;
    const { field } = METRIC_FACTS[metric];
    fields[field] = finite(own.value[row]);
    fields[`${field}_low`] = finite(own.interval?.low[row]);
    fields[`${field}_high`] = finite(own.interval?.high[row]);
  }
  if (energy) {
    fields.prefill_energy_j = finite(energy.prefillJ[row]);
    fields.decode_energy_j = finite(energy.decodeJ[row]);
    fields.energy_per_output_token_j = finite(energy.perTokenJ[row]);
    fields.output_tokens_per_j = finite(energy.tokensPerJ[row]);
  }
  const flagged = (flag: 'outside' | 'fellBack') => METRICS.some((metric) => prediction[metric]?.[flag][row] === 1);
  const told = { ...fields, outside_training_range: flagged('outside'), by_physics: flagged('fellBack') };
  const metrics = METRICS.filter((metric) => prediction[metric]?.empty.includes(1));
  // A column of reasons, where some row of these predictions needs one.
  if (metrics.length === 0) return told;
  const without = metrics.filter((metric) => prediction[metric]?.empty[row] === 1);
  return {
    ...told,
    no_prediction: without.map((metric) => `${METRIC_FACTS[metric].title} does not come out above 0`).join('; '),
  };
};

/** What a reader of predictions should know: how many lie outside the rows trained on, and how many physics made. */
export const predictionWarnings = (model: DeviceModel, prediction: DevicePrediction): readonly Warning[] => {
  const own = METRICS.flatMap((metric) => prediction[metric] ?? []);
  const rows = own[0]?.value.length ?? 0;
  const count = (flag: 'outside' | 'fellBack' | 'empty'): number =>
    Array.from({ length: rows }, (_, row) => own.some((metric) => metric[flag][row] === 1)).filter(Boolean).length;
  const [outside, fallback, empty] = [count('outside'), count('fellBack'), count('empty')];
  const calibrated = Object.values(model.metrics).some(({ measured }) => measured !== undefined);
  const range = rangeText(model);
  return [
    ...(outside === 0
      ? []
      : [
          {
            code: 'extrapolation',
            message: calibrated
              ? `${outside} request(s) outside the token counts of the samples (${range}): their intervals are widened by what the samples leave open`
              : `${outside} request(s) outside the token counts trained on (${range}): their intervals are widened with the distance, by what the training rows leave open`,
          },
        ]),
    ...(fallback === 0
      ? []
      : [
          {
            code: 'physics-fallback',
            message: calibrated
              ? `${fallback} request(s) predicted by the source times one number, where the chosen method does not come out above 0`
              : `${fallback} request(s) predicted by physics, with its interval, where the chosen regressor says nothing`,
          },
        ]),
    ...(empty === 0
      ? []
      : [
          {
            code: 'no-prediction',
            message: `${empty} request(s) of which a metric does not come out above 0: it is left empty, and no_prediction says which`,
          },
        ]),
  ];
};
