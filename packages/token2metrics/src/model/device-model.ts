import type { TrainingRange } from '@stepclock/regression';
import type { CalibrationMethod } from '../calibration/methods.js';
import type { Finding } from '../quality/finding.js';
import type { Predictor, RegressorName } from '../regressors/predictor.js';
import type { Metric } from '../table/metric.js';
import type { Validation } from './validation.js';

/** One regressor's showing in a comparison. */
export interface Candidate {
  readonly regressor: RegressorName;
  /** Out-of-fold mean absolute percentage error; null when it could not be fitted, with the reason. */
  readonly mapePercent: number | null;
  readonly reason?: string;
}

/** What predicts one metric. */
export interface MetricModel {
  readonly metric: Metric;
  /** `sum`: total latency as the sum of its parts. A calibration's method for a calibrated model. */
  readonly method: RegressorName | 'sum' | CalibrationMethod;
  /** Absent for `sum`. */
  readonly predictor?: Predictor;
  /** Physics, for where the predictor says nothing true (a tree outside its hull, a value below zero). */
  readonly fallback?: Predictor;
  /** All regressors, when `all` were asked for. */
  readonly alternatives: readonly { readonly regressor: RegressorName; readonly predictor: Predictor }[];
  readonly range: TrainingRange;
  readonly validation?: Validation;
  /** Every regressor compared, best first; empty when one was asked for by name. */
  readonly candidates: readonly Candidate[];
}

/** What the numbers hold for: a latency means nothing without these. */
export interface DeviceFacts {
  readonly device?: string;
  readonly engine?: string;
  readonly powerMode?: string;
  /** What the power meter covered, such as a rail or the whole board. */
  readonly powerRail?: string;
  /** ISO 8601. */
  readonly date?: string;
}

/** A trained model of one LLM on one device: plain data, so that it prints, compares and serialises as it is. */
export interface DeviceModel {
  /** Of the LLM. */
  readonly name: string;
  readonly facts: DeviceFacts;
  /** Tokens that prompts are padded to a multiple of. */
  readonly padding: number;
  readonly metrics: Partial<Readonly<Record<Metric, MetricModel>>>;
  readonly source: { readonly file: string; readonly rows: number };
  /** What was noticed about the training data. */
  readonly findings: readonly Pick<Finding, 'code' | 'metric' | 'count' | 'message'>[];
}
