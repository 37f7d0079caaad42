import type { EngineLimits } from '@stepclock/engine-sim';
import type { Betas, Term } from '@stepclock/step-cost';
import { type EngineUnderLoad, engineUnderLoad } from '../capacity/engine-under-load.js';
import { betasOfFile } from '../model-file/betas-file.js';
import type { BetasFile } from '../model-file/betas-schema.js';
import { servingOfModel } from '../serving/model-serving.js';
import type { LoadCorrections } from '../serving/replayed-load.js';
import { stepModelFault } from '../step-model-fault.js';
import { inOrder } from './candidates.js';
import { type EngineSetting, limitsWith, type SettingsGrid, settingsOf, USUAL_GRID } from './engine-setting.js';
import { counted, type StepCount } from './tried-engine.js';

/** An engine whose settings are turned. */
export interface TunedEngine {
  readonly model: BetasFile;
  /** What stays as it is: KV cache, chunk size, rules. */
  readonly limits?: EngineLimits;
  /** The setting of today, held against the others. */
  readonly today?: EngineSetting;
  /** What stands between the load and the engine; default as the model's file says. */
  readonly corrections?: LoadCorrections;
}

/** So many of an engine side by side, with the settings to try. */
export interface Layout {
  readonly model: BetasFile;
  readonly betas: Betas;
  readonly ranks: number;
  /** Of one rank; null where it is not known. */
  readonly kvTokens: number | null;
  /** Those that are likely to be good first. */
  readonly settings: readonly EngineSetting[];
  readonly today: EngineSetting | undefined;
  /** One rank alone. */
  readonly rankWith: (setting: EngineSetting, betas?: Betas) => EngineUnderLoad;
  /** All ranks behind a router. */
  readonly allWith: (setting: EngineSetting) => EngineUnderLoad;
}

export interface LayoutOptions {
  readonly grid?: Partial<SettingsGrid>;
  readonly seed: number;
  readonly catalogue: readonly Term[];
  readonly count: StepCount;
}

/** @throws Fault `step-model/bad-grid` without a setting, `step-model/bad-betas-file` */
export const layoutOf = (
  { model, limits, today, corrections }: TunedEngine,
  parallel: { readonly tensorParallelSize: number; readonly dataParallelSize: number } | undefined,
  { grid, seed, catalogue, count }: LayoutOptions,
): Layout => {
  const settings = settingsOf({ ...USUAL_GRID, policy: [model.policy ?? 'mixed'], ...grid }).map((setting) => ({
    ...setting,
    ...parallel,
  }));
  if (settings.length === 0) {
    const rule = 'must have a setting with a budget of at least its requests';
    throw stepModelFault('step-model/bad-grid', { what: 'grid', rule, value: 0 });
  }
  const { rules, ...said } = servingOfModel(model);
  const betas = betasOfFile(model, catalogue);
  const engineWith = (setting: EngineSetting, dataParallel: number, with_: Betas): EngineUnderLoad => {
    const own = { ...limitsWith({ ...rules, ...limits }, setting), dataParallel };
    return counted(engineUnderLoad(with_, { limits: own, catalogue, seed, corrections: corrections ?? said }), count);
  };
  const ranks = parallel?.dataParallelSize ?? 1;
  const ownToday = today && { ...today, ...parallel };
  return {
    model,
    betas,
    ranks,
    kvTokens: limits?.kvTokens ?? null,
    settings: inOrder(settings, ownToday),
    today: ownToday,
    rankWith: (setting, with_ = betas) => engineWith(setting, 1, with_),
    allWith: (setting) => engineWith(setting, ranks, betas),
  };
};
