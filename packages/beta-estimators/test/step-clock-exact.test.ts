import '@stepclock/vitest-matchers';
import { runScenario, type ScenarioName, type ScenarioRun } from '@stepclock/engine-sim';
import { describe, expect, it } from 'vitest';
import { estimateStepClock, stepClockDetails } from '../src/index.js';
import { codes, sum, values } from './estimate-parts.js';
import { decode, prefill, tableOf } from './phase-list.js';

/** What the true step log says of the time between two moments: the steps that ended there. */
const trueSteps = ({ steps }: ScenarioRun) => {
  const ends = Array.from(steps.startSec, (s, i) => s + steps.durationSec[i]);
  return (fromSec: number, toSec: number) =>
    ends.flatMap((end, i) => (end > fromSec + 1e-6 && end < toSec + 1e-6 ? [i] : []));
};

describe('without noise a hundred requests give the engine back to the last digits', () => {
  it.each<[ScenarioName, number]>([
    ['chunk-512-medium', 1],
    ['chunk-512-medium', 3],
    ['budget-2048-light', 2],
    ['budget-2048-medium', 1],
    ['budget-2048-medium', 2],
    ['budget-2048-bursty', 1],
    ['budget-2048-bursty', 3],
    ['budget-512-heavy', 2],
    ['budget-512-heavy', 3],
    ['folded', 3],
    ['kv', 1],
    ['kv', 2],
    ['kv-light', 3],
  ])('%s, seed %d', (name, seed) => {
    const run = runScenario(name, { seed, requests: 100 });
    const estimate = estimateStepClock(run.phases, { model: run.coefficients.beta3 ? 'kv' : 'linear' });
    expect(values(estimate.betas)).toAgree(values(run.coefficients), 1e-10);
    expect(estimate.iterations).toBe(3);
    expect(estimate.converged).toBe(true);
    expect(codes(estimate.warnings)).toEqual([]);
    const { clock } = estimate;
    expect(clock.steps).toAgree(run.steps.length, name === 'folded' ? 1e-3 : 1e-12);
    expect([clock.wholeSteps, clock.heldSegments]).toEqual([true, 0]);
    // Where an idle engine begins to prefill several prompts, nothing tells how many steps the first took.
    expect(clock.unsureShare).toBeLessThan(name === 'folded' ? 0.03 : 1e-12);
    expect(clock.relativeResidual).toBeLessThan(1e-10);
    // What is left to correct is where each prefill's tokens went: while it waited, if waiting counts, none did.
    expect(clock.correction).toBeLessThan(name === 'folded' ? 0.8 : 0.12);
  });
});

describe('what an estimate holds', () => {
  const run = runScenario('kv', { seed: 3, requests: 100 });
  const fitted = () => estimateStepClock(run.phases, { model: 'kv' });

  it('says what was fitted, on what, and how far it came', () => {
    const progress: number[] = [];
    const estimate = estimateStepClock(run.phases, { model: 'kv', onProgress: (share) => progress.push(share) });
    expect(estimate.algo).toBe('step-clock');
    expect(estimate.model).toBe('kv');
    expect(estimate.options).toMatchObject({ model: 'kv', ci: 0.95, window: null });
    expect(Object.keys(estimate.betas)).toEqual(['beta0', 'beta1', 'beta2', 'beta3']);
    expect(Object.keys(estimateStepClock(run.phases, { model: 'linear' }).betas)).toEqual(['beta0', 'beta1', 'beta2']);
    expect(progress.at(-1)).toBe(1);
  });

  it('diagnoses itself in numbers that can be checked', () => {
    const estimate = fitted();
    const { diagnostics } = estimate;
    const { clusters, segments } = stepClockDetails(run.phases, estimate.options);
    const decodes = run.phases.kind.filter((k) => k === 1).length;
    expect(diagnostics.n_phases).toBe(run.phases.length);
    expect([diagnostics.n_prefills, diagnostics.n_decodes]).toEqual([100, decodes]);
    expect(diagnostics.n_clusters).toBe(clusters.steps.length);
    expect(diagnostics.steps).toBe(run.steps.length);
    expect(diagnostics.mean_step_seconds).toAgree(sum(clusters.observedSec) / sum(clusters.steps), 1e-12);
    expect(diagnostics.r2).toBeGreaterThan(1 - 1e-12);
    expect(diagnostics.rmse_seconds).toBeLessThan(1e-10);
    expect(sum(segments.steps)).toBe(run.steps.length);
  });

  it('tells the history of its rounds', () => {
    const estimate = fitted();
    const { history, iterations, diagnostics } = estimate;
    expect(history.beta).toHaveLength(iterations + 1);
    const [start = [], ...after] = history.beta;
    // An even clock to begin with: the mean time of a counted step.
    const { phases } = run;
    const rows = [...phases.kind.keys()].filter((i) => phases.kind[i] === 1);
    const seconds = sum(rows.map((i) => phases.endSec[i] - phases.startSec[i]));
    expect(start[0]).toAgree(seconds / sum(phases.decodeTokens), 1e-9);
    expect(start.slice(1)).toEqual([0, 0, 0]);
    for (const [m, delta] of history.deltaBetaL2.entries()) {
      const before = history.beta[m] ?? [];
      expect(delta).toAgree(Math.hypot(...(after[m] ?? []).map((b, j) => b - before[j])), 1e-12, 1e-20);
    }
    expect(history.deltaBetaL2).toHaveLength(iterations);
    expect(history.r2).toHaveLength(iterations);
    expect(history.r2.at(-1)).toBe(diagnostics.r2);
    expect(history.rmseSeconds.at(-1)).toBe(diagnostics.rmse_seconds);
    expect(after.at(-1)).toAgree(values(estimate.betas), 1e-6);
    const linear = estimateStepClock(run.phases, { model: 'linear', maxOuterIters: 3 });
    expect(linear.history.beta.map((b) => b.length)).toEqual([3, 3, 3, 3]);
    expect(linear.iterations).toBe(3);
  });

  it('not converged where the rounds ran out before the coefficients stood still', () => {
    const short = estimateStepClock(run.phases, { model: 'kv', maxOuterIters: 2 });
    expect(short.converged).toBe(false);
    expect(codes(short.warnings)).toContain('not-converged');
    expect(short.iterations).toBe(2);
  });

  it('stops as soon as no coefficient changes by more than tol', () => {
    const rough = estimateStepClock(run.phases, { model: 'kv', tol: 0.5 });
    expect(rough.iterations).toBe(3);
    expect(rough.converged).toBe(true);
    expect(rough.clock.wholeSteps).toBe(true);
  });
});

describe('the details of a clock are those of the engine', () => {
  it.each<[ScenarioName, number]>([
    ['kv', 1],
    ['budget-2048-bursty', 1],
  ])('%s', (name, seed) => {
    const run = runScenario(name, { seed, requests: 100 });
    const { coefficients } = run;
    const kv = (coefficients.beta3 ?? 0) > 0;
    const estimate = estimateStepClock(run.phases, { model: kv ? 'kv' : 'linear' });
    const { segments, phases, clusters } = stepClockDetails(run.phases, estimate.options);
    const between = trueSteps(run);
    const { prefillTokens, decodeTokens } = run.steps;

    for (let j = 0; j < segments.startSec.length; j++) {
      const from = segments.startSec[j];
      const to = from + segments.durationSec[j];
      const seen = between(from, to);
      expect(segments.steps[j]).toBe(seen.length);
      if (segments.activePrefills[j] === 0) expect(sum(seen.map((i) => prefillTokens[i]))).toBe(0);
      for (const i of seen) expect(decodeTokens[i]).toBe(segments.activeDecodes[j]);
      const [b0, b1, b2, b3] = values(coefficients) as [number, number, number, number];
      const k = segments.steps[j];
      expect(segments.predictedSec[j]).toAgree(
        b0 * k +
          b1 * segments.prefillTokens[j] +
          b2 * k * segments.activeDecodes[j] +
          b3 * k * segments.contextTokens[j],
        1e-8,
        1e-12,
      );
      const expected = segments.expectedSteps[j];
      // Right where prefills do not blur it; NaN where the counts alone decide.
      if (!Number.isNaN(expected) && segments.activePrefills[j] === 0) expect(expected).toAgree(k, 1e-3, 1e-3);
    }
    expect(segments.expectedSteps.some(Number.isNaN)).toBe(true);
    expect(segments.expectedSteps.every(Number.isNaN)).toBe(false);
    expect(sum(segments.prefillTokens)).toAgree(sum(run.phases.prefillTokens), 1e-9);
    if (!kv) expect(segments.contextTokens.every((c) => c === 0)).toBe(true);

    expect(clusters.predictedSec).toAgree(clusters.observedSec, 1e-9);
    let checked = 0;
    for (let c = 0; c < clusters.timeSec.length; c++) {
      const half = clusters.observedSec[c] / 2;
      const middle = clusters.timeSec[c];
      expect(between(middle - half, middle + half).length).toBe(clusters.steps[c]);
      checked++;
    }
    expect(checked).toBeGreaterThan(100);

    const count = run.phases.kind.filter((k) => k === 0).length;
    expect([...phases.row].sort((a, b) => a - b)).toEqual([...run.phases.kind.keys()]);
    for (let i = 0; i < phases.row.length; i++) {
      const row = phases.row[i];
      expect(run.phases.kind[row]).toBe(i < count ? 0 : 1);
      const start = run.phases.startSec[row];
      const end = run.phases.endSec[row];
      expect(phases.observedSec[i]).toAgree(end - start, 1e-12, 1e-12);
      if (i < count) continue;
      const seen = between(start, end);
      expect(phases.meanDecodes[i]).toAgree(sum(seen.map((s) => decodeTokens[s])) / seen.length, 1e-9);
      const tokens = sum(seen.map((s) => prefillTokens[s]));
      // Prefill tokens are shared out inside clusters: at most a prompt at either end may be misplaced.
      expect(Math.abs(phases.meanPrefillTokens[i] * seen.length - tokens)).toBeLessThan(9000);
    }
    expect(sum(phases.predictedSec.slice(count))).toAgree(sum(phases.observedSec.slice(count)), 5e-3);
  });

  it('a prefill is given its share of its first segment', () => {
    // One step a second, two while B's prefill runs in the midst of A's decode: it begins half way into a segment.
    const list = [
      ...[0, 100, 200, 300, 400].flatMap((t) => [decode(`x${t}`, t, t + 4, 4), decode(`y${t}`, t, t + 10, 10)]),
      prefill('B', 302, 306, 40),
      decode('B', 306, 309, 3),
    ];
    const table = tableOf(list);
    const estimate = estimateStepClock(table, { model: 'linear' });
    const { phases, segments } = stepClockDetails(table, estimate.options);
    expect(phases.row[0]).toBe(10);
    // Half of the segment from 300 to 304, and the one from 304 to 306.
    const at = segments.startSec.findIndex((t) => Math.abs(t - 300) < 1e-9);
    const half = (column: Float64Array) => 0.5 * column[at] + column[at + 1];
    expect(phases.observedSec[0]).toAgree(4, 1e-9);
    expect(phases.predictedSec[0]).toAgree(half(segments.predictedSec), 1e-9);
    const k = half(segments.steps);
    expect(phases.meanDecodes[0]).toAgree(half(segments.steps.map((s, j) => s * segments.activeDecodes[j])) / k, 1e-9);
    expect(phases.meanPrefillTokens[0]).toAgree(half(segments.prefillTokens) / k, 1e-9);
  });
});

describe('with noise', () => {
  it('the noise of a step is found, and the interval holds the truth', () => {
    const run = runScenario('noisy', { seed: 4, requests: 300 });
    const { clock, betas, intervals, iterations } = estimateStepClock(run.phases, { model: 'linear' });
    expect(clock.stepNoise).toAgree(0.05, 0.2);
    expect(clock.prefillNoise).toBeLessThan(0.1);
    expect(values(betas)).toAgree(values(run.coefficients), 0.06);
    for (const name of ['beta0', 'beta1', 'beta2'] as const) {
      const [low, high] = intervals?.byLabel[name] ?? [1, 0];
      expect(low).toBeLessThan(run.coefficients[name]);
      expect(high).toBeGreaterThan(run.coefficients[name]);
    }
    expect(iterations).toBeLessThanOrEqual(25);
    expect(clock.steps).toAgree(run.steps.length, 5e-3);
  });

  it('a given tol is met or not; the default takes rest within a part of the interval for converged', () => {
    const { phases } = runScenario('noisy', { seed: 2, requests: 120, engine: { stepNoise: 0.25 } });
    for (const maxOuterIters of [1, 2, 4, 8, 12]) {
      const strict = estimateStepClock(phases, { model: 'linear', tol: 0, maxOuterIters });
      expect([strict.iterations, strict.converged]).toEqual([maxOuterIters, false]);
      const lenient = estimateStepClock(phases, { model: 'linear', maxOuterIters });
      const [before, last] = lenient.history.beta.slice(-2);
      const rests = ['beta0', 'beta1', 'beta2'].every((name, t) => {
        const [low, high] = lenient.intervals?.byLabel[name] ?? [0, 0];
        return Math.abs(last[t] - before[t]) <= 0.2 * (high - low);
      });
      if (maxOuterIters > 1 && rests) expect(lenient.converged).toBe(true);
    }
  });
});

describe('refusals say what was got', () => {
  const refused = (list: Parameters<typeof tableOf>[0]) => () => estimateStepClock(tableOf(list));

  it('no phases with work', () => {
    expect(refused([prefill('A', 0, 1, 0)])).toThrow(
      expect.objectContaining({
        code: 'beta-estimators/no-phases',
        message: 'phases: must be at least one with tokens; got 0',
      }),
    );
  });

  it('no whole decode', () => {
    expect(refused([prefill('A', 0, 1, 5), prefill('B', 3, 4, 5)])).toThrow(
      expect.objectContaining({
        code: 'beta-estimators/no-decode-counts',
        message:
          'decodes: must have at least one whole decode phase, whose steps the step clock can count; got "2 prefills and 0 decodes, none whole"',
      }),
    );
    expect(() => estimateStepClock(tableOf([decode('A', 0, 9, 9), prefill('B', 1, 2, 3)]), { window: [1, 5] })).toThrow(
      'got "1 prefills and 1 decodes, none whole"',
    );
    // Decodes that took no step are none.
    expect(refused([decode('A', 0, 9, 9, { steps: 0 }), prefill('B', 1, 2, 3)])).toThrow(
      'got "1 prefills and 0 decodes, none whole"',
    );
  });

  it('too few clusters', () => {
    const spaced = (count: number) => Array.from({ length: count }, (_, i) => decode(`${i}`, 10 * i, 10 * i + 2, 2));
    expect(refused(spaced(3))).toThrow(
      expect.objectContaining({
        code: 'beta-estimators/too-few-clusters',
        message:
          'phases: must fall into at least 4 stretches between prefills to regress on, as those of a dozen requests do; got 3',
      }),
    );
    const four = refused(spaced(4))();
    expect(four.betas.beta0 + four.betas.beta2).toAgree(1, 1e-9);
    expect(four.diagnostics.r2).toBeNull();
  });
});
