import { type FeatureTable, featureTable, type LinearModel, type MlpModel } from '@stepclock/regression';
import type { TotalRule } from '../data/decode-steps.js';
import { checkedTimes, totalsOf } from '../data/stage-table.js';
import { totalRuleJSON } from '../model/shared-schemas.js';
import type { BlendReport } from './auto-blend.js';
import type { Method } from './method.js';
import type { TransferInput } from './samples.js';
import type { StageMap } from './stage-map.js';

export const RECALIBRATION_SCHEMA = 'stepclock/stage-recalibration@1';

/** Times on the target GPU, ms. */
export interface TransferPrediction {
  /** One column a stage; null for methods that know totals only. */
  readonly stagesMs: readonly Float64Array[] | null;
  readonly totalMs: Float64Array;
}

/** How many times the source's time the target's was, over the samples. */
export interface RatioRange {
  readonly low: number;
  readonly high: number;
}

/** Between which values of a knob the samples lie, as the source model sees it: standardised. */
interface SampledKnob extends RatioRange {
  readonly name: string;
}

/** What a recalibration was made of. */
export interface TransferFrame {
  readonly samples: number;
  readonly stageNames: readonly string[];
  readonly total: TotalRule;
  /** Of the samples' totals to the source's; undefined without samples, and in files that do not say. */
  readonly ratios?: RatioRange | undefined;
  /** The same of each stage; undefined where the samples have totals alone, too. */
  readonly stageRatios?: readonly RatioRange[] | undefined;
  /** Undefined without samples, and in files that do not say. */
  readonly sampledKnobs?: readonly SampledKnob[] | undefined;
}

/** A source model carried to a target. */
export interface Recalibration {
  readonly method: Method;
  readonly frame: TransferFrame;
  /** @throws Fault `stage/bad-value` for what is no time */
  predict(input: TransferInput): TransferPrediction;
  /** Of `auto`: how each stage was decided. */
  readonly blend?: readonly BlendReport[];
  /** Of `auto`: the candidates, which are methods of their own. */
  readonly candidates?: ReadonlyMap<Method, Recalibration>;
  /** Of `auto`: the fits behind the decision, each without its rows, which the guardrail uses again. */
  readonly folds?: readonly { readonly model: Recalibration; readonly rows: Uint32Array }[];
  toJSON(): object;
}

const header = (method: Method, { samples, stageNames, total, ratios, stageRatios, sampledKnobs }: TransferFrame) => ({
  schema: RECALIBRATION_SCHEMA,
  method,
  samples,
  stages: stageNames,
  total: totalRuleJSON(total),
  ...(ratios === undefined ? {} : { ratio_range: [ratios.low, ratios.high] }),
  ...(stageRatios === undefined ? {} : { stage_ratio_ranges: stageRatios.map(({ low, high }) => [low, high]) }),
  ...(sampledKnobs === undefined ? {} : { sampled_knobs: sampledKnobs }),
});

const summed = (
  stagesMs: readonly Float64Array[],
  { stageNames, total }: TransferFrame,
  { decodeSteps }: TransferInput,
): TransferPrediction => {
  stagesMs.forEach((ms, k) => {
    checkedTimes(stageNames[k], ms);
  });
  return { stagesMs, totalMs: checkedTimes('total', totalsOf(stagesMs, stageNames, decodeSteps, total)) };
};

/** Per-stage maps, summed. */
export const byStages = (method: Method, frame: TransferFrame, maps: readonly StageMap[]): Recalibration => ({
  method,
  frame,
  predict: (input) =>
    summed(
      maps.map((map, k) => map.predict(input.sourceMs[k], input.knobs)),
      frame,
      input,
    ),
  toJSON: () => ({ ...header(method, frame), maps: maps.map((map) => map.toJSON()) }),
});

/** One map of the total. */
export const byTotal = (method: Method, frame: TransferFrame, map: StageMap): Recalibration => ({
  method,
  frame,
  predict: ({ sourceMs, knobs, decodeSteps }) => ({
    stagesMs: null,
    totalMs: checkedTimes('total', map.predict(totalsOf(sourceMs, frame.stageNames, decodeSteps, frame.total), knobs)),
  }),
  toJSON: () => ({ ...header(method, frame), map: map.toJSON() }),
});

/** What each stage adds to the total by the source model, one column a stage. */
export const contributions = (
  { sourceMs, decodeSteps }: TransferInput,
  stageNames: readonly string[],
  total: TotalRule,
): FeatureTable =>
  featureTable(
    stageNames,
    stageNames.map((name, k) =>
      total.perStepStages.includes(name) ? sourceMs[k].map((ms, i) => ms * decodeSteps[i]) : sourceMs[k],
    ),
  );

/** The total as a mix of what the stages add to it. */
export const byMix = (frame: TransferFrame, model: LinearModel, method: Method = 'stage-mix'): Recalibration => ({
  method,
  frame,
  predict: (input) => {
    const { stageNames, total } = frame;
    const stages = contributions(input, stageNames, total);
    const sum = totalsOf(input.sourceMs, stageNames, input.decodeSteps, total);
    const features = featureTable([...stages.names, 'total'], [...stages.columns, sum]);
    return { stagesMs: null, totalMs: checkedTimes('total', model.predict(features)) };
  },
  toJSON: () => ({ ...header(method, frame), model: model.toJSON() }),
});

/** Networks of the target, one a stage. */
export const byNetwork = (frame: TransferFrame, networks: readonly MlpModel[]): Recalibration => ({
  method: 'fine-tuned',
  frame,
  predict: (input) =>
    summed(
      networks.map((network) => network.predict(input.knobs).map(Math.exp)),
      frame,
      input,
    ),
  toJSON: () => ({
    ...header('fine-tuned', frame),
    networks: networks.map((network) => network.toJSON()),
  }),
});
