import { knobSplits } from '../data/knob-splits.js';
import type { Method } from '../recalibration/method.js';
import { type RecalibrateOptions, recalibrate } from '../recalibration/recalibrate.js';
import type { Recalibration } from '../recalibration/recalibration.js';
import { sampleKeys, type TransferSamples, takeInput, takeSamples } from '../recalibration/samples.js';

/** Models fitted without some of the samples, and what those samples say about them. */
export interface CrossFit {
  readonly folds: readonly {
    /** Fitted without `rows`. */
    readonly model: Recalibration;
    readonly rows: ArrayLike<number> & Iterable<number>;
  }[];
  /** Measured over predicted total of each sample, by the model that has not seen it. */
  readonly ratios: Float64Array;
  /** Those predictions, ms. */
  readonly predictedMs: Float64Array;
}

/** Methods whose fit costs nothing are fitted once a sample left out; the others once a fold. */
const CHEAP: ReadonlySet<Method> = new Set<Method>([
  'none',
  'affine',
  'global-affine',
  'affine-relative',
  'log-affine',
  'scale',
  'stage-mix',
]);
const FOLDS = 10;

/** Fits a method without each sample (or each fold of them). `auto` brings its own folds along. */
export const crossFit = (
  model: Recalibration,
  samples: TransferSamples,
  options: RecalibrateOptions = {},
): CrossFit => {
  const n = samples.targetTotalMs.length;
  const { method } = model;
  const folds =
    model.folds ??
    knobSplits(sampleKeys(samples), CHEAP.has(method) ? n : FOLDS, options.seed ?? 0).map(({ train, test }) => ({
      model: recalibrate(method, takeSamples(samples, train), options),
      rows: test,
    }));
  const ratios = new Float64Array(n);
  const predictedMs = new Float64Array(n);
  for (const { model: fold, rows } of folds) {
    const { totalMs } = fold.predict(takeInput(samples, rows));
    rows.forEach((row, i) => {
      predictedMs[row] = totalMs[i];
      ratios[row] = samples.targetTotalMs[row] / totalMs[i];
    });
  }
  return { folds, ratios, predictedMs };
};
