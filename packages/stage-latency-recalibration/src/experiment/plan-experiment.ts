import { listed } from '@stepclock/faults';
import { hasTotalsAlone, type StageTable } from '../data/stage-table.js';
import { designWarnings, rangeWarnings } from '../estimator/design-check.js';
import { learnEncoding } from '../estimator/feature-encoding.js';
import { type StageWarning, stageFault } from '../stage-fault.js';
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

/** @throws Fault for tables that are not one experiment, and for sample counts of which none fits the data */
export const planExperiment = (
  source: StageTable,
  target: StageTable,
  asked: ExperimentOptions = {},
): ExperimentPlan => {
  const options = withDefaults(asked, hasTotalsAlone(target));
  refuseOtherExperiment(source, target);
  for (const [name, values, rule, holds] of [
    ['samples', options.samples, 'whole numbers from 1', isCount],
    ['budgets', options.budgets, 'numbers above 0', isShare],
    ['seeds', [options.seeds], 'whole numbers from 1', isCount],
  ] as const) {
    const bad = values.find((value) => !holds(value));
    if (bad !== undefined || values.length === 0) {
      throw stageFault('stage/bad-option', { what: name, rule: `must be ${rule}`, value: bad ?? 'nothing' });
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
    throw stageFault('stage/too-many-samples', {
      what: 'samples',
      rule: `must be at most ${most} (${target.length} target configurations less ${test} for testing)`,
      value: listed(options.samples),
    });
  }
  if (beyond.length > 0) {
    warnings.push({
      code: 'too-many-samples',
      message: `N = ${listed(beyond)} left out: the target has ${target.length} configurations, ${test} of them for testing, so N is at most ${most}`,
    });
  }
  return { options, samples, testConfigurations: test, warnings };
};
