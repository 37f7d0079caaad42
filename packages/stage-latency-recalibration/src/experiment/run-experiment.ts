import { listed } from '@stepclock/faults';
import { type StageTable, TOTAL } from '../data/stage-table.js';
import { type StageWarning, stageFault } from '../stage-fault.js';
import { grouped } from './aggregate.js';
import type { ExperimentOptions } from './experiment-options.js';
import { type ExperimentPlan, planExperiment } from './plan-experiment.js';
import { type NotPossible, runSeed, type SeedResult } from './run-seed.js';

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
  seeds: computed([...seeds].sort((a, b) => a.seed - b.seed)),
  warnings: [...plan.warnings, ...notPossibleWarnings(seeds), ...farWarnings(seeds)],
});

/** @throws Fault `stage/too-few-samples` where no seed has a single cell */
const computed = (seeds: readonly SeedResult[]): readonly SeedResult[] => {
  if (seeds.some(({ calibration }) => calibration.length > 0)) return seeds;
  const [why] = seeds.flatMap(({ notPossible }) => notPossible);
  throw stageFault('stage/too-few-samples', {
    what: 'experiment',
    rule: 'must have at least one cell that can be computed',
    hint: why?.reason,
  });
};

/** One warning for every kind of cell that could not be computed, with the first reason. */
const notPossibleWarnings = (seeds: readonly SeedResult[]): StageWarning[] => {
  const kindOf = ({ what, samples }: NotPossible): string => `${what}${samples === 0 ? '' : `, N = ${samples}`}`;
  const all = seeds.flatMap(({ notPossible }) => notPossible);
  return grouped(all, kindOf).map((cells) => ({
    code: 'not-possible',
    message: `${kindOf(cells[0])}: not possible in ${cells.length} of ${seeds.length} seeds (${cells[0].reason})`,
  }));
};

/** Predictions that are far from what the samples measured, method by method. */
const farWarnings = (seeds: readonly SeedResult[]): StageWarning[] => {
  const far = seeds.flatMap(({ calibration }) => calibration.filter(({ stage, far }) => stage === TOTAL && far > 0));
  return grouped(far, ({ method }) => method).map((cells) => ({
    code: 'far-from-samples',
    message: `${cells[0].method}: ${cells.reduce((sum, cell) => sum + cell.far, 0)} test predictions in ${cells.length} cell${cells.length > 1 ? 's' : ''} are no sample's ratio to the source model, by far (N = ${listed([...new Set(cells.map(({ samples }) => samples))].sort((a, b) => a - b))})`,
  }));
};
