import '@stepclock/vitest-matchers';
import { runScenario } from '@stepclock/engine-sim';
import { describe, expect, it } from 'vitest';
import {
  type BetasFile,
  betasFileOf,
  type ComparedLog,
  comparedLogOf,
  compareLogs,
  compareModels,
  comparisonJson,
  comparisonMarkdown,
  comparisonText,
  dataNeeded,
  fitSteps,
  isSlowerBy,
} from '../src/index.js';
import { baseModel } from './base-model.js';

const logOf = (seed: number, coefficients: object = {}) =>
  runScenario('kv', { requests: 400, seed, coefficients, engine: { stepNoise: 0.05 } }).steps;
const modelOf = (seed: number, coefficients: object = {}): BetasFile =>
  betasFileOf(fitSteps(logOf(seed, coefficients)));

const a = modelOf(1);
const same = modelOf(2);
const slower = modelOf(3, { beta0: 0.006 * 1.1 });

describe('compareModels', () => {
  it('says the same of one engine at two times, and of a model and itself', () => {
    const { workloads, terms, level } = compareModels(a, same);
    expect(level).toBe(0.95);
    for (const { change, cause } of workloads) {
      expect(change.isClear).toBe(false);
      expect(cause).toBeNull();
      expect(change.interval[0]).toBeLessThan(0);
      expect(change.interval[1]).toBeGreaterThan(0);
    }
    expect(terms.map(({ label }) => label)).toEqual(['beta0', 'beta1', 'beta2', 'beta3']);
    const itself = compareModels(a, a);
    expect(itself.meanStep).toEqual({ change: 0, ofWorkload: 0, ofEngine: 0 });
    expect(itself.workloads[0].change.value).toBe(0);
  });

  it('finds a slower engine and the term that it is', () => {
    const { workloads } = compareModels(a, slower);
    for (const { change, byTerm, cause, aSec, bSec } of workloads) {
      expect(change.isClear).toBe(true);
      expect(change.value).toAgree(bSec / aSec - 1, 1e-12);
      // A tenth of the 6 ms of a step of about 14 ms.
      expect(change.value).toAgree(0.0006 / aSec, 0.25);
      const shares = byTerm.map(({ share }) => share.value);
      expect(shares.reduce((sum, share) => sum + share, 0)).toAgree(change.value, 1e-9);
      expect(Math.max(...shares)).toBe(shares[0]);
      expect(cause?.label).toBe('beta0');
    }
  });

  it('fits both with the terms that both logs tell, whichever their models kept', () => {
    const at = same.terms.findIndex(({ name }) => name === 'context_tokens');
    const without = <T>(list: readonly T[]): T[] => list.filter((_, i) => i !== at);
    const lacking: BetasFile = {
      ...same,
      terms: without(same.terms),
      betas: { ...same.betas, beta3: 0 },
      covariance: without(same.covariance ?? []).map(without),
    };
    expect(compareModels(a, lacking)).toEqual(compareModels(a, same));
  });

  it('leaves out what only one of the logs tells, on both sides', () => {
    const linear = betasFileOf(fitSteps(logOf(2), { terms: ['step', 'prefill_tokens', 'decode_seqs'] }));
    const { leftOut, terms, workloads } = compareModels(a, linear);
    expect(leftOut).toEqual(['beta3']);
    expect(terms.map(({ label }) => label)).toEqual(['beta0', 'beta1', 'beta2']);
    expect(workloads[0].change.isClear).toBe(false);
    expect(comparisonText(compareModels(a, linear))).toContain('Both are fitted without beta3, which only one');
  });

  it('pools the runs of a side, and widens the interval by what they differ beyond their own scatter', () => {
    const logs = [2, 4, 5].map((seed) => comparedLogOf(modelOf(seed), 'B'));
    const [log] = [comparedLogOf(a, 'A')];
    const halfOf = (b: readonly ComparedLog[]): number => {
      const { interval } = compareLogs([log], b).workloads[0].change;
      return (interval[1] - interval[0]) / 2;
    };
    expect(halfOf(logs)).toBeLessThan(halfOf(logs.slice(0, 1)));
    const torn = comparedLogOf(modelOf(4, { beta0: 0.0066 }), 'B');
    expect(halfOf([...logs.slice(0, 2), torn])).toBeGreaterThan(3 * halfOf(logs.slice(0, 1)));
  });

  it('is the other way round with A and B exchanged, on the same workloads', () => {
    const [there, back] = [compareModels(a, slower), compareModels(slower, a)];
    expect((1 + there.workloads[0].change.value) * (1 + back.workloads[1].change.value)).toAgree(1, 1e-12);
    expect(back.workloads[1].aSec).toBe(there.workloads[0].bSec);
  });

  it('takes the mean step of each log from its windows', () => {
    const steps = logOf(1);
    const mean = steps.durationSec.reduce((sum, sec) => sum + sec, 0) / steps.length;
    expect(compareModels(a, same).workloads[0].aSec).toAgree(mean, 1e-3);
  });

  it('adds load and engine up to the whole change', () => {
    const { meanStep } = compareModels(a, slower);
    expect(meanStep.ofWorkload + meanStep.ofEngine).toAgree(meanStep.change, 1e-12);
  });

  it('names the terms that it cannot tell apart, and none where several have changed', () => {
    const more = modelOf(3, { beta2: 1.2e-4 * 1.05 });
    const [{ cause }] = compareModels(a, more).workloads;
    expect([cause?.label, ...(cause?.alternatives ?? [])].sort()).toEqual(['beta2', 'beta3']);
    expect(comparisonText(compareModels(a, more))).toMatch(/, or in beta[23], which these logs do not tell from it\./);
    const two = modelOf(3, { beta0: 0.0063, beta1: 2.4e-5 });
    const [both] = compareModels(a, two).workloads;
    expect([both.change.isClear, both.cause]).toEqual([true, null]);
  });

  it('takes a curve of the batch for no slower engine', () => {
    const seen = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, i) => ({
        decode_seqs: from + i,
        steps: 100,
        mean_seconds: 0.01 + 1e-4 * (from + i) + 1e-6 * (i % 3),
      }));
    const withBatches = (model: BetasFile, from: number, to: number): BetasFile => ({
      ...model,
      identifiability: { ...model.identifiability, batches: seen(from, to) },
    });
    const across = compareModels(withBatches(a, 1, 30), withBatches(slower, 22, 60));
    expect(across).toMatchObject({ isAcrossBatches: true, batches: { a: [1, 30], b: [22, 60] } });
    expect(across.workloads[0].change.isClear).toBe(true);
    expect(comparisonText(across)).toContain('a curve of the step time over the batch explains the difference');
    expect(isSlowerBy(across, 0.01)).toBe(false);
    const alike = compareModels(withBatches(a, 1, 30), withBatches(slower, 2, 31));
    expect([alike.isAcrossBatches, isSlowerBy(alike, 0.01)]).toEqual([false, true]);
    const apart = compareModels(withBatches(a, 1, 10), withBatches(slower, 40, 60));
    expect(apart.batches?.atSameBatch).toBeNull();
    expect(comparisonText(apart)).toContain('They share too few to tell');
  });

  it('tells how much more data an interval of a threshold takes', () => {
    const change = { value: 0, interval: [-0.06, 0.06], isClear: false } as const;
    expect(dataNeeded(change, 0.03)).toAgree(4, 1e-12);
    expect(dataNeeded(change, 0.5)).toBe(1);
  });

  it('is told in words, Markdown and JSON', () => {
    const compared = compareModels(a, slower);
    expect(comparisonText(compared)).toMatch(
      /^On A's workload a step takes 1\d\.\d+ ms by A and 1\d\.\d+ ms by B: slower, \+\d\.\d+ % \[.*\]; of it \+.* in beta0 \(step\)\.\n/,
    );
    expect(comparisonText(compareModels(slower, a))).toContain(': faster, -');
    expect(comparisonText(compareModels(a, same))).toContain(': the same within the interval, ');
    expect(comparisonMarkdown(compared)).toContain('| --- | --- | --- | --- | --- | --- |\n| beta0 | ');
    const json = JSON.stringify(comparisonJson(compared));
    expect(JSON.parse(json)).toMatchObject({ schema: 'stepclock/comparison@1', workloads: [{ of: 'a' }, { of: 'b' }] });
    expect(json).not.toMatch(/NaN/);
  });

  it.each<[string, BetasFile, string]>([
    [
      'no covariance',
      baseModel({ betas: { beta0: 1, beta1: 0, beta2: 0 } }),
      'B: must have a covariance and intervals',
    ],
    ['no windows', { ...same, windows: null }, 'B: must have windows'],
    [
      'windows without weights',
      { ...same, windows: same.windows && { ...same.windows, weighting: 'none' } },
      'B: must have windows',
    ],
    [
      'another level',
      { ...same, intervals: same.intervals && { ...same.intervals, level: 0.9 } },
      'B: must have intervals of the level of A (0.95)',
    ],
  ])('refuses %s', (_, model, message) => {
    expect(() => compareModels(a, model)).toThrow(message);
  });
});
