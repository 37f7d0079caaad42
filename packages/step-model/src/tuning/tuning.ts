import type { Warning } from '@stepclock/faults';
import type { Term } from '@stepclock/step-cost';
import type { Unreachable } from '../capacity/lone-requests.js';
import type { OperatingFigures } from '../capacity/operating-figures.js';
import type { Slo } from '../capacity/slo.js';
import type { EngineFlags, EngineSetting, SettingsGrid } from './engine-setting.js';
import type { FrontPoint } from './pareto-front.js';

export interface LayoutsOptions {
  /** Values to try; default {@link USUAL_GRID}, and the policy of the model. */
  readonly grid?: Partial<SettingsGrid>;
  /** Of the step noise; default 0. */
  readonly seed?: number;
  readonly catalogue?: readonly Term[];
  readonly onProgress?: (done: number, of: number) => void;
}

/** A setting with the highest rate that it takes within the SLOs. */
export interface RatedSetting {
  readonly setting: EngineSetting;
  readonly flags: EngineFlags;
  readonly ratePerSec: number;
  /** At that rate. */
  readonly atRate: OperatingFigures;
  /** Where its steps leave what the fit has seen; empty where they do not. */
  readonly beyond: readonly string[];
}

/** An engine of a number of GPUs, so many times as they have room for it. */
export interface LayoutRate {
  readonly tensorParallelSize: number;
  readonly dataParallelSize: number;
  /** With the best of its settings; null where none keeps the SLOs. */
  readonly ratePerSec: number | null;
  /** Of an engine; null where it is not known. */
  readonly kvTokens: number | null;
}

/** Settings of one engine, or of engines side by side, by the load that they take. */
export interface Tuning {
  readonly slos: readonly Slo[];
  /** Those worth confirming on the engine, best first; none where no setting keeps the SLOs. */
  readonly best: readonly RatedSetting[];
  /** The setting of today; null where it is not known or keeps the SLOs at no rate. */
  readonly today: RatedSetting | null;
  /** Goodput against latency, of the settings that came near the best, at a few rates each: those that no other beats in both. */
  readonly front: readonly FrontPoint<EngineSetting>[];
  /** Of one engine; null where it is not known, or GPUs are laid out. */
  readonly kvTokens: number | null;
  /** That were given to the engines, and what was made of them by each model; null and none where no number was given. */
  readonly gpus: number | null;
  readonly layouts: readonly LayoutRate[];
  /** Settings of the grid, and those of them that were searched to the end: the others are no better, or do the same. */
  readonly settings: { readonly grid: number; readonly searched: number };
  /** Simulated, and what a search of every setting from nothing, over as many requests as the last ones, takes. */
  readonly steps: { readonly simulated: number; readonly ofWholeGrid: number };
  readonly unreachable: readonly Unreachable[];
  readonly warnings: readonly Warning[];
}
