import { dataset, featureTable, type LinearModel, type MlpModel, nonNegativeLeastSquares } from '@stepclock/regression';
import { totalsOf } from '../data/stage-table.js';
import type { NetworkEffort } from '../estimator/families/smooth-forms.js';
import { stageFault } from '../stage-fault.js';
import { type AutoFit, autoBlend } from './auto-blend.js';
import { autoFromTotals } from './auto-from-totals.js';
import { fineTuned } from './fine-tune.js';
import { leastSamples, type Method, needsStages } from './method.js';
import { sampledRanges } from './ratio-range.js';
import {
  byMix,
  byNetwork,
  byStages,
  byTotal,
  contributions,
  type Recalibration,
  type TransferFrame,
} from './recalibration.js';
import { stageSamples, type TransferSamples, wholeSamples } from './samples.js';
import {
  affineMapThrough,
  identityMap,
  logAffineMap,
  processMap,
  relativeAffineMap,
  ridgeMap,
  type StageMap,
  type StageSamples,
  scaleMap,
} from './stage-map.js';

export interface RecalibrateOptions {
  /** Default 0. */
  readonly seed?: number;
  /** The source's networks, one a stage, which `fine-tuned` trains on. */
  readonly networks?: readonly MlpModel[];
  /** Of `fine-tuned`; default full. */
  readonly effort?: NetworkEffort;
}

/**
 * Fits a method to the target's samples.
 *
 * @throws Fault `stage/too-few-samples`, `stage/bad-option` (`fine-tuned` without a network), `stage/missing-stage` (totals alone are not
 *   enough for the method), `stage/bad-value` (predictions that are no times)
 */
export const recalibrate = (
  method: Method,
  samples: TransferSamples,
  options: RecalibrateOptions = {},
): Recalibration => {
  const n = samples.targetTotalMs.length;
  if (n < leastSamples(method)) {
    throw stageFault('stage/too-few-samples', {
      what: 'samples',
      rule: `must be at least ${leastSamples(method)} for ${method}`,
      value: n,
    });
  }
  if (needsStages(method)) stageSamples(samples, 0);
  const { seed = 0 } = options;
  const frame = frameOf(samples);
  const each = (fit: (stage: StageSamples) => StageMap): Recalibration =>
    byStages(
      method,
      frame,
      samples.stageNames.map((_, k) => fit(stageSamples(samples, k))),
    );
  switch (method) {
    case 'none':
      return byStages(method, frame, samples.stageNames.map(identityMap));
    case 'affine':
      return each(affineMapThrough);
    case 'affine-relative':
      return each(relativeAffineMap);
    case 'log-affine':
      return each(logAffineMap);
    case 'scale':
      return each(scaleMap);
    case 'ridge':
      return each(ridgeMap);
    case 'gaussian-process':
      return each((stage) => processMap(stage, 'none'));
    case 'trend-process':
      return each((stage) => processMap(stage, 'quadratic'));
    case 'auto':
      return samples.targetMs === null
        ? autoFromTotals(samples, seed, stageMix)
        : ofStages(frame, autoBlend(samples, seed));
    case 'global-affine':
      return byTotal(method, frame, affineMapThrough(stageSamples(wholeSamples(samples), 0)));
    case 'stage-mix':
      return byMix(frame, stageMix(samples));
    case 'fine-tuned': {
      if (options.networks === undefined) {
        throw stageFault('stage/bad-option', { what: 'fine-tuned', rule: "must have the source's networks" });
      }
      return byNetwork(frame, fineTuned(options.networks, samples, seed, options.effort ?? 'full'));
    }
  }
};

/** What every recalibration on these samples shares. */
const frameOf = (samples: TransferSamples): TransferFrame => ({
  samples: samples.targetTotalMs.length,
  stageNames: samples.stageNames,
  total: samples.total,
  ...sampledRanges(samples),
});

const ofStages = (frame: TransferFrame, auto: AutoFit): Recalibration => ({
  ...byStages('auto', frame, auto.maps),
  blend: auto.reports,
  candidates: new Map(
    [...auto.candidateMaps].map(([candidate, maps]) => [candidate, byStages(candidate, frame, maps)]),
  ),
  folds: auto.splits.map(({ test: rows }, s) => ({
    model: byStages('auto', { ...frame, samples: frame.samples - rows.length }, auto.foldMaps[s]),
    rows,
  })),
});

/** Total as a non-negative mix of the source's stages, least relative error: what can be done when the target reports totals only. */
const stageMix = (samples: TransferSamples): LinearModel => {
  const { stageNames, total, targetTotalMs } = samples;
  // Fewer samples than stages and an intercept: one common factor.
  const few = targetTotalMs.length <= stageNames.length + 1;
  const data = dataset(
    few
      ? featureTable(['total'], [totalsOf(samples.sourceMs, stageNames, samples.decodeSteps, total)])
      : contributions(samples, stageNames, total),
    targetTotalMs,
    targetTotalMs.map((ms) => 1 / ms ** 2),
  );
  return nonNegativeLeastSquares(data).model;
};
