import '@stepclock/vitest-matchers';
import { runScenario } from '@stepclock/engine-sim';
import { describe, expect, it } from 'vitest';
import {
  type BetasFile,
  betasFileOf,
  compareModels,
  comparisonJson,
  comparisonMarkdown,
  comparisonText,
  dataNeeded,
  fitSteps,
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

  it('names no term as the cause that one model does not have, or has at its bound', () => {
    const drop = (model: BetasFile, name: string): BetasFile => {
      const at = model.terms.findIndex((term) => term.name === name);
      const without = <T>(list: readonly T[]): T[] => list.filter((_, i) => i !== at);
      return {
        ...model,
        terms: without(model.terms),
        betas: { ...model.betas, beta3: 0 },
        covariance: without(model.covariance ?? []).map(without),
      };
    };
    const lacking = compareModels(a, drop(same, 'context_tokens'));
    const [, , , context] = lacking.terms;
    expect(context.b).toBe(0);
    expect(context.change.isClear).toBe(false);
    expect(lacking.workloads.map(({ cause }) => cause?.label)).not.toContain('beta3');
    const atBound: BetasFile = {
      ...same,
      betas: { ...same.betas, beta3: 0 },
      intervals: same.intervals && { ...same.intervals, beta3: [0, 1e-6] },
      terms: same.terms.map((term) =>
        term.name === 'context_tokens' ? { ...term, value: 0, interval: [0, 1e-6] } : term,
      ),
      covariance: (same.covariance ?? []).map((row, i) => row.map((v, j) => (i === 3 || j === 3 ? 0 : v))),
    };
    expect(compareModels(a, atBound).terms[3].change.isClear).toBe(false);
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

  it('names no term where none is clear by itself', () => {
    // The same sum in unknown parts: a correlation of -1 between step and decodes.
    const torn = (model: BetasFile): BetasFile => {
      const covariance = model.covariance?.map((row) => [...row]) ?? [];
      const error = [1e-3, 1e-3 / 30];
      for (const [t, i] of [0, 2].entries()) {
        for (const [u, j] of [0, 2].entries()) covariance[i][j] += (t === u ? 1 : -0.999999) * error[t] * error[u];
      }
      return { ...model, covariance };
    };
    const { change, cause } = compareModels(torn(a), torn(modelOf(3, { beta0: 0.006 * 1.5 }))).workloads[0];
    expect([change.isClear, cause]).toEqual([true, null]);
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
    expect(json).not.toMatch(/null|NaN/);
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
