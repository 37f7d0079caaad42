import type { PhaseTable } from '@stepclock/trace-io';
import { EstimatorError } from '../estimator-error.js';
import { type ClockProblem, clockProblem } from './clock-problem.js';
import { traceColumns, type Window } from './trace-columns.js';

const LEAST_CLUSTERS = 4;

/**
 * The problem of a trace that can be fitted.
 *
 * @throws EstimatorError `beta-estimators/no-phases`, `beta-estimators/no-decode-counts`, `beta-estimators/too-few-clusters`
 */
export const checkedProblem = (phases: PhaseTable, windows: readonly Window[]): ClockProblem => {
  const columns = traceColumns(phases, windows);
  const { prefills, decodes } = columns;
  if (prefills.length + decodes.length === 0) {
    throw new EstimatorError('beta-estimators/no-phases', 'phases: at least one with tokens is needed; got none');
  }
  if (!decodes.cut.includes(0)) {
    throw new EstimatorError(
      'beta-estimators/no-decode-counts',
      `decodes: the step clock counts the steps of whole decode phases, and needs at least one; got ${prefills.length} prefills and ${decodes.length} decodes, none whole`,
    );
  }
  const problem = clockProblem(columns);
  if (problem.groups.length < LEAST_CLUSTERS) {
    throw new EstimatorError(
      'beta-estimators/too-few-clusters',
      `phases: must fall into at least ${LEAST_CLUSTERS} stretches between prefills to regress on, as those of a dozen requests do; got ${problem.groups.length}`,
    );
  }
  return problem;
};
