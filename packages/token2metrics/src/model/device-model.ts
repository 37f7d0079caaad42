import type { Warning } from '@stepclock/faults';
import type { TrainingRange } from '@stepclock/regression';
import type { CalibrationMethod } from '../calibration/methods.js';
import type { Finding } from '../quality/finding.js';
import type { Predictor } from '../regressors/predictor.js';
import type { RegressorName } from '../regressors/regressors.js';
import type { Metric } from '../table/metric.js';
import type { Interval, Validation } from './validation.js';

/** One regressor's showing in a comparison. */
export interface Candidate {
  readonly regressor: RegressorName;
  /** Held-out mean absolute percentage error; null when it could not be fitted, with the reason. */
  readonly mapePercent: number | null;
  readonly reason?: string;
}

/** A predictor with the interval of its own held-out errors. */
export interface Answerer {
  readonly predictor: Predictor;
  readonly interval?: Interval;
}

/** What predicts one metric. */
export interface MetricModel {
  readonly metric: Metric;
  /** `sum`: total latency as the sum of its parts. A calibration's method for a calibrated model. */
  readonly method: RegressorName | 'sum' | CalibrationMethod;
  /** Absent for `sum`. */
  readonly predictor?: Predictor;
  /** Physics, for where the predictor says nothing true (a tree outside its hull, a value below zero). */
  readonly fallback?: Answerer;
  /** All regressors, when `all` were asked for. */
  readonly alternatives: readonly (Answerer & { readonly regressor: RegressorName })[];
  readonly range: TrainingRange;
  /** Of a calibrated model: where its own samples lay, within the range of its source. */
  readonly measured?: TrainingRange;
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
  readonly findings: readonly (Warning & Pick<Finding, 'metric' | 'count'>)[];
}
