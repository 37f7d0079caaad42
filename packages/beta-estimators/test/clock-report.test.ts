import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { clockProblem } from '../src/step-clock/clock/clock-problem.js';
import { startState } from '../src/step-clock/clock/clock-state.js';
import type { ChosenFit } from '../src/step-clock/fit/chosen-fit.js';
import type { Round } from '../src/step-clock/fit/clock-loop.js';
import type { ClockFit } from '../src/step-clock/fit/fit-clock.js';
import { traceColumns } from '../src/step-clock/trace/trace-columns.js';
import { clockReport } from '../src/step-clock/verdict/clock-report.js';
import { KV, type ListedRow, rowsOf } from './cluster-rows.js';
import { decode, tableOf, twoRequests } from './phase-list.js';

const BETA = Float64Array.of(0.01, 1e-5, 1e-4, 0);
const round: Round = {
  coefficients: BETA,
  whole: true,
  change: 0,
  held: 3,
  unsure: 1,
  noise: { step: 0.03, prefill: 0.04, rms: 0.05, r2: 0.9, rmseSec: 0.001 },
};

// The two requests, and one more after an idle gap.
const problem = clockProblem(traceColumns(tableOf([...twoRequests, decode('C', 20, 24, 4), decode('D', 22, 25, 3)])));
const fitOf = (rows: readonly ListedRow[], off: readonly number[], changes: Partial<ClockFit> = {}): ClockFit => {
  const state = startState(problem);
  state.steps.set([2, 3, 3, 1, 0, 2, 2, 1]);
  state.expected.set(Float64Array.from(problem.graph.segment, (j) => state.steps[j] + (j < 2 ? 0.5 : -0.1)));
  return {
    terms: KV,
    coefficients: BETA,
    state,
    rows: rowsOf(rows, [...BETA], off, true),
    weights: new Float64Array(rows.length).fill(1),
    rounds: [{ ...round, held: 9 }, round],
    still: true,
    ...changes,
  };
};
const chosen = (fit: ClockFit, changes: Partial<ChosenFit> = {}): ChosenFit => ({
  problem,
  fit,
  exact: fit,
  stretched: new Int32Array(0),
  loose: false,
  ...changes,
});
const one: ListedRow = [1, 0, 0, 0];

describe('clockReport', () => {
  const fit = fitOf([one, one, [4, 100, 2, 0]], [0.003, -0.004, 0.012]);

  it('counts what there is', () => {
    const report = clockReport(chosen(fit), null);
    expect(report.steps).toBe(14);
    expect(report.clusters).toBe(3);
    expect(report.segments).toBe(8);
    expect(report.busyPeriods).toBe(2);
    expect([report.cycles, report.disagreeingCycles]).toEqual([0, 0]);
    expect(report.wholeSteps).toBe(true);
    expect(report.heldSegments).toBe(3);
    expect(report.stretchedDecodes).toBe(0);
    expect(report.conventions).toBeNull();
    expect(report.overBudgetClusters).toBeNull();
    // Five components: the start, and the four decodes.
    expect(report.unsureShare).toBe(1 / 5);
    expect([report.stepNoise, report.prefillNoise, report.relativeResidual]).toEqual([0.03, 0.04, 0.05]);
  });

  it('relates the residual to a step, sqrt(sum r^2 / sum k) / beta0', () => {
    expect(clockReport(chosen(fit), null).clusterResidual).toAgree(Math.sqrt((9 + 16 + 144) / 6) * 0.1, 1e-9);
    const free = clockReport(chosen(fitOf([one], [0], { coefficients: Float64Array.of(0, 1e-5, 1e-4, 0) })), null);
    expect(free.clusterResidual).toBeNull();
    const stepless = clockReport(chosen(fitOf([[0, 100, 0, 0]], [0])), null);
    expect(stepless.clusterResidual).toBeNull();
  });

  it('gives the mean correction of the segments that the counts do not decide', () => {
    const { segment, edges } = problem.graph;
    const want = [...segment].reduce((sum, j) => sum + (j < 2 ? 0.5 : 0.1), 0) / edges;
    expect(clockReport(chosen(fit), null).correction).toAgree(want, 1e-12);
    const lone = clockProblem(traceColumns(tableOf([decode('A', 0, 3, 3)])));
    expect(clockReport(chosen({ ...fit, state: startState(lone) }, { problem: lone }), null).correction).toBe(0);
  });

  it('counts rows more than four standard deviations out, slow and fast apart', () => {
    // One standard deviation is 3 %: 12 % of a step is four of them, 6 % of four steps as well.
    const rows: ListedRow[] = [one, one, one, one, [4, 0, 0, 0], [4, 0, 0, 0]];
    const off = [0.00121, 0.00119, -0.00121, -0.00119, 0.00241, -0.00239];
    const { slowClusters, fastClusters } = clockReport(chosen(fitOf(rows, off)), null);
    expect([slowClusters, fastClusters]).toEqual([2, 1]);
  });

  it('takes steps to vary by two percent at least', () => {
    const quiet = { ...round, noise: { ...round.noise, step: 0 } };
    const at = (off: number) => clockReport(chosen(fitOf([one], [off], { rounds: [quiet] })), null);
    expect(at(0.00079).slowClusters).toBe(0);
    expect(at(0.00081).slowClusters).toBe(1);
    expect(at(-0.00079).fastClusters).toBe(0);
    expect(at(-0.00081).fastClusters).toBe(1);
  });

  it('takes the evidence from the fit that holds all counts for exact, the rest from the fit itself', () => {
    const other = { ...round, whole: false, held: 70, unsure: 0, noise: { ...round.noise, step: 0.5, rms: 0.7 } };
    const exact = fitOf([one, one], [0.1, 0.1], {
      rounds: [other],
      coefficients: Float64Array.of(0.02, 1e-5, 1e-4, 0),
    });
    const got = clockReport(chosen(fit, { exact, stretched: Int32Array.of(1, 2) }), null);
    expect(got.heldSegments).toBe(70);
    expect(got.relativeResidual).toBe(0.7);
    expect(got.clusterResidual).toAgree(0.09 / 0.02, 1e-9);
    expect([got.stepNoise, got.unsureShare, got.wholeSteps, got.clusters]).toEqual([0.03, 0.2, true, 3]);
    expect(got.stretchedDecodes).toBe(2);
    expect([got.slowClusters, got.fastClusters]).toEqual([2, 0]);
  });

  it('hands on what other conventions leave', () => {
    const conventions = { minusOne: 1, asGiven: 2, plusOne: 3 };
    expect(clockReport(chosen(fit, { conventions }), null).conventions).toBe(conventions);
  });

  it('of a fit without rounds says nothing of noise', () => {
    const got = clockReport(chosen(fitOf([one], [0.00081], { rounds: [] })), null);
    expect([got.relativeResidual, got.stepNoise, got.prefillNoise, got.heldSegments, got.unsureShare]).toEqual([
      0, 0, 0, 0, 0,
    ]);
    expect(got.wholeSteps).toBe(false);
    expect(got.slowClusters).toBe(1);
  });

  it('counts clusters that hold more than the budget of half a step more than theirs', () => {
    // Tokens of prefills, and one a decode and step.
    const rows: ListedRow[] = [
      [2, 230, 10, 0],
      [2, 231, 10, 0],
      [1, 0, 150, 0],
      [1, 0, 151, 0],
    ];
    expect(clockReport(chosen(fitOf(rows, [0, 0, 0, 0])), 100).overBudgetClusters).toBe(2);
    expect(clockReport(chosen(fitOf(rows, [0, 0, 0, 0])), 1000).overBudgetClusters).toBe(0);
  });
});
