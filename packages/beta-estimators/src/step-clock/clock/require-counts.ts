import { Fault } from '@stepclock/faults';
import type { ClockProblem } from './clock-problem.js';

/** Four coefficients need as many clusters. */
const LEAST_CLUSTERS = 4;

/**
 * Refuses traces that tell no clock.
 *
 * @throws Fault `beta-estimators/no-phases`, `beta-estimators/no-decode-counts`, `beta-estimators/too-few-clusters`
 */
export const requireCounts = (problems: readonly ClockProblem[]): void => {
  let prefills = 0;
  let decodes = 0;
  let clusters = 0;
  let counted = false;
  for (const { columns, groups } of problems) {
    prefills += columns.prefills.length;
    decodes += columns.decodes.length;
    clusters += groups.length;
    counted ||= columns.decodes.cut.includes(0);
  }
  if (prefills + decodes === 0) {
    throw new Fault('beta-estimators/no-phases', {
      what: 'phases',
      rule: 'must be at least one with tokens',
      value: 0,
    });
  }
  if (!counted) {
    throw new Fault('beta-estimators/no-decode-counts', {
      what: 'decodes',
      rule: 'must have at least one whole decode phase, whose steps the step clock can count',
      value: `${prefills} prefills and ${decodes} decodes, none whole`,
    });
  }
  if (clusters < LEAST_CLUSTERS) throw tooFewClusters(clusters, prefills);
};

/** So many prompts have stretches between them, unless one or another is in prefill all the time. */
const MANY_PREFILLS = 48;

/** @param clusters that tell of a step's time */
export const tooFewClusters = (clusters: number, prefills = 0): Fault =>
  new Fault('beta-estimators/too-few-clusters', {
    what: 'phases',
    rule: `must fall into at least ${LEAST_CLUSTERS} stretches between prefills to regress on, as those of a dozen requests do`,
    value: clusters,
    hint:
      prefills < MANY_PREFILLS
        ? undefined
        : `of ${prefills} prompts one or another was in prefill or, where that counts as prefill, waiting all the time: a file with token times (vllm bench serve --save-detailed), a log that tells when requests were scheduled, or a lighter load has stretches between them`,
  });
