import '@stepclock/vitest-matchers';
import { runScenario } from '@stepclock/engine-sim';
import { describe, expect, it } from 'vitest';
import { clockProblem } from '../src/step-clock/clock/clock-problem.js';
import { startState } from '../src/step-clock/clock/clock-state.js';
import { fitStepClock } from '../src/step-clock/fit/fit-step-clock.js';
import { resolvedStepClock } from '../src/step-clock/fit/step-clock-options.js';
import type { LaidWindow } from '../src/step-clock/fit/trace-fit.js';
import { clusterRows } from '../src/step-clock/rows/segment-rows.js';
import { traceColumns } from '../src/step-clock/trace/trace-columns.js';
import { ClockTally } from '../src/step-clock/verdict/clock-report.js';
import { KV } from './cluster-rows.js';
import { decode, prefill, tableOf, twoRequests } from './phase-list.js';

const { exact: trace } = fitStepClock(
  runScenario('budget-2048-medium', { seed: 1, requests: 60 }).phases,
  resolvedStepClock({}),
);

/** The two requests, and more after an idle gap, on a clock by hand. */
const windowOf = (): LaidWindow => {
  const problem = clockProblem(
    traceColumns(tableOf([...twoRequests, prefill('C', 19, 20, 500), decode('C', 20, 24, 4), decode('D', 22, 25, 3)])),
  );
  const state = startState(problem);
  state.steps.set([2, 3, 3, 1, 0, 1, 2, 2, 1]);
  state.shares.tokens.set([100, 60, 0, 0, 0, 500, 0, 0, 0]);
  state.expected.set(Float64Array.from(problem.graph.segment, (j) => state.steps[j] + (j < 2 ? 0.5 : -0.1)));
  const rows = clusterRows(problem, state, KV, Number.POSITIVE_INFINITY);
  const noise = { step: 0.03, prefill: 0.04, rms: 0.05, r2: 0.9, rmseSec: 0.001 };
  const laid = { state, rows, weights: new Float64Array(rows.length).fill(1), noise, whole: true, unsure: 1, held: 3 };
  return { parts: [], problem, laid, coefficients: Float64Array.of(1, 0, 0, 0) };
};

const reportOf = (windows: readonly LaidWindow[], budget: number | null = null) => {
  const tally = new ClockTally(budget);
  const visit = tally.visitors();
  for (const window of windows) visit(window);
  return tally.report(trace);
};

describe('what the clocks of the windows say about themselves', () => {
  it('adds up', () => {
    const one = reportOf([windowOf()]);
    expect([one.steps, one.segments, one.busyPeriods, one.heldSegments]).toEqual([15, 9, 2, 3]);
    expect([one.prefills, one.decodes, one.cycles, one.disagreeingCycles]).toEqual([3, 4, 0, 0]);
    const two = reportOf([windowOf(), windowOf()]);
    expect([two.steps, two.segments, two.busyPeriods, two.heldSegments]).toEqual([30, 18, 4, 6]);
    expect(two.clusters).toBe(2 * one.clusters);
    expect(two.unsureShare).toBe(one.unsureShare);
  });

  it('forgets what passes before the last one saw', () => {
    const tally = new ClockTally(null);
    tally.visitors()(windowOf());
    tally.visitors()(windowOf());
    expect(tally.report(trace).steps).toBe(15);
  });

  it('gives the mean correction of the segments that the counts do not decide', () => {
    const window = windowOf();
    const { segment, edges } = window.problem.graph;
    const want = [...segment].reduce((sum, j) => sum + (j < 2 ? 0.5 : 0.1), 0) / edges;
    expect(reportOf([window]).correction).toAgree(want, 1e-12);
  });

  it('counts clusters that hold more than the budget of half a step more than theirs', () => {
    // C's prompt of 500 tokens in one step.
    expect(reportOf([windowOf()], null).overBudgetClusters).toBeNull();
    expect(reportOf([windowOf()], 334).overBudgetClusters).toBe(0);
    expect(reportOf([windowOf()], 333).overBudgetClusters).toBe(1);
  });

  it('counts starts on an idle engine whose steps nothing tells: without a budget both are such', () => {
    expect(reportOf([windowOf()]).uncountedClusters).toBe(2);
  });

  it('takes noise, stalls and windows from the fit', () => {
    const report = reportOf([windowOf()]);
    expect([report.stepNoise, report.prefillNoise, report.relativeResidual]).toEqual([
      trace.noise.step,
      trace.noise.prefill,
      trace.rms,
    ]);
    expect([report.windows, report.fittedWindows, report.windowsSetAside]).toEqual([1, 1, 0]);
    expect([report.slowClusters, report.fastClusters, report.stalledSeconds]).toEqual([0, 0, 0]);
    expect([report.stretchedDecodes, report.conventions]).toEqual([0, null]);
  });
});
