import type { Warning } from '@stepclock/faults';
import {
  type FeatureTable,
  featureTable,
  type LinearModel,
  outsideHull,
  predictWithIntervals,
} from '@stepclock/regression';
import { BATCH_SIZE, SEQUENCE_LENGTH } from '../data/step-times.js';
import { stepTimeFault } from '../fault.js';

/** The fitted formula. */
export interface StepTimeModel {
  /** Of the served model or whatever the steps belong to. */
  readonly name: string;
  readonly target: 'decode';
  /** Beyond batch size and sequence length. */
  readonly features: readonly string[];
  /** Predicts ms. */
  readonly linear: LinearModel;
  /** What its fit was warned of; of a model that was read from a file. */
  readonly remarks?: readonly Warning[];
}

/** Remarks on a fit that make its predictions wrong, whatever they are asked for. */
const SERIOUS = ['wrong-formula', 'unit', 'mixed-rows'];

/** What the fit of a model was warned of that its predictions must repeat. */
export const seriousRemarks = ({ remarks = [] }: StepTimeModel): readonly Warning[] =>
  remarks.filter(({ code }) => SERIOUS.includes(code));

/** A step to predict: the model's features by name. */
export interface StepQuery {
  readonly batchSize: number;
  readonly sequenceLength: number;
  /** One value a further feature of the model. */
  readonly further?: Readonly<Record<string, number>>;
}

/** A predicted step. Seconds. */
export interface StepPrediction {
  readonly stepTimeSec: number;
  /** 95 % prediction interval of one step, when the fit had rows to spare for it. */
  readonly interval: readonly [low: number, high: number] | null;
  /** A feature lies outside the range of the training rows. */
  readonly extrapolated: boolean;
  /** Features outside their range, in words. */
  readonly outside: readonly string[];
}

const oneRow = (model: StepTimeModel, query: StepQuery): FeatureTable => {
  const values = [query.batchSize, query.sequenceLength, ...model.features.map((name) => query.further?.[name])];
  const names = [BATCH_SIZE, SEQUENCE_LENGTH, ...model.features];
  values.forEach((value, j) => {
    if (typeof value !== 'number' || !Number.isFinite(value) || (j < 2 && !(value > 0))) {
      const rule = j < 2 ? 'must be a number above 0' : 'must be a number, since the model uses it';
      throw stepTimeFault('step-time/bad-number', { what: names[j], rule, value: value ?? 'nothing' });
    }
  });
  return featureTable(
    names,
    values.map((value) => Float64Array.of(value ?? Number.NaN)),
  );
};

/**
 * The duration of one step.
 *
 * @throws Fault `step-time/bad-number`
 */
export const predictStepTime = (model: StepTimeModel, query: StepQuery, level = 0.95): StepPrediction => {
  const row = oneRow(model, query);
  const { linear } = model;
  const outside = linear.trainingRange.features
    .filter(({ name, min, max }) => {
      const value = row.columns[row.names.indexOf(name)]?.[0];
      return !(min <= value && value <= max);
    })
    .map(({ name, min, max }) => `${name} was ${min} to ${max} in training`);
  const extrapolated = outsideHull(linear, row)[0] === 1;
  if (linear.inference === undefined) {
    const [stepTimeSec] = requireTimes(linear.predict(row)).map((ms) => ms / 1000);
    return { stepTimeSec, interval: null, extrapolated, outside };
  }
  const { mean, low, high } = predictWithIntervals(linear, row, { level });
  const [stepTimeSec, from, to] = requireTimes(Float64Array.of(mean[0], low[0], high[0])).map((ms) => ms / 1000);
  return { stepTimeSec, interval: [from, to], extrapolated, outside };
};

/** Thirty years: what a step takes longer than is no time of a step, and its square may overflow. */
const LONGEST_MS = 1e12;

/** A file may hold coefficients that are finite and times that are not. */
export const requireTimes = (predictedMs: Float64Array): Float64Array => {
  const odd = predictedMs.find((ms) => !(Math.abs(ms) < LONGEST_MS));
  if (odd === undefined) return predictedMs;
  const rule = `must predict times below ${LONGEST_MS} ms`;
  throw stepTimeFault('step-time/bad-model-file', { what: 'model', rule, value: odd });
};
