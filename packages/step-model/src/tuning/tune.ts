import type { EngineLimits } from '@stepclock/engine-sim';
import { CATALOGUE } from '@stepclock/step-cost';
import type { LoadShape } from '../capacity/load-shape.js';
import type { Slo } from '../capacity/slo.js';
import type { BetasFile } from '../model-file/betas-schema.js';
import type { LoadCorrections } from '../serving/replayed-load.js';
import { stepModelFault } from '../step-model-fault.js';
import type { EngineSetting } from './engine-setting.js';
import { layoutOf, type TunedEngine } from './layout.js';
import type { StepCount } from './tried-engine.js';
import { tuned } from './tuned-layouts.js';
import type { LayoutsOptions, Tuning } from './tuning.js';

export interface TuneOptions extends LayoutsOptions {
  /** The setting of today, held against the others. */
  readonly today?: EngineSetting;
  /** What stands between the load and the engine; default as the model's file says. */
  readonly corrections?: LoadCorrections;
}

/**
 * The settings of an engine that take most of a load within its service level objectives, by successive halving: all settings of a grid race over a
 * thousand requests, where one that cannot hold 95 % of the best rate so far costs a run or two; those near the best are searched over three thousand,
 * the last three over ten thousand. All serve the same requests.
 *
 * @param shape what is asked of the engine: `loadShapeOf` a log, or `loadShapeOfSpec` of a description
 * @param limits what stays as it is: KV cache, chunk size, rules
 * @throws Fault as `capacity` does; `step-model/bad-grid` without a setting
 *
 * @example
 * tune(model, shape, parseSlos('ttft:p95:200ms tpot:mean:50ms'), { kvTokens: 100_000 }).best[0].flags.vllm // => '--max-num-seqs 64 ...'
 */
export const tune = (
  model: BetasFile,
  shape: LoadShape,
  slos: readonly Slo[],
  limits: EngineLimits = {},
  { today, corrections, ...options }: TuneOptions = {},
): Tuning => {
  const engine = { model, limits, ...(today && { today }), ...(corrections && { corrections }) };
  const { seed = 0, catalogue = CATALOGUE } = options;
  const count: StepCount = { steps: 0 };
  const layout = layoutOf(engine, undefined, { ...options, seed, catalogue, count });
  return { ...tuned([layout], shape, slos, count, options), kvTokens: limits.kvTokens ?? null, gpus: null };
};

/** An engine with the GPUs that it takes. */
export interface EngineOfGpus extends TunedEngine {
  readonly tensorParallelSize: number;
}

/**
 * The layouts and settings of some GPUs that take most of a load: of each engine as many ranks behind a router as the GPUs have room for. One rank
 * tells, under its share of the load, which settings come near the best; the best three, and the best of every other layout, then serve the load with
 * all their ranks.
 *
 * @param engines each of another tensor parallel size
 * @throws Fault as `tune` does; `step-model/bad-layout` for an engine of more GPUs than there are, or two of as many
 *
 * @example
 * tuneGpus(4, [{ model: tp1, tensorParallelSize: 1 }, { model: tp2, tensorParallelSize: 2 }], shape, slos).best[0].flags.vllm
 * // => '--tensor-parallel-size 2 --data-parallel-size 2 --max-num-seqs 64 ...'
 */
export const tuneGpus = (
  gpus: number,
  engines: readonly EngineOfGpus[],
  shape: LoadShape,
  slos: readonly Slo[],
  options: LayoutsOptions = {},
): Tuning => {
  const { seed = 0, catalogue = CATALOGUE } = options;
  const count: StepCount = { steps: 0 };
  for (const [i, { tensorParallelSize: own }] of engines.entries()) {
    const refuse = (rule: string) =>
      stepModelFault('step-model/bad-layout', { what: 'GPUs of an engine', rule, value: own });
    if (own > gpus) throw refuse(`must be at most the ${gpus} GPUs that there are`);
    if (engines.findIndex(({ tensorParallelSize }) => tensorParallelSize === own) < i)
      throw refuse('must differ from model to model');
  }
  const layouts = engines.map((engine) => {
    const { tensorParallelSize } = engine;
    const parallel = { tensorParallelSize, dataParallelSize: Math.floor(gpus / tensorParallelSize) };
    return layoutOf(engine, parallel, { ...options, seed, catalogue, count });
  });
  return { ...tuned(layouts, shape, slos, count, options), kvTokens: null, gpus };
};
