import '@stepclock/vitest-matchers';
import { featureTable } from '@stepclock/regression';
import { describe, expect, it } from 'vitest';
import { crossFitJSON } from '../src/guardrail/cross-fit-schema.js';
import {
  type CrossFit,
  conformalSelection,
  crossFit,
  filterByBudget,
  guardrailFigures,
  jackknifeBounds,
  marginBounds,
  type Recalibration,
  recalibrate,
  samplesForLevel,
  splitBounds,
  type TransferInput,
  type TransferSamples,
} from '../src/index.js';
import { faultWith } from './fault.js';
import { crossFitFrom } from './reading-models.js';

/** A model that multiplies one stage's source time. */
const times = (factor: number): Recalibration => ({
  method: 'scale',
  frame: { samples: 0, stageNames: ['stage'], total: { perStepStages: [], convention: 'prefill-emits-first' } },
  predict: ({ sourceMs }) => ({ stagesMs: null, totalMs: sourceMs[0].map((ms) => factor * ms) }),
  toJSON: () => ({}),
});

const inputOf = (...sourceMs: number[]): TransferInput => ({
  sourceMs: [Float64Array.from(sourceMs)],
  knobs: featureTable(['size'], [Float64Array.from(sourceMs, Math.log)]),
  decodeSteps: new Float64Array(sourceMs.length),
});

const measured = (sourceMs: readonly number[], targetMs: readonly number[]) => ({
  ...inputOf(...sourceMs),
  targetTotalMs: Float64Array.from(targetMs),
});

const faultOf = faultWith('message', 'value');

const badOption = (message: string, value: unknown) => ({ code: 'stage/bad-option', message, value });

describe('samplesForLevel', () => {
  it.each([
    [0.5, 1],
    [0.75, 3],
    [0.8, 4],
    [0.9, 9],
    [0.95, 19],
    [0.99, 99],
    [0.85, 6],
  ])('of %d is %i: the share of the largest of n + 1 is 1/(n + 1)', (level, n) => {
    expect(samplesForLevel(level)).toBe(n);
  });
});

describe('levels and margins', () => {
  const noLevels = [0, 1, -0.5, 2, Number.NaN, Number.POSITIVE_INFINITY];

  it('are refused when they are none', () => {
    const samples = measured([1, 2], [1, 2]);
    const cross: CrossFit = { folds: [], ratios: Float64Array.of(1), predictedMs: Float64Array.of(1) };
    for (const level of noLevels) {
      const fault = badOption(`level: must lie between 0 and 1; got ${level}`, level);
      expect(faultOf(() => splitBounds(times(1), samples, level))).toEqual(fault);
      expect(faultOf(() => jackknifeBounds(times(1), cross, level))).toEqual(fault);
    }
    for (const margin of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      const fault = badOption(`margin: must be above 0; got ${margin}`, margin);
      expect(faultOf(() => marginBounds(times(1), margin))).toEqual(fault);
    }
  });
});

describe('marginBounds', () => {
  it('multiplies and divides the prediction', () => {
    const bounder = marginBounds(times(10), 1.25);
    expect(bounder).toMatchObject({
      rule: 'margin',
      level: null,
      calibrationSamples: 0,
      enough: true,
      guarantee: 'none: a margin of 1.25 covers what it happens to cover',
    });
    expect(bounder.bounds(inputOf(1, 2))).toEqual({
      predictedMs: Float64Array.of(10, 20),
      lowerMs: Float64Array.of(8, 16),
      upperMs: Float64Array.of(12.5, 25),
    });
  });
});

describe('splitBounds', () => {
  // Predicted 10 to 70, measured 1.4, 0.8, 1.2, 1, 0.6, 1.1 and 0.9 times that.
  const held = measured([1, 2, 3, 4, 5, 6, 7], [14, 16, 36, 40, 30, 66, 63]);

  it('takes the order statistics of measured over predicted: of seven at 75 %, the sixth and the second', () => {
    // (7 + 1) 0.75 = 6 from above, 7 + 1 - 6 = 2 from below.
    const bounder = splitBounds(times(10), held, 0.75);
    expect(bounder).toMatchObject({
      rule: 'split',
      level: 0.75,
      calibrationSamples: 7,
      enough: true,
      guarantee:
        'at least 75 % of configurations drawn like the samples stay below their bound, on average over samples',
    });
    const { predictedMs, lowerMs, upperMs } = bounder.bounds(inputOf(2, 30));
    expect([...predictedMs]).toEqual([20, 300]);
    expect(lowerMs).toAgree([16, 240], 1e-15);
    expect(upperMs).toAgree([24, 360], 1e-15);
  });

  it('rounds the rank up, and takes the outermost when the level asks for it', () => {
    // 8 x 0.8 = 6.4: the seventh and the first.
    const wide = splitBounds(times(10), held, 0.8).bounds(inputOf(1));
    expect(wide.upperMs).toAgree([14], 1e-15);
    expect(wide.lowerMs).toAgree([6], 1e-15);
    // 8 x 0.875 = 7, the most that seven can promise.
    expect(splitBounds(times(10), held, 0.875).enough).toBe(true);
  });

  it('says nothing where samples are too few', () => {
    const bounder = splitBounds(times(10), held, 0.9);
    expect(bounder.enough).toBe(false);
    expect(bounder.guarantee).toBe('none: 9 samples are the fewest for a level of 0.9; there are 7');
    expect(bounder.bounds(inputOf(1, 2))).toEqual({
      predictedMs: Float64Array.of(10, 20),
      lowerMs: Float64Array.of(0, 0),
      upperMs: Float64Array.of(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
    });
  });
});

describe('jackknifeBounds', () => {
  // Two folds, which left out rows 0, 3 and rows 1, 2.
  const cross: CrossFit = {
    folds: [
      { model: times(10), rows: [0, 3] },
      { model: times(20), rows: [1, 2] },
    ],
    ratios: Float64Array.of(1.5, 0.5, 1, 1.2),
    predictedMs: new Float64Array(4),
  };

  it('moves each fold’s prediction by its own samples’ ratios, and takes order statistics of these', () => {
    // Of a source time of 1: 15 and 12 by the first fold, 10 and 20 by the second. (4 + 1) 0.6 = 3: the third and the second.
    const bounder = jackknifeBounds(times(7), cross, 0.6);
    expect(bounder).toMatchObject({ rule: 'jackknife+', level: 0.6, calibrationSamples: 4, enough: true });
    expect(bounder.guarantee).toBe(
      'about 60 % of configurations drawn like the samples stay below their bound; at least 20 % for certain, on average over samples',
    );
    const { predictedMs, lowerMs, upperMs } = bounder.bounds(inputOf(1, 100));
    expect([...predictedMs]).toEqual([7, 700]);
    expect(lowerMs).toAgree([12, 1200], 1e-15);
    expect(upperMs).toAgree([15, 1500], 1e-15);
    const wide = jackknifeBounds(times(7), cross, 0.8).bounds(inputOf(1));
    expect(wide.lowerMs).toAgree([10], 1e-15);
    expect(wide.upperMs).toAgree([20], 1e-15);
  });

  it('promises nothing for certain below a level of a half, and tells a tenth of a percent', () => {
    expect(jackknifeBounds(times(7), cross, 0.4).guarantee).toContain('at least 0 % for certain');
    expect(jackknifeBounds(times(7), cross, 0.7123).guarantee).toContain('at least 42.5 % for certain');
  });

  it('says nothing where samples are too few', () => {
    const bounder = jackknifeBounds(times(7), cross, 0.81);
    expect(bounder.enough).toBe(false);
    expect(bounder.guarantee).toBe('none: 5 samples are the fewest for a level of 0.81; there are 4');
    expect(bounder.bounds(inputOf(1, 2))).toEqual({
      predictedMs: Float64Array.of(7, 14),
      lowerMs: Float64Array.of(0, 0),
      upperMs: Float64Array.of(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
    });
  });
});

describe('filterByBudget', () => {
  const bounder = marginBounds(times(10), 2);

  it('accepts at or below the budget, rejects above it, and is uncertain between', () => {
    // Upper bounds 20, 40, 60, 80, 100; lower ones 5, 10, 15, 20, 25.
    const { answers, counts, budgetMs, guarantee } = filterByBudget(bounder, inputOf(1, 2, 3, 4, 5), 20);
    expect(answers).toEqual(['accept', 'uncertain', 'uncertain', 'uncertain', 'reject']);
    expect(counts).toEqual({ accept: 1, reject: 1, uncertain: 3 });
    expect(budgetMs).toBe(20);
    expect(guarantee).toBe(bounder.guarantee);
  });

  it('warns of a bound that promises nothing, and of the winner where something is accepted', () => {
    const [promise, winner, ...more] = filterByBudget(bounder, inputOf(1), 20).warnings;
    expect(promise).toEqual({
      code: 'no-guarantee',
      message: 'guarantee: none: a margin of 2 covers what it happens to cover',
    });
    expect(winner).toEqual({
      code: 'measure-the-winner',
      message:
        'an optimiser that picks the best of the accepted picks where the model errs in its favour: the bound does not hold for the winner; measure it again before use',
    });
    expect(more).toEqual([]);
    expect(filterByBudget(bounder, inputOf(2), 20).warnings.map(({ code }) => code)).toEqual(['no-guarantee']);
    const promised = splitBounds(times(10), measured([1, 2, 3], [10, 20, 30]), 0.75);
    expect(filterByBudget(promised, inputOf(2), 5).warnings).toEqual([]);
    const short = splitBounds(times(10), measured([1, 2], [10, 20]), 0.75);
    expect(filterByBudget(short, inputOf(2), 5).warnings.map(({ message }) => message)).toEqual([
      'guarantee: none: 3 samples are the fewest for a level of 0.75; there are 2',
    ]);
  });

  it('refuses a budget that is no time', () => {
    for (const budget of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      const fault = badOption(`budget: must be a time above 0 ms; got ${budget}`, budget);
      expect(faultOf(() => filterByBudget(bounder, inputOf(1), budget))).toEqual(fault);
      expect(
        faultOf(() => conformalSelection(new Float64Array(1), new Float64Array(1), new Float64Array(1), budget)),
      ).toEqual(fault);
    }
  });
});

describe('conformalSelection', () => {
  // Against a budget of 10, samples predicted at 4, 8 and 12 violate it; the other sixteen keep it.
  const samplePredicted = Float64Array.from([12, 4, 8, ...Array.from({ length: 16 }, (_, i) => i / 2)]);
  const sampleMeasured = Float64Array.from([11, 30, 10.5, ...new Array<number>(16).fill(10)]);

  it('counts the violating samples that were predicted no higher', () => {
    const { pValues } = conformalSelection(Float64Array.of(3, 4, 7.9, 8, 12, 50), samplePredicted, sampleMeasured, 10);
    // (1 + 0, 1, 1, 2, 3, 3) / (19 + 1)
    expect(pValues).toAgree([0.05, 0.1, 0.1, 0.15, 0.2, 0.2], 1e-15);
  });

  it('steps up: the largest k of which the k-th smallest p-value is at most bound k/m', () => {
    const predicted = Float64Array.of(50, 5, 1, 9, 2);
    const accepted = (bound: number) => [
      ...conformalSelection(predicted, samplePredicted, sampleMeasured, 10, bound).accepted,
    ];
    // Sorted p-values: 0.05, 0.05, 0.1, 0.15, 0.2. At 0.1 the line is 0.02, 0.04, 0.06, 0.08, 0.1: none.
    expect(accepted(0.1)).toEqual([0, 0, 0, 0, 0]);
    // At 0.13: 0.026, 0.052, 0.078: the first two, though the smallest alone is above its own line.
    expect(accepted(0.13)).toEqual([0, 0, 1, 0, 1]);
    // At 0.17: 0.034, 0.068, 0.102, 0.136, 0.17: three.
    expect(accepted(0.17)).toEqual([0, 1, 1, 0, 1]);
    // At 0.2 all lines are met, the last one exactly.
    expect(accepted(0.2)).toEqual([1, 1, 1, 1, 1]);
  });

  it('bounds the share of violations by 10 % unless told otherwise, and says what it promises', () => {
    const predicted = Float64Array.of(1);
    expect(conformalSelection(predicted, samplePredicted, sampleMeasured, 10)).toMatchObject({
      accepted: Uint8Array.of(1),
      bound: 0.1,
      guarantee: 'on average at most 10 % of the accepted violate the budget, for candidates drawn like the 19 samples',
    });
    // 100 times 0.07 is 7.000000000000001.
    expect(conformalSelection(predicted, samplePredicted, sampleMeasured, 10, 0.07).guarantee).toContain('at most 7 %');
    for (const bound of [0, 1, -1, 2, Number.NaN]) {
      expect(faultOf(() => conformalSelection(predicted, samplePredicted, sampleMeasured, 10, bound))).toEqual(
        badOption(`bound: must lie between 0 and 1; got ${bound}`, bound),
      );
    }
  });

  it('refuses times that are no numbers, and samples of two lengths', () => {
    const [one, none] = [Float64Array.of(1, 2), Float64Array.of(1, Number.NaN)];
    const badValue = (message: string, value: number) => ({ code: 'stage/bad-value', message, value });
    expect(faultOf(() => conformalSelection(none, one, one, 10))).toEqual(
      badValue('predictions: must be times in ms; got NaN (row 1)', Number.NaN),
    );
    expect(faultOf(() => conformalSelection(one, none, one, 10))).toEqual(
      badValue('predictions of samples: must be times in ms; got NaN (row 1)', Number.NaN),
    );
    expect(faultOf(() => conformalSelection(one, one, none, 10))).toEqual(
      badValue('measurements of samples: must be times in ms; got NaN (row 1)', Number.NaN),
    );
    expect(faultOf(() => conformalSelection(one, Float64Array.of(1), one, 10))).toEqual(
      badValue('samples: must have a prediction each (2); got 1', 1),
    );
    expect(faultOf(() => conformalSelection(Float64Array.of(Number.NaN), one, one, 10))).toMatchObject({
      code: 'stage/bad-value',
    });
  });

  it('accepts nothing of nothing', () => {
    expect(conformalSelection(new Float64Array(0), samplePredicted, sampleMeasured, 10).accepted).toHaveLength(0);
  });
});

describe('guardrailFigures', () => {
  const measuredMs = Float64Array.of(5, 10, 12, 20, 9);
  const upperMs = Float64Array.of(6, 10, 9, 25, 8);

  it('counts a total at its budget as kept and one at its bound as covered', () => {
    // Violating: 12, 20. Accepted by their bounds 6, 10, 9, 8: one of them violates. Covered: 5, 10, 20.
    expect(guardrailFigures(measuredMs, upperMs, 10)).toEqual({
      violationsWithoutPercent: 40,
      violationsWithPercent: 25,
      coveragePercent: 60,
      falseAcceptPercent: 50,
      falseRejectPercent: 0,
      acceptedPercent: 80,
    });
  });

  it('takes another rule for accepting', () => {
    expect(guardrailFigures(measuredMs, upperMs, 10, (row) => row === 0 || row === 3)).toEqual({
      violationsWithoutPercent: 40,
      violationsWithPercent: 50,
      coveragePercent: 60,
      falseAcceptPercent: 50,
      falseRejectPercent: (100 * 2) / 3,
      acceptedPercent: 40,
    });
  });

  it('has no shares of no totals', () => {
    expect(faultOf(() => guardrailFigures(new Float64Array(0), new Float64Array(0), 10))).toEqual({
      code: 'stage/no-rows',
      message: 'totals: must be at least one; got 0',
      value: 0,
    });
  });

  it('has no share of what there is none of', () => {
    expect(guardrailFigures(measuredMs, upperMs, 100, () => false)).toMatchObject({
      violationsWithPercent: null,
      falseAcceptPercent: null,
      falseRejectPercent: 100,
    });
    expect(guardrailFigures(measuredMs, upperMs, 1, () => true)).toMatchObject({
      falseAcceptPercent: 100,
      falseRejectPercent: null,
    });
  });
});

describe('crossFit', () => {
  const samplesOf = (n: number): TransferSamples => {
    const source = Float64Array.from({ length: n }, (_, i) => 10 + ((i * 7) % n));
    const target = source.map((ms, i) => ms * (2 + ((i * 5) % 11) / 20));
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
  const rowsOf = ({ folds }: CrossFit) => folds.map(({ rows }) => [...rows]);

  it.each(['affine', 'global-affine', 'affine-relative', 'log-affine', 'scale', 'stage-mix'] as const)(
    '%s leaves out one sample at a time, and tells measured over predicted by the model without it',
    (method) => {
      const samples = samplesOf(13);
      const cross = crossFit(recalibrate(method, samples), samples);
      expect(rowsOf(cross).map(({ length }) => length)).toEqual(new Array(13).fill(1));
      expect(
        rowsOf(cross)
          .flat()
          .sort((a, b) => a - b),
      ).toEqual([...new Array(13).keys()]);
      for (const { model, rows } of cross.folds) {
        expect([model.method, model.frame.samples]).toEqual([method, 12]);
        for (const row of rows) {
          const predicted = model.predict(samples).totalMs[row];
          expect(cross.predictedMs[row]).toAgree(predicted, 1e-14);
          expect(cross.ratios[row]).toAgree(samples.targetTotalMs[row] / predicted, 1e-14);
        }
      }
    },
  );

  it('scale without a sample is the median ratio of the others', () => {
    const samples = samplesOf(7);
    const { folds, ratios } = crossFit(recalibrate('scale', samples), samples);
    const target = samples.targetTotalMs;
    const source = samples.sourceMs[0];
    for (const { rows } of folds) {
      const [left = 0] = rows;
      const logs = Array.from(target, (ms, i) => Math.log(ms / source[i]))
        .filter((_, i) => i !== left)
        .sort((a, b) => a - b);
      const factor = Math.exp((logs[2] + logs[3]) / 2);
      expect(ratios[left]).toAgree(target[left] / (factor * source[left]), 1e-12);
    }
  });

  it('leaves out a tenth at a time where a fit costs something', () => {
    const samples = samplesOf(20);
    const cross = crossFit(recalibrate('ridge', samples), samples);
    expect(rowsOf(cross).map(({ length }) => length)).toEqual(new Array(10).fill(2));
    expect(cross.folds[0]?.model).toMatchObject({ method: 'ridge', frame: { samples: 18 } });
    const other = crossFit(recalibrate('ridge', samples), samples, { seed: 1 });
    expect(rowsOf(other)).not.toEqual(rowsOf(cross));
    expect(rowsOf(crossFit(recalibrate('ridge', samples), samples, { seed: 0 }))).toEqual(rowsOf(cross));
  });

  it('of auto takes the folds that auto has fitted', () => {
    const samples = samplesOf(12);
    const model = recalibrate('auto', samples);
    const cross = crossFit(model, samples);
    expect(rowsOf(cross)).toEqual(model.folds?.map(({ rows }) => [...rows]));
    expect(cross.folds.map(({ model: fold }) => [fold.method, fold.frame.samples])).toEqual(
      rowsOf(cross).map(({ length }) => ['auto', 12 - length]),
    );
    cross.folds.forEach(({ model: fold }, s) => {
      expect(fold).toBe(model.folds?.[s]?.model);
    });
  });
});

describe('a cross-fit’s file', () => {
  it('write and read folds, ratios and predictions', () => {
    const half = { kind: 'power', power: 1, log_factor: Math.log(0.5) };
    const fold = (map: object) => ({
      schema: 'stepclock/stage-recalibration@1',
      method: 'scale',
      samples: 2,
      stages: ['stage'],
      total: { per_step_stages: [], convention: 'prefill-emits-first', fixed_steps: null },
      maps: [map],
    });
    const json = {
      folds: [
        { rows: [0, 2], model: fold(half) },
        { rows: [1], model: fold({ kind: 'identity' }) },
      ],
      ratios: [1.5, 0.5, 1],
      predicted_ms: [5, 20, 15],
    };
    const cross = crossFitFrom(json);
    expect(cross.folds.map(({ model }) => [...model.predict(inputOf(10, 30)).totalMs])).toEqual([
      [expect.closeTo(5, 12), expect.closeTo(15, 12)],
      [10, 30],
    ]);
    expect(crossFitJSON(cross)).toEqual(json);
    expect(crossFitJSON({ ...cross, folds: [{ model: times(1), rows: Uint32Array.of(3) }] })).toMatchObject({
      folds: [{ rows: [3] }],
    });
  });
});
