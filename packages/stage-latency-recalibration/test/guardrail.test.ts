import '@stepclock/vitest-matchers';
import { seededRandom } from '@stepclock/numerics';
import { featureTable } from '@stepclock/regression';
import { describe, expect, it } from 'vitest';
import { crossFitJSON } from '../src/guardrail/cross-fit-schema.js';
import {
  conformalSelection,
  crossFit,
  filterByBudget,
  guardrailFigures,
  jackknifeBounds,
  marginBounds,
  recalibrate,
  samplesForLevel,
  splitBounds,
  type TransferSamples,
} from '../src/index.js';
import { takeSamples } from '../src/recalibration/samples.js';
import { crossFitFrom } from './reading-models.js';

/** Samples of one stage whose target is twice the source, with uniform relative noise. */
const noisy = (n: number, seed: number): TransferSamples => {
  const random = seededRandom(seed, 'guardrail');
  const source = Float64Array.from({ length: n }, () => 10 + 90 * random());
  const target = source.map((ms) => 2 * ms * (0.9 + 0.2 * random()));
  return {
    sourceMs: [source],
    knobs: featureTable(['size'], [source.map(Math.log)]),
    decodeSteps: new Float64Array(n),
    targetMs: [target],
    targetTotalMs: target,
    stageNames: ['stage'],
    total: { perStepStages: [], convention: 'prefill-emits-first' },
  };
};

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('conformal bounds', () => {
  it('cover their level on average over samples', () => {
    let jackknife = 0;
    let split = 0;
    const runs = 80;
    for (let seed = 0; seed < runs; seed++) {
      const all = noisy(130, seed);
      const samples = takeSamples(all, range(0, 30));
      const test = takeSamples(all, range(30, 130));
      const model = recalibrate('affine-relative', samples);
      const half = recalibrate('affine-relative', takeSamples(samples, range(0, 11)));
      const covered = (upper: Float64Array) => upper.filter((ms, i) => test.targetTotalMs[i] <= ms).length / 100;
      jackknife += covered(jackknifeBounds(model, crossFit(model, samples), 0.9).bounds(test).upperMs) / runs;
      split += covered(splitBounds(half, takeSamples(samples, range(11, 30)), 0.9).bounds(test).upperMs) / runs;
    }
    // 80 runs: the standard error is below 0.7 %.
    expect(jackknife).toBeGreaterThan(0.88);
    expect(jackknife).toBeLessThan(0.95);
    expect(split).toBeGreaterThan(0.88);
    expect(split).toBeLessThan(0.95);
  });

  it('promise nothing below the fewest samples, and everything is uncertain then', () => {
    expect(samplesForLevel(0.9)).toBe(9);
    const samples = noisy(8, 1);
    const model = recalibrate('scale', samples);
    const bounder = jackknifeBounds(model, crossFit(model, samples), 0.9);
    expect(bounder.enough).toBe(false);
    expect(bounder.guarantee).toBe('none: 9 samples are the fewest for a level of 0.9; there are 8');
    const { counts, warnings } = filterByBudget(bounder, samples, 100);
    expect(counts).toEqual({ accept: 0, reject: 0, uncertain: 8 });
    expect(warnings.map(({ code }) => code)).toEqual(['no-guarantee']);
    expect(() => jackknifeBounds(model, crossFit(model, samples), 1)).toThrow('level: must lie between 0 and 1; got 1');
  });

  it('accept below, reject above, and ask for a measurement between', () => {
    const samples = noisy(40, 2);
    const model = recalibrate('scale', samples);
    const bounder = jackknifeBounds(model, crossFit(model, samples), 0.9);
    const { answers, lowerMs, upperMs, warnings } = filterByBudget(bounder, samples, 100);
    answers.forEach((answer, i) => {
      if (answer === 'accept') expect(upperMs[i]).toBeLessThanOrEqual(100);
      else if (answer === 'reject') expect(lowerMs[i]).toBeGreaterThan(100);
      else expect([lowerMs[i], upperMs[i]].map((ms) => ms > 100)).toEqual([false, true]);
    });
    expect(new Set(answers)).toEqual(new Set(['accept', 'reject', 'uncertain']));
    expect(warnings.map(({ code }) => code)).toEqual(['measure-the-winner']);
    expect(() => filterByBudget(bounder, samples, Number.NaN)).toThrow('budget: must be a time above 0 ms');
  });

  it('a fixed margin is a factor without a promise', () => {
    const samples = noisy(20, 3);
    const bounder = marginBounds(recalibrate('scale', samples), 1.1);
    const { predictedMs, upperMs } = bounder.bounds(samples);
    expect(upperMs).toAgree(
      predictedMs.map((ms) => 1.1 * ms),
      1e-15,
    );
    expect(bounder.level).toBeNull();
    expect(() => marginBounds(recalibrate('scale', samples), 0)).toThrow('margin: must be above 0');
  });

  it('are the same after a cross-fit was written and read', () => {
    const samples = noisy(25, 4);
    for (const method of ['auto', 'affine'] as const) {
      const model = recalibrate(method, samples);
      const cross = crossFit(model, samples);
      const again = crossFitFrom(JSON.parse(JSON.stringify(crossFitJSON(cross))));
      expect(jackknifeBounds(model, again, 0.9).bounds(samples)).toEqual(
        jackknifeBounds(model, cross, 0.9).bounds(samples),
      );
    }
  });
});

describe('conformalSelection', () => {
  it('keeps the violations among the accepted below its bound, on average', () => {
    const random = seededRandom(5, 'selection');
    const draw = (n: number) => {
      const predicted = Float64Array.from({ length: n }, () => 50 + 100 * random());
      return { predicted, measured: predicted.map((ms) => ms * (0.7 + 0.6 * random())) };
    };
    const runs = 200;
    let share = 0;
    let accepts = 0;
    for (let run = 0; run < runs; run++) {
      const samples = draw(60);
      const candidates = draw(100);
      const { accepted } = conformalSelection(candidates.predicted, samples.predicted, samples.measured, 100, 0.1);
      const taken = [...accepted.keys()].filter((i) => accepted[i] === 1);
      accepts += taken.length;
      if (taken.length > 0) share += taken.filter((i) => candidates.measured[i] > 100).length / taken.length / runs;
    }
    expect(accepts / runs).toBeGreaterThan(20);
    // 0.1 times the share of violating candidates is what the rule attains; the bound holds with room for chance.
    expect(share).toBeLessThan(0.1);
  });

  it('refuses a bound that is none', () => {
    const one = Float64Array.of(1);
    expect(() => conformalSelection(one, one, one, 1, 0)).toThrow('bound: must lie between 0 and 1; got 0');
  });
});

describe('guardrailFigures', () => {
  it('counts by hand', () => {
    const figures = guardrailFigures(Float64Array.of(5, 9, 12, 20), Float64Array.of(6, 11, 9, 25), 10);
    expect(figures).toEqual({
      violationsWithoutPercent: 50,
      violationsWithPercent: 50,
      coveragePercent: 75,
      falseAcceptPercent: 50,
      falseRejectPercent: 50,
      acceptedPercent: 50,
    });
  });
});
