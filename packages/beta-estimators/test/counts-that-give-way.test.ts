import '@stepclock/vitest-matchers';
import { runScenario, scenarios } from '@stepclock/engine-sim';
import { describe, expect, it } from 'vitest';
import { estimateStepClock } from '../src/index.js';
import { clockProblem } from '../src/step-clock/clock/clock-problem.js';
import { triedConventions } from '../src/step-clock/fit/conventions.js';
import { PROMPTS } from '../src/step-clock/fit/cost-columns.js';
import type { ClockFit } from '../src/step-clock/fit/fit-clock.js';
import { gaveWayRightly } from '../src/step-clock/fit/give-way.js';
import { laidFit } from '../src/step-clock/fit/held-clock.js';
import { fitPreempted } from '../src/step-clock/fit/preempted-clock.js';
import { traceColumns } from '../src/step-clock/trace/trace-columns.js';
import { KV, LINEAR, rowsOf } from './cluster-rows.js';
import { codes, sum, values } from './estimate-parts.js';
import { keptRows, miscounted, mixedEngines, shortOutputs, withMissing } from './faulty-trace.js';
import { decode, tableOf } from './phase-list.js';

const settings = { budget: Number.POSITIVE_INFINITY, tol: 1e-6, maxRounds: 25 };

describe('preempted requests', () => {
  const preempting = (seed: number, kvTokens: number, requests: number, perSec = 12, beta3 = 0) =>
    runScenario(
      {
        ...scenarios.preempting,
        arrivals: { kind: 'poisson', perSec },
        prompt: { ...scenarios.preempting.prompt, atMost: 4000 },
      },
      { seed, requests, coefficients: { beta3 }, engine: { kvTokens } },
    );

  it.each<[number, number, number, number]>([
    [1, 9000, 100, 12],
    [2, 9000, 100, 12],
    [1, 8000, 150, 25],
    [2, 12_000, 200, 25],
  ])('seed %d, cache of %d: the rest of the clock is exact, and the coefficients are', (seed, kv, requests, perSec) => {
    const run = preempting(seed, kv, requests, perSec);
    const problem = clockProblem(traceColumns(run.phases));
    const { fit, stretched, touched, loose, problem: partly } = fitPreempted(problem, { ...settings, terms: LINEAR });
    expect(fit.coefficients).toAgree(values(run.coefficients).slice(0, 3), 1e-9);
    expect(loose).toBe(false);
    expect(fit.rounds.at(-1)?.change).toBeLessThan(5e-3);
    const requestOf = (i: number) => run.phases.request[problem.columns.decodes.row[i]];
    const truly = (i: number) => run.truth.preemptions[requestOf(i)] > 0;
    // Who was preempted while its prompt was computed shows a decode of full count.
    expect([...stretched].filter(truly).length).toBeGreaterThan(0.75 * stretched.length);
    const all = Array.from({ length: problem.columns.decodes.length }, (_, i) => i).filter(truly).length;
    expect(stretched.length).toBeGreaterThan(0.6 * all);
    // What they touch is left out, and they press with a share of the steps.
    for (const i of stretched) {
      expect(partly.pressing?.[i]).toBeLessThan(1);
      for (let j = problem.frame.decodeStart[i]; j < problem.frame.decodeEnd[i]; j++) {
        expect(touched[j]).toBe(1);
        const c = problem.groups.ofSegment[j];
        if (c >= 0) expect(fit.weights[c]).toBe(0);
      }
    }
  });

  it.each<[number, number, number, number]>([
    [3, 8000, 150, 40],
    [1, 10_000, 250, 12],
  ])('where they touch everything the loose clock stands, seed %d, cache of %d', (seed, kv, requests, perSec) => {
    const run = preempting(seed, kv, requests, perSec);
    const problem = clockProblem(traceColumns(run.phases));
    const { fit, loose, problem: partly } = fitPreempted(problem, { ...settings, terms: LINEAR });
    expect(loose).toBe(true);
    expect(fit.coefficients[0]).toAgree(run.coefficients.beta0, 0.02);
    expect(fit.coefficients[1]).toAgree(run.coefficients.beta1, 0.25);
    expect(fit.coefficients[2]).toAgree(run.coefficients.beta2, 0.2);
    expect(fit.rounds.length).toBeLessThanOrEqual(25);
    expect(partly.graph.edges).toBe(problem.frame.busy.filter((b) => b === 1).length);
    expect(sum(fit.state.steps)).toAgree(run.steps.length, 0.02);
    const estimate = estimateStepClock(run.phases, { model: 'linear' });
    expect(codes(estimate.warnings)).toContain('preemption');
    expect(estimate.clock.wholeSteps).toBe(false);
  });

  it('rows on further columns keep the tokens that were computed again', () => {
    const run = preempting(3, 8000, 150, 40);
    const problem = clockProblem(traceColumns(run.phases));
    const { fit, loose, problem: partly } = fitPreempted(problem, { ...settings, terms: LINEAR });
    expect(loose).toBe(true);
    const rowsOn = (terms: typeof LINEAR) =>
      laidFit(
        partly,
        fit,
        terms,
        Float64Array.from(terms, (_, t) => fit.coefficients[t] ?? 0),
        settings.budget,
      ).rows;
    const [own, further] = [rowsOn(LINEAR), rowsOn([...LINEAR, PROMPTS])];
    const prefill = LINEAR.findIndex(({ name }) => name === 'prefill_tokens');
    expect(further.sums[prefill]).toEqual(own.sums[prefill]);
    // A tenth of the work and more is in no log.
    const logged = problem.columns.prefills.tokens.reduce((all, tokens) => all + tokens, 0);
    expect(sum(own.sums[prefill])).toBeGreaterThan(1.1 * logged);
  });

  it('the loose clock tells how it was found', () => {
    const seen = { held: 0 };
    for (const [seed, kv, requests, perSec] of [
      [3, 8000, 150, 40],
      [4, 8000, 150, 40],
      [1, 10_000, 250, 12],
    ] as const) {
      const run = preempting(seed, kv, requests, perSec);
      const problem = clockProblem(traceColumns(run.phases));
      const { fit, loose } = fitPreempted(problem, { ...settings, terms: LINEAR });
      expect(loose).toBe(true);
      const { frame } = problem;
      const { clock, steps, context, expected, weight } = fit.state;
      const { rounds } = fit;
      // Segments that would run backwards are held, idle ones stand still, and the rest is read off the clock.
      let held = 0;
      for (let j = 0; j < steps.length; j++) {
        const k = clock[j + 1] - clock[j];
        if (frame.busy[j] === 1 && k < 0) held++;
        expect(steps[j]).toBe(frame.busy[j] === 1 ? Math.max(0, k) : 0);
      }
      expect(rounds.at(-1)?.held).toBe(held);
      seen.held += held;
      // The first round is all new, the second is compared with it.
      expect(rounds[0]?.change).toBe(1);
      const [first, second] = rounds;
      const moved = [...(second?.coefficients ?? [])].map((b, j) =>
        b === 0 ? 0 : Math.abs(b - first?.coefficients[j]) / b,
      );
      expect(second?.change).toAgree(Math.max(...moved), 1e-9);
      expect(fit.still).toBe((rounds.at(-1)?.change ?? 1) < settings.tol);
      expect(context.every((c) => c === 0)).toBe(true);
      // Expected steps by edge of the graph, with weights that no segment of known work falls far below.
      expect(expected).toHaveLength(problem.frame.busy.filter((b) => b === 1).length);
      expect(sum(expected)).toAgree(sum(steps), 0.3);
      expect(expected.every((k, e) => weight[e] * Math.max(k, 0.05) > 0.5)).toBe(true);
      expect(expected.every((k, e) => weight[e] * Math.max(k, 0.05) < 1 / 0.02 ** 2)).toBe(true);
    }
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(0);
  });

  it('a loose clock may be right within half a percent, and knows a cost of context', () => {
    const linear = preempting(4, 8000, 150, 40);
    const tight = fitPreempted(clockProblem(traceColumns(linear.phases)), { ...settings, terms: LINEAR });
    expect(tight.loose).toBe(true);
    expect(tight.fit.coefficients).toAgree(values(linear.coefficients).slice(0, 3), 0.01);
    const kv = preempting(4, 8000, 150, 40, 5e-7);
    const problem = clockProblem(traceColumns(kv.phases));
    const { fit, loose } = fitPreempted(problem, { ...settings, terms: KV });
    expect(loose).toBe(true);
    expect(fit.coefficients).toAgree(values(kv.coefficients), 0.3);
    expect(Math.max(...fit.state.context)).toAgree(Math.max(...kv.steps.contextTokens), 0.05);
    // Where stretches are left that nothing touches, they give all four.
    const other = preempting(1, 10_000, 250, 12, 5e-7);
    const exact = fitPreempted(clockProblem(traceColumns(other.phases)), { ...settings, terms: KV });
    expect(exact.loose).toBe(false);
    expect(exact.fit.coefficients).toAgree(values(other.coefficients), 3e-3);
  });

  it('are told by every model', () => {
    const run = preempting(1, 9000, 100);
    for (const model of ['linear', 'auto'] as const) {
      const estimate = estimateStepClock(run.phases, { model });
      expect(estimate.model).toBe(model === 'linear' ? 'linear' : 'kv');
      expect(estimate.clock.stretchedDecodes).toBeGreaterThan(10);
      expect(values(estimate.betas)).toAgree(values(run.coefficients), 1e-8, 1e-13);
      expect(codes(estimate.warnings)).toEqual(['preemption']);
      expect(estimate.clock.conventions).toBeNull();
      expect(estimate.clock.relativeResidual).toBeLessThan(1e-8);
    }
  });
});

describe('giving way helped', () => {
  const of = (list: Parameters<typeof rowsOf>[0], off: readonly number[], step: number, rms: number): ClockFit => {
    const rows = rowsOf(list, [0.01, 0, 0, 0], off, true);
    const noise = { step, prefill: 0, rms, r2: 1, rmseSec: 0 };
    return {
      coefficients: [0.01, 0, 0, 0],
      rows,
      weights: Float64Array.from(list, (_, i) => (i === 2 ? 0 : 1)),
      rounds: [{ coefficients: [0.01, 0, 0, 0], whole: false, change: 0, noise, held: 0, unsure: 0 }],
      still: true,
    } as unknown as ClockFit;
  };
  /** A hundred decodes; kept rows of one and of four steps that miss `kept` of a step, and a wild one that weighs nothing. */
  const helped = (given: { stretched: number; loose?: boolean; kept: number; step: number; rms?: number }): boolean => {
    const { stretched, loose = false, kept, step, rms = 1 } = given;
    const problem = clockProblem(
      traceColumns(tableOf(Array.from({ length: 100 }, (_, i) => decode(`${i}`, i, i + 1, 1)))),
    );
    const rows = [
      [1, 0, 0, 0],
      [4, 0, 0, 0],
      [1, 0, 0, 0],
    ] as const;
    const fit = of(rows, [0.01 * kept, -0.02 * kept, 5], step, 9);
    const fitted = { problem, fit, stretched: new Int32Array(stretched), touched: new Uint8Array(0), loose };
    return gaveWayRightly(problem, { step: 1, rms }, fitted);
  };

  it('where it halved the noise of a step, and what is kept is sound', () => {
    expect(helped({ stretched: 10, kept: 0.19, step: 0.49 })).toBe(true);
    expect(helped({ stretched: 10, kept: 0.19, step: 0.51 })).toBe(false);
    expect(helped({ stretched: 10, kept: 0.21, step: 0.01 })).toBe(false);
  });

  it('not where nothing gave way, or nearly everything', () => {
    expect(helped({ stretched: 0, kept: 0.01, step: 0.01 })).toBe(false);
    expect(helped({ stretched: 60, kept: 0.01, step: 0.01 })).toBe(true);
    expect(helped({ stretched: 61, kept: 0.01, step: 0.01 })).toBe(false);
  });

  it('of one in a hundred only where what is kept is fine, and far better than the whole was', () => {
    expect(helped({ stretched: 2, kept: 0.15, step: 0.4 })).toBe(true);
    expect(helped({ stretched: 1, kept: 0.15, step: 0.4 })).toBe(false);
    expect(helped({ stretched: 1, kept: 0.09, step: 0.4 })).toBe(true);
    expect(helped({ stretched: 1, kept: 0.11, step: 0.4 })).toBe(false);
    expect(helped({ stretched: 1, kept: 0.09, step: 0.4, rms: 0.31 })).toBe(true);
    expect(helped({ stretched: 1, kept: 0.09, step: 0.4, rms: 0.29 })).toBe(false);
    expect(helped({ stretched: 10, kept: 0.09, step: 0.9 })).toBe(true);
  });

  it('of a loose clock need not be sound, but much better where more than a third gave way', () => {
    expect(helped({ stretched: 30, loose: true, kept: 0.5, step: 0.49 })).toBe(true);
    expect(helped({ stretched: 30, loose: true, kept: 0.5, step: 0.51 })).toBe(false);
    expect(helped({ stretched: 31, loose: true, kept: 0.5, step: 0.21 })).toBe(false);
    expect(helped({ stretched: 31, loose: true, kept: 0.5, step: 0.19 })).toBe(true);
    expect(helped({ stretched: 31, kept: 0.15, step: 0.49 })).toBe(true);
  });
});

describe('faults of small traces', () => {
  const { phases } = runScenario(shortOutputs, { seed: 1, requests: 100 });
  const tried = (by: number) =>
    triedConventions(clockProblem(traceColumns(miscounted(phases, by))), { ...settings, terms: LINEAR });

  it('the model asked for is fitted, whatever the engine', () => {
    const kv = runScenario('kv', { seed: 1, requests: 100 }).phases;
    expect(estimateStepClock(kv, { model: 'linear' }).terms).toEqual(LINEAR);
    expect(estimateStepClock(kv, { model: 'kv' }).terms).toEqual(KV);
  });

  it('nothing is tried where the counts hold', () => {
    const { clock } = estimateStepClock(phases, { model: 'linear' });
    expect([clock.conventions, clock.stretchedDecodes]).toEqual([null, 0]);
  });

  it('the right convention leaves nothing', () => {
    const more = tried(1);
    expect(more.minusOne).toBeLessThan(1e-9);
    expect(more.asGiven).toBeGreaterThan(0.1);
    expect(more.plusOne).toBeGreaterThan(0.2);
    const less = tried(-1);
    expect(less.plusOne).toBeLessThan(0.01);
    expect(less.minusOne).toBeGreaterThan(0.2);
  });

  it('a mixture of engines is no preemption', () => {
    const got = estimateStepClock(mixedEngines(3, 200), { model: 'linear' });
    expect(codes(got.warnings)).toContain('several-engines');
    expect(got.clock.stretchedDecodes).toBe(0);
    expect(got.clock.conventions).not.toBeNull();
  });

  it('missing requests are no preemption', () => {
    const got = estimateStepClock(withMissing(runScenario('budget-2048-medium', { seed: 1, requests: 600 }).phases), {
      model: 'linear',
    });
    expect(codes(got.warnings)).toEqual(['missing-requests']);
    expect(got.clock.slowClusters).toBeGreaterThan(8);
    expect(got.clock.stretchedDecodes).toBe(0);
  });

  it('the context of a decode without a prompt is not known: linear where it may be, refused where it may not', () => {
    const { phases: kv } = runScenario('kv', { seed: 1, requests: 100 });
    const lone = keptRows(kv, (i) => i !== [...kv.kind].indexOf(0));
    expect(estimateStepClock(lone).model).toBe('linear');
    expect(() => estimateStepClock(lone, { model: 'kv' })).toThrow(
      expect.objectContaining({
        code: 'beta-estimators/no-context',
        message:
          'terms: must not read the context (kv needs a prefill row for every decode) where a decode has no prefill row; got "beta0,beta1,beta2,beta3"',
      }),
    );
  });

  it('auto takes the context term wherever the trace tells it: a sum of two costs is not one of them', () => {
    for (const name of ['kv', 'kv-light', 'budget-2048-medium'] as const) {
      expect(estimateStepClock(runScenario(name, { seed: 1, requests: 100 }).phases).model).toBe('kv');
    }
  });
});
