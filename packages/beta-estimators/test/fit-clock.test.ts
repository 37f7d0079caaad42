import '@stepclock/vitest-matchers';
import { runScenario, type ScenarioName } from '@stepclock/engine-sim';
import { describe, expect, it } from 'vitest';
import { clockProblem } from '../src/step-clock/clock/clock-problem.js';
import { fitClock } from '../src/step-clock/fit/fit-clock.js';
import { rowWeights } from '../src/step-clock/rows/row-weights.js';
import { traceColumns } from '../src/step-clock/trace/trace-columns.js';
import { KV, LINEAR } from './cluster-rows.js';
import { values } from './estimate-parts.js';
import { miscounted, mixedEngines, shortOutputs, withMissing } from './faulty-trace.js';

describe('fitClock', () => {
  const problemOf = (name: ScenarioName, seed: number, requests = 100) => {
    const run = runScenario(name, { seed, requests });
    return { run, problem: clockProblem(traceColumns(run.phases)) };
  };
  const settings = { terms: LINEAR, budget: Number.POSITIVE_INFINITY, tol: 1e-6, maxRounds: 25 };

  it('rounds once the coefficients are nearly still, and stays with whole steps', () => {
    const { problem } = problemOf('budget-2048-medium', 1);
    const { rounds } = fitClock(problem, settings);
    const first = rounds.findIndex((round) => round.whole);
    expect(first).toBeGreaterThan(0);
    expect(rounds.slice(first).every((round) => round.whole)).toBe(true);
    expect(rounds[first - 1]?.change).toBeLessThan(0.02);
    for (const round of rounds.slice(0, first - 1)) expect(round.change).toBeGreaterThanOrEqual(0.02);
  });

  it.each<[string, (seed: number) => Parameters<typeof traceColumns>[0]]>([
    ['queues folded into prefills', (seed) => runScenario('folded', { seed, requests: 100 }).phases],
    ['counts of one too many', (seed) => miscounted(runScenario(shortOutputs, { seed, requests: 100 }).phases, 1)],
    ['missing requests', (seed) => withMissing(runScenario('budget-2048-medium', { seed, requests: 100 }).phases)],
    [
      'preempted requests',
      (seed) => runScenario('preempting', { seed, requests: 100, engine: { kvTokens: 9000 } }).phases,
    ],
    ['two engines', (seed) => mixedEngines(seed, 100)],
  ])('steps are whole only where that leaves no more than real ones do, else the best round stands: %s', (_, trace) => {
    for (const seed of [1, 2, 3]) {
      const { rounds, coefficients } = fitClock(clockProblem(traceColumns(trace(seed))), settings);
      const left = rounds.map((round) => round.noise.rms);
      const last = left.at(-1) as number;
      const real = rounds.findLastIndex((round) => !round.whole);
      if (rounds.at(-1)?.whole) {
        expect(last).toBeLessThanOrEqual(Math.max(0.1, 1.15 * left[real]));
        // Real rounds come first, nine at most, and end where coefficients change by less than 2 %.
        expect(rounds.slice(0, real + 1).every((round) => !round.whole)).toBe(true);
        expect(real).toBeLessThan(9);
        if (real < 8) expect(rounds[real]?.change).toBeLessThan(0.02);
      } else expect(last).toBeLessThanOrEqual(1.15 * Math.min(...left));
      expect(coefficients).toAgree(rounds.at(-1)?.coefficients ?? [], 1e-6);
    }
  });

  it('rounds after nine rounds at most, whether or not the coefficients stand still', () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const { phases } = runScenario(shortOutputs, { seed, requests: 100 });
      const problem = clockProblem(traceColumns(miscounted(phases, 1)));
      const { rounds } = fitClock(problem, { ...settings, maxRounds: 10 });
      const first = rounds.findIndex((round) => round.whole);
      if (first >= 0) expect(first).toBeLessThanOrEqual(9);
      for (const round of rounds.slice(0, Math.max(first - 1, 0))) expect(round.change).toBeGreaterThanOrEqual(0.02);
    }
  });

  it('goes back to real steps where whole ones do not fit, and gives the best round back where real steps passed by it', () => {
    const seen = { real: 0 };
    for (let seed = 1; seed <= 30; seed++) {
      const problem = clockProblem(traceColumns(mixedEngines(seed, 60)));
      const fit = fitClock(problem, settings);
      if (fit.rounds.at(-1)?.whole) continue;
      seen.real++;
      // Its last round is the best of all that it did.
      const left = fit.rounds.map((round) => round.noise.rms);
      expect(left.at(-1)).toBeLessThanOrEqual(1.15 * Math.min(...left));
      expect(fit.coefficients).toAgree(fit.rounds.at(-1)?.coefficients ?? [], 1e-6);
    }
    expect(seen.real).toBeGreaterThan(0);
  });

  it('weighs its first rows by the time that they took, later ones by what the round before predicts', () => {
    const { problem } = problemOf('kv', 1);
    const first = fitClock(problem, { ...settings, terms: KV, maxRounds: 1 });
    expect(first.weights).toEqual(rowWeights(problem, first.rows, first.state, undefined));
    const second = fitClock(problem, { ...settings, terms: KV, maxRounds: 2 });
    expect(second.weights).toEqual(rowWeights(problem, second.rows, second.state, first.rounds[0]?.coefficients));
  });

  it('takes doubtful segments out of the regression where others are enough', () => {
    const { run, problem } = problemOf('budget-2048-medium', 2);
    // What lies in the first half is wrong by a tenth of a second each.
    const half = problem.frame.segmentSec.length >> 1;
    const doubtful = problem.frame.segmentSec.map((_, j) => (j < half ? 1 : 0));
    const fit = fitClock(problem, { ...settings, doubtful: Uint8Array.from(doubtful) });
    expect(fit.coefficients).toAgree(values(run.coefficients).slice(0, 3), 1e-8);
    const inside = problem.groups.ofSegment[half >> 1];
    expect(fit.weights[inside]).toBe(0);
    expect(fit.weights.at(-1)).toBeGreaterThan(0);
  });

  it('stands still where the last round moved no coefficient by more than tol', () => {
    const { problem } = problemOf('budget-2048-medium', 1);
    for (const maxRounds of [1, 2, 3, 4, 5]) {
      const { rounds, still } = fitClock(problem, { ...settings, maxRounds });
      expect(rounds).toHaveLength(maxRounds);
      expect(still).toBe(false);
    }
    const { rounds, still } = fitClock(problem, settings);
    expect(still).toBe(true);
    expect(rounds.at(-1)?.change).toBeLessThan(1e-6);
  });

  it('a round states its change: the largest of its coefficients, relative', () => {
    const { problem } = problemOf('kv', 1);
    const { rounds } = fitClock(problem, { ...settings, terms: KV });
    // Paces are whole until moves turn, so the first rounds start from the fit before.
    const [first, second] = rounds;
    const want = [...(second?.coefficients ?? [])].map((b, j) => Math.abs(b - first?.coefficients[j]) / b);
    expect(second?.change).toAgree(Math.max(...want), 1e-9);
    // The first is compared with a step of one mean time and nothing else: all of each coefficient is new.
    expect(first?.change).toBeGreaterThanOrEqual(1);
  });
});
