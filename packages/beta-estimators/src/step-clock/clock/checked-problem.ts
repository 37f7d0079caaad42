import { Fault } from '@stepclock/faults';
import type { PhaseTable } from '@stepclock/trace-io';
import { traceColumns, type Window } from '../trace/trace-columns.js';
import { type ClockProblem, clockProblem } from './clock-problem.js';

const LEAST_CLUSTERS = 4;

/**
 * The problem of a trace that can be fitted.
 *
 * @throws Fault `beta-estimators/no-phases`, `beta-estimators/no-decode-counts`, `beta-estimators/too-few-clusters`
 */
export const checkedProblem = (phases: PhaseTable, windows: readonly Window[]): ClockProblem => {
  const columns = traceColumns(phases, windows);
  const { prefills, decodes } = columns;
  if (prefills.length + decodes.length === 0) {
    throw new Fault('beta-estimators/no-phases', {
      what: 'phases',
      rule: 'must be at least one with tokens',
      value: 0,
    });
  }
  if (!decodes.cut.includes(0)) {
    throw new Fault('beta-estimators/no-decode-counts', {
      what: 'decodes',
      rule: 'must have at least one whole decode phase, whose steps the step clock can count',
      value: `${prefills.length} prefills and ${decodes.length} decodes, none whole`,
    });
  }
  const problem = clockProblem(columns);
  if (problem.groups.length < LEAST_CLUSTERS) {
    throw new Fault('beta-estimators/too-few-clusters', {
      what: 'phases',
      rule: `must fall into at least ${LEAST_CLUSTERS} stretches between prefills to regress on, as those of a dozen requests do`,
      value: problem.groups.length,
    });
  }
  return problem;
};
