import { featureTable, predictWithIntervals } from '@stepclock/regression';
import { BATCH_SIZE, SEQUENCE_LENGTH, type StepTimes } from '../data/step-times.js';
import type { EstimatorComparison } from '../fit/compare-estimators.js';
import type { StepTimeFit } from '../fit/fit-step-time.js';

/** One line of the prediction bands: step time over sequence length at one batch size. ms. */
export interface PredictionBand {
  readonly batchSize: number;
  readonly sequenceLength: Float64Array;
  readonly meanMs: Float64Array;
  /** Ends of the prediction interval of one step; equal to the mean where the fit is saturated. */
  readonly lowMs: Float64Array;
  readonly highMs: Float64Array;
  /** Measured rows near this batch size. */
  readonly measured: { readonly sequenceLength: Float64Array; readonly stepTimeMs: Float64Array };
}

/** The four figures as plain columns, for any chart library. */
export interface StepTimeFigures {
  readonly predictionAccuracy: { readonly measuredMs: Float64Array; readonly predictedMs: Float64Array };
  readonly errorByParameters: readonly {
    readonly feature: string;
    readonly values: Float64Array;
    /** Measured - predicted. */
    readonly residualMs: Float64Array;
  }[];
  readonly predictionBands: { readonly level: number; readonly bands: readonly PredictionBand[] };
  readonly modelComparison: readonly {
    readonly estimator: string;
    readonly part: 'train' | 'test';
    readonly r2: number | null;
    readonly rmseMs: number;
  }[];
}

const BANDS = 4;
const POINTS = 60;
/** A row belongs to a band when its batch size is within this share of the band's. */
const NEAR = 0.15;

/** Up to four batch sizes that span the data: the few there are, or quantiles, rounded to those that occur. */
const bandBatchSizes = (batchSize: Float64Array): number[] => {
  const sorted = batchSize.slice().sort();
  const distinct = [...new Set(sorted)];
  if (distinct.length <= BANDS) return distinct;
  const picks = [0.05, 0.35, 0.65, 0.95].map((q) => sorted[Math.floor(q * (sorted.length - 1))]);
  return [...new Set(picks)];
};

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value / values.length, 0);

/** The data behind the figures. */
export const stepTimeFigures = (fit: StepTimeFit, comparison: EstimatorComparison): StepTimeFigures => {
  const { times, leastSquares } = fit;
  const features: readonly (readonly [string, Float64Array])[] = [
    [BATCH_SIZE, times.batchSize],
    [SEQUENCE_LENGTH, times.sequenceLength],
    ...fit.model.features.flatMap((name) => {
      const column = times.further.get(name);
      return column === undefined ? [] : [[name, column] as const];
    }),
  ];
  return {
    predictionAccuracy: {
      measuredMs: times.stepTimeSec.map((sec) => 1000 * sec),
      predictedMs: leastSquares.fitted,
    },
    errorByParameters: features.map(([feature, values]) => ({ feature, values, residualMs: leastSquares.residuals })),
    predictionBands: {
      level: leastSquares.level,
      bands: bandBatchSizes(times.batchSize).map((batchSize) => bandOf(fit, times, batchSize)),
    },
    modelComparison: comparison.scores.flatMap((score) =>
      'failure' in score
        ? []
        : (['train', 'test'] as const).map((part) => ({
            estimator: score.name,
            part,
            r2: score[part].r2,
            rmseMs: score[part].rmse,
          })),
    ),
  };
};

const bandOf = ({ model, leastSquares }: StepTimeFit, times: StepTimes, batchSize: number): PredictionBand => {
  const range = model.linear.trainingRange.features.find(({ name }) => name === SEQUENCE_LENGTH);
  const { min, max } = range ?? { min: 1, max: 1 };
  const sequenceLength = Float64Array.from({ length: POINTS }, (_, i) => min + ((max - min) * i) / (POINTS - 1));
  // Further features stay at their mean.
  const held = model.features.map((name) => mean(times.further.get(name) ?? Float64Array.of(0)));
  const table = featureTable(
    [BATCH_SIZE, SEQUENCE_LENGTH, ...model.features],
    [
      new Float64Array(POINTS).fill(batchSize),
      sequenceLength,
      ...held.map((value) => new Float64Array(POINTS).fill(value)),
    ],
  );
  const meanMs = model.linear.predict(table);
  const interval =
    model.linear.inference === undefined
      ? { low: meanMs, high: meanMs }
      : predictWithIntervals(model.linear, table, { level: leastSquares.level });
  const near = Uint32Array.from({ length: times.length }, (_, i) => i).filter(
    (i) => Math.abs(times.batchSize[i] - batchSize) <= NEAR * batchSize,
  );
  return {
    batchSize,
    sequenceLength,
    meanMs,
    lowMs: interval.low,
    highMs: interval.high,
    measured: {
      sequenceLength: Float64Array.from(near, (i) => times.sequenceLength[i]),
      stepTimeMs: Float64Array.from(near, (i) => 1000 * times.stepTimeSec[i]),
    },
  };
};
