import { conformalRanks } from '../estimator/conformal-ranks.js';
import type { Recalibration } from '../recalibration/recalibration.js';
import type { TransferInput } from '../recalibration/samples.js';
import { stageFault } from '../stage-fault.js';
import type { CrossFit } from './cross-fit.js';

/** Rules by which a bound is drawn around a prediction. */
type Rule = 'margin' | 'split' | 'jackknife+';

export interface Bounds {
  readonly predictedMs: Float64Array;
  /** Each bound alone holds at the level. A lower one of 0 and an upper one of Infinity say nothing. */
  readonly lowerMs: Float64Array;
  readonly upperMs: Float64Array;
}

/** Draws bounds, and says what they promise. */
export interface Bounder {
  readonly rule: Rule;
  /** Share of configurations whose total shall stay below its upper bound; null for a fixed margin, which promises none. */
  readonly level: number | null;
  /** Samples whose errors the bounds rest on. */
  readonly calibrationSamples: number;
  /** Whether there are enough of them for the level: without, no bound is finite. */
  readonly enough: boolean;
  /** The promise, in words. */
  readonly guarantee: string;
  bounds(input: TransferInput): Bounds;
}

/** Fewest samples with which a level can be promised at all: `level / (1 - level)`, 9 for 90 %. */
export const samplesForLevel = (level: number): number => Math.ceil(level / (1 - level) - 1e-9);

/** @throws Fault `stage/bad-option` */
const checkLevel = (level: number): number => {
  if (level > 0 && level < 1) return level;
  throw stageFault('stage/bad-option', { what: 'level', rule: 'must lie between 0 and 1', value: level });
};

/** `predicted x margin`, the simple rule. It promises nothing: what a margin of 1.1 covers depends on the model's error. */
export const marginBounds = (model: Recalibration, margin: number): Bounder => {
  if (!(margin > 0 && Number.isFinite(margin))) {
    throw stageFault('stage/bad-option', { what: 'margin', rule: 'must be above 0', value: margin });
  }
  return {
    rule: 'margin',
    level: null,
    calibrationSamples: 0,
    enough: true,
    guarantee: `none: a margin of ${margin} covers what it happens to cover`,
    bounds: (input) => {
      const { totalMs } = model.predict(input);
      return {
        predictedMs: totalMs,
        lowerMs: totalMs.map((ms) => ms / margin),
        upperMs: totalMs.map((ms) => ms * margin),
      };
    },
  };
};

const tooFew = (level: number, n: number): string =>
  `none: ${samplesForLevel(level)} samples are the fewest for a level of ${level}; there are ${n}`;

/**
 * Split conformal bounds: `predicted x` an order statistic of measured over predicted, on samples that the model has not seen (Lei et al. 2018,
 * doi:10.1080/01621459.2017.1307116).
 *
 * @param model fitted without the held-out samples
 */
export const splitBounds = (
  model: Recalibration,
  heldOut: TransferInput & { readonly targetTotalMs: Float64Array },
  level: number,
): Bounder => {
  checkLevel(level);
  const n = heldOut.targetTotalMs.length;
  const predicted = model.predict(heldOut).totalMs;
  const ratios = heldOut.targetTotalMs.map((ms, i) => ms / predicted[i]).sort();
  const { upper, lower } = conformalRanks(level, n);
  const enough = upper <= n;
  return {
    rule: 'split',
    level,
    calibrationSamples: n,
    enough,
    guarantee: enough
      ? `at least ${100 * level} % of configurations drawn like the samples stay below their bound, on average over samples`
      : tooFew(level, n),
    bounds: (input) => {
      const { totalMs } = model.predict(input);
      const high = enough ? ratios[upper - 1] : Number.POSITIVE_INFINITY;
      const low = enough ? ratios[lower - 1] : 0;
      return {
        predictedMs: totalMs,
        lowerMs: totalMs.map((ms) => ms * low),
        upperMs: totalMs.map((ms) => ms * high),
      };
    },
  };
};

/**
 * Jackknife+ bounds (CV+ with fewer folds than samples) on relative errors: each sample's ratio comes from the model fitted without it, and moves
 * that same model's prediction (Barber, Candes, Ramdas and Tibshirani 2021, doi:10.1214/20-AOS1965). All samples fit, all samples calibrate.
 */
export const jackknifeBounds = (model: Recalibration, cross: CrossFit, level: number): Bounder => {
  checkLevel(level);
  const n = cross.ratios.length;
  const { upper, lower } = conformalRanks(level, n);
  const enough = upper <= n;
  return {
    rule: 'jackknife+',
    level,
    calibrationSamples: n,
    enough,
    guarantee: enough
      ? `about ${100 * level} % of configurations drawn like the samples stay below their bound; at least ${Math.max(0, Math.round(1000 * (2 * level - 1)) / 10)} % for certain, on average over samples`
      : tooFew(level, n),
    bounds: (input) => {
      const { totalMs } = model.predict(input);
      const rows = totalMs.length;
      const lowerMs = new Float64Array(rows);
      const upperMs = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
      if (!enough) return { predictedMs: totalMs, lowerMs, upperMs };
      const folds = cross.folds.map(({ model: fold, rows: held }) => ({ totals: fold.predict(input).totalMs, held }));
      const moved = new Float64Array(n);
      for (let i = 0; i < rows; i++) {
        for (const { totals, held } of folds) {
          for (const row of held) moved[row] = totals[i] * cross.ratios[row];
        }
        const sorted = moved.slice().sort();
        lowerMs[i] = sorted[lower - 1];
        upperMs[i] = sorted[upper - 1];
      }
      return { predictedMs: totalMs, lowerMs, upperMs };
    },
  };
};
