import type { StageTable } from '../data/stage-table.js';
import type { StageWarning } from '../stage-fault.js';
import type { ExperimentOptions } from './experiment-options.js';
import { type ExperimentPlan, planExperiment } from './plan-experiment.js';
import { runSeed, type SeedResult } from './run-seed.js';

export interface ExperimentResult {
  readonly options: Required<ExperimentOptions>;
  /** Numbers of samples that the data allowed. */
  readonly samples: readonly number[];
  readonly testConfigurations: number;
  readonly sourceConfigurations: number;
  readonly targetConfigurations: number;
  readonly stageNames: readonly string[];
  readonly seeds: readonly SeedResult[];
  readonly warnings: readonly StageWarning[];
}

/** The seeds of a plan. */
export const seedsOf = ({ options: { seed, seeds } }: ExperimentPlan): readonly number[] =>
  Array.from({ length: seeds }, (_, i) => seed + i);

/**
 * The published plan and what goes past it, over seeds: train on the source, recalibrate with N samples by every method, predict the held-out
 * configurations, guard budgets.
 *
 * @param onSeed told after each seed
 */
export const runExperiment = (
  source: StageTable,
  target: StageTable,
  asked: ExperimentOptions = {},
  onSeed: (done: number, of: number) => void = () => {},
): ExperimentResult => {
  const plan = planExperiment(source, target, asked);
  const seeds = seedsOf(plan).map((seed, i, all) => {
    const result = runSeed(source, target, plan, seed);
    onSeed(i + 1, all.length);
    return result;
  });
  return experimentResult(source, target, plan, seeds);
};

/** Seeds that were run anywhere (`runSeed` in threads of their own), in any order, as one result. */
export const experimentResult = (
  source: StageTable,
  target: StageTable,
  plan: ExperimentPlan,
  seeds: readonly SeedResult[],
): ExperimentResult => ({
  ...plan,
  sourceConfigurations: source.length,
  targetConfigurations: target.length,
  stageNames: source.stageNames,
  seeds: [...seeds].sort((a, b) => a.seed - b.seed),
});
