import { dataset, featureTable, type LinearModel, type MlpModel, nonNegativeLeastSquares } from '@stepclock/regression';
import type { TotalRule } from '../data/decode-steps.js';
import { checkedTimes, totalsOf } from '../data/stage-table.js';
import type { NetworkEffort } from '../estimator/families/smooth-forms.js';
import { totalRuleJSON } from '../model/shared-schemas.js';
import { stageFault } from '../stage-fault.js';
import { type AutoFit, autoBlend, type BlendReport } from './auto-blend.js';
import { fineTuned } from './fine-tune.js';
import { leastSamples, type Method } from './method.js';
import type { TransferInput, TransferSamples } from './samples.js';
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

export const RECALIBRATION_SCHEMA = 'stepclock/stage-recalibration@1';

/** Times on the target GPU, ms. */
export interface TransferPrediction {
  /** One column a stage; null for methods that know totals only. */
  readonly stagesMs: readonly Float64Array[] | null;
  readonly totalMs: Float64Array;
}

/** A source model carried to a target. */
export interface Recalibration {
  readonly method: Method;
  readonly samples: number;
  readonly stageNames: readonly string[];
  predict(input: TransferInput): TransferPrediction;
  /** Of `auto`: how each stage was decided. */
  readonly blend?: readonly BlendReport[];
  /** Of `auto`: the fits behind the decision, which the guardrail uses again. */
  readonly auto?: AutoFit;
  toJSON(): object;
}

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
 * @throws Fault `stage/too-few-samples`, `stage/bad-option` (`fine-tuned` without a network)
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
  const { seed = 0 } = options;
  const { stageNames, total } = samples;
  const each = (fit: (stage: StageSamples) => StageMap): Recalibration =>
    byStages(
      method,
      n,
      stageNames,
      total,
      stageNames.map((_, k) => fit({ f: samples.sourceMs[k], y: samples.targetMs[k], knobs: samples.knobs })),
    );
  switch (method) {
    case 'none':
      return each(identityMap);
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
    case 'auto': {
      const auto = autoBlend(samples, seed);
      return { ...byStages(method, n, stageNames, total, auto.maps), auto, blend: auto.reports };
    }
    case 'global-affine': {
      const f = totalsOf(samples.sourceMs, stageNames, samples.decodeSteps, total);
      return byTotal(n, stageNames, total, affineMapThrough({ f, y: samples.targetTotalMs, knobs: samples.knobs }));
    }
    case 'stage-mix':
      return stageMix(samples, n);
    case 'fine-tuned': {
      if (options.networks === undefined) {
        throw stageFault('stage/bad-option', { what: 'fine-tuned', rule: "must have the source's networks" });
      }
      return byNetwork(n, stageNames, total, fineTuned(options.networks, samples, seed, options.effort ?? 'full'));
    }
  }
};

const header = (method: Method, samples: number, stageNames: readonly string[], total: TotalRule) => ({
  schema: RECALIBRATION_SCHEMA,
  method,
  samples,
  stages: stageNames,
  total: totalRuleJSON(total),
});

/** Per-stage maps, summed. */
export const byStages = (
  method: Method,
  samples: number,
  stageNames: readonly string[],
  total: TotalRule,
  maps: readonly StageMap[],
): Recalibration => ({
  method,
  samples,
  stageNames,
  predict: ({ sourceMs, knobs, decodeSteps }) => {
    const stagesMs = maps.map((map, k) => checkedTimes(stageNames[k], map.predict(sourceMs[k], knobs)));
    return { stagesMs, totalMs: checkedTimes('total', totalsOf(stagesMs, stageNames, decodeSteps, total)) };
  },
  toJSON: () => ({ ...header(method, samples, stageNames, total), maps: maps.map((map) => map.toJSON()) }),
});

export const byTotal = (
  samples: number,
  stageNames: readonly string[],
  total: TotalRule,
  map: StageMap,
): Recalibration => ({
  method: 'global-affine',
  samples,
  stageNames,
  predict: ({ sourceMs, knobs, decodeSteps }) => ({
    stagesMs: null,
    totalMs: checkedTimes('total', map.predict(totalsOf(sourceMs, stageNames, decodeSteps, total), knobs)),
  }),
  toJSON: () => ({ ...header('global-affine', samples, stageNames, total), map: map.toJSON() }),
});

/** What each stage adds to the total by the source model, one column a stage. */
const contributions = ({ sourceMs, decodeSteps }: TransferInput, stageNames: readonly string[], total: TotalRule) =>
  featureTable(
    [...stageNames],
    stageNames.map((name, k) => {
      const column = sourceMs[k];
      return total.perStepStages.includes(name) ? column.map((ms, i) => ms * decodeSteps[i]) : column;
    }),
  );

/** Total as a non-negative mix of the source's stages, least relative error: what can be done when the target reports totals only. */
const stageMix = (samples: TransferSamples, n: number): Recalibration => {
  const { stageNames, total, targetTotalMs } = samples;
  const features = contributions(samples, stageNames, total);
  // Fewer samples than stages and an intercept: one common factor.
  const few = n <= stageNames.length + 1;
  const data = dataset(
    few ? featureTable(['total'], [totalsOf(samples.sourceMs, stageNames, samples.decodeSteps, total)]) : features,
    targetTotalMs,
    targetTotalMs.map((ms) => 1 / ms ** 2),
  );
  return byMix(n, stageNames, total, nonNegativeLeastSquares(data).model);
};

export const byMix = (
  samples: number,
  stageNames: readonly string[],
  total: TotalRule,
  model: LinearModel,
): Recalibration => ({
  method: 'stage-mix',
  samples,
  stageNames,
  predict: (input) => {
    const stages = contributions(input, stageNames, total);
    const sum = totalsOf(input.sourceMs, stageNames, input.decodeSteps, total);
    return {
      stagesMs: null,
      totalMs: checkedTimes('total', model.predict(featureTable([...stages.names, 'total'], [...stages.columns, sum]))),
    };
  },
  toJSON: () => ({ ...header('stage-mix', samples, stageNames, total), model: model.toJSON() }),
});

export const byNetwork = (
  samples: number,
  stageNames: readonly string[],
  total: TotalRule,
  networks: readonly MlpModel[],
): Recalibration => ({
  method: 'fine-tuned',
  samples,
  stageNames,
  predict: ({ knobs, decodeSteps }) => {
    const stagesMs = networks.map((network, k) => checkedTimes(stageNames[k], network.predict(knobs).map(Math.exp)));
    return { stagesMs, totalMs: checkedTimes('total', totalsOf(stagesMs, stageNames, decodeSteps, total)) };
  },
  toJSON: () => ({
    ...header('fine-tuned', samples, stageNames, total),
    networks: networks.map((network) => network.toJSON()),
  }),
});
