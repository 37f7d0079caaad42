export {
  BETAS_SCHEMA,
  type Betas,
  type BetasFile,
  betasFileOf,
  type IdentifiabilityJson,
  type IntervalsJson,
  parseBetasFile,
  snakeCaseKeys,
} from './betas-file.js';
export type { ComparedFigure, ComparedMetric } from './metric-comparison.js';
export { REPLAY_SCHEMA, type Replay, type ReplayOptions, type ReplaySettings, replay, replayJson } from './replay.js';
export { METRIC_NAMES, type MetricName, type ServingMetrics, servingMetrics } from './serving-metrics.js';
export { StepModelError, type StepModelErrorCode } from './step-model-error.js';
