import type { FeatureTable } from '@stepclock/regression';
import type { Metric } from '../table/metric.js';
import type { Predictor } from './predictor.js';

export interface RegressorOptions {
  /** Tokens that a prompt is padded to a multiple of, for physics; default 128. */
  readonly padding?: number;
  /** Of the polynomial; default 2. */
  readonly degree?: number;
  /** Of the trees; default 100. */
  readonly trees?: number;
  /** Default 0. */
  readonly seed?: number;
}

/** What a regressor learns from. */
export interface TrainingRows {
  readonly metric: Metric;
  readonly tokens: FeatureTable;
  /** Positive, SI. */
  readonly target: Float64Array;
  /** For energy and power: how long each run was, seconds; with it physics can be a ramp. */
  readonly durationSec?: Float64Array;
}

/** A way to predict a metric from token counts: one entry of the table of regressors. */
export interface Regressor {
  /** Fits it to the rows, of which there is at least one. */
  fit(rows: TrainingRows, options: RegressorOptions): Predictor;
  /** What other programs call it, in lower case with hyphens. */
  readonly spellings?: readonly string[];
  /** Not compared with the others by `auto` and `all`: it takes minutes where they take seconds, or is for rows of a special kind. */
  readonly onlyByName?: boolean;
  /** It says nothing true outside the token counts that it was trained on. */
  readonly holdsInsideOnly?: boolean;
}
