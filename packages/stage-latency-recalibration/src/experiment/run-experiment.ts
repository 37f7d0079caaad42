import type { StageTable } from '../data/stage-table.js';
import { designWarnings, rangeWarnings } from '../estimator/design-check.js';
import { learnEncoding } from '../estimator/feature-encoding.js';
import { listed, StageError, type StageWarning } from '../stage-error.js';
import { refuseOtherExperiment, testSize } from './draw-sets.js';
import { type ExperimentOptions, withDefaults } from './experiment-options.js';
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

/** What is decided before the first seed: checks, sizes, warnings. */
interface ExperimentPlan {
  readonly options: Required<ExperimentOptions>;
  readonly samples: readonly number[];
  readonly testConfigurations: number;
  readonly warnings: readonly StageWarning[];
}

/** @throws StageError for tables that are not one experiment, and for sample counts of which none fits the data */
const planExperiment = (source: StageTable, target: StageTable, asked: ExperimentOptions = {}): ExperimentPlan => {
  const options = withDefaults(asked);
  refuseOtherExperiment(source, target);
  for (const [name, values, least] of [
    ['samples', options.samples, 1],
    ['budgets', options.budgets, 0],
    ['seeds', [options.seeds], 1],
  ] as const) {
    const bad = values.find((value) => !(value >= least && value > 0 && Number.isFinite(value)));
    if (bad !== undefined || values.length === 0) {
      throw new StageError('stage/bad-option', `${name}: must be numbers above 0; got ${bad ?? 'none'}`, {
        value: bad,
      });
    }
  }
  const test = testSize(target, options.testConfigurations);
  const most = target.length - test;
  const samples = [...new Set(options.samples)].sort((a, b) => a - b).filter((n) => n <= most);
  const beyond = options.samples.filter((n) => n > most);
  const warnings: StageWarning[] = [
    ...source.warnings,
    ...target.warnings.filter(({ message }) => !source.warnings.some((known) => known.message === message)),
    ...designWarnings(source),
    ...rangeWarnings(learnEncoding(source), target),
  ];
  if (samples.length === 0) {
    throw new StageError(
      'stage/too-many-samples',
      `samples: must be at most ${most} (${target.length} target configurations less ${test} for testing); got ${listed(options.samples)}`,
      { value: options.samples.join(', '), expected: `at most ${most}` },
    );
  }
  if (beyond.length > 0) {
    warnings.push({
      code: 'too-many-samples',
      message: `N = ${listed(beyond)} left out: the target has ${target.length} configurations, ${test} of them for testing, so N is at most ${most}`,
    });
  }
  return { options, samples, testConfigurations: test, warnings };
};

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
  const { seeds: count, seed: first } = plan.options;
  const seeds = Array.from({ length: count }, (_, i) => {
    const result = runSeed(source, target, plan.samples, plan.options, first + i, i === 0);
    onSeed(i + 1, count);
    return result;
  });
  return experimentResult(source, target, plan, seeds);
};

/** Seeds that were run anywhere, in any order, as one result. */
const experimentResult = (
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
