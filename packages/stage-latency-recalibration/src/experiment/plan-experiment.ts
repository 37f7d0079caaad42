import type { StageTable } from '../data/stage-table.js';
import { designWarnings, rangeWarnings } from '../estimator/design-check.js';
import { learnEncoding } from '../estimator/feature-encoding.js';
import { listed, StageError, type StageWarning } from '../stage-error.js';
import { mostSamples, refuseOtherExperiment, testSize } from './draw-sets.js';
import { type ExperimentOptions, withDefaults } from './experiment-options.js';

/** What is decided before the first seed: options, sizes, warnings. Plain data. */
export interface ExperimentPlan {
  readonly options: Required<ExperimentOptions>;
  /** Numbers of samples that the data allows. */
  readonly samples: readonly number[];
  readonly testConfigurations: number;
  readonly warnings: readonly StageWarning[];
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;
const isShare = (value: number): boolean => value > 0 && Number.isFinite(value);

/** @throws StageError for tables that are not one experiment, and for sample counts of which none fits the data */
export const planExperiment = (
  source: StageTable,
  target: StageTable,
  asked: ExperimentOptions = {},
): ExperimentPlan => {
  const options = withDefaults(asked);
  refuseOtherExperiment(source, target);
  for (const [name, values, rule, holds] of [
    ['samples', options.samples, 'whole numbers from 1', isCount],
    ['budgets', options.budgets, 'numbers above 0', isShare],
    ['seeds', [options.seeds], 'whole numbers from 1', isCount],
  ] as const) {
    const bad = values.find((value) => !holds(value));
    if (bad !== undefined || values.length === 0) {
      throw new StageError('stage/bad-option', `${name}: must be ${rule}; got ${bad ?? 'none'}`, { value: bad });
    }
  }
  const test = testSize(target, options.testConfigurations);
  const most = mostSamples(target, test);
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
