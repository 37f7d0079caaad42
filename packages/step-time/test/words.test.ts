import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import {
  evaluateStepTime,
  fitStepTime,
  type InfluenceReport,
  type InfluentialPoint,
  influenceInWords,
  pointsOverThreshold,
  predictStepTime,
  type StepTimes,
  stepTimesOf,
} from '../src/index.js';
import { gridOfSteps } from './fixture.js';

const point = (change: Partial<InfluentialPoint> = {}): InfluentialPoint => ({
  row: 0,
  stepTimeMs: 1,
  predictedMs: 1,
  residualMs: 0,
  rssShare: 0.1234,
  studentised: 0,
  leverage: 0.1,
  cooksDistance: 1.234,
  ...change,
});
const report = (change: Partial<InfluenceReport> = {}): InfluenceReport => ({
  dominant: [],
  informative: true,
  dominantShare: 0,
  r2: 0.98765,
  r2Without: null,
  coefficientsWithout: null,
  largest: [],
  largestCooksDistance: null,
  pivotal: [],
  ...change,
});

describe('the influence report in words', () => {
  it.each<[string, Partial<InfluenceReport>, string]>([
    [
      'nothing known',
      {},
      'No few points decide the fit: the largest share of one in the residual sum of squares is under 0.1 %.',
    ],
    [
      'a small share',
      { largest: [point({ rssShare: 4.9e-4 })] },
      'No few points decide the fit: the largest share of one in the residual sum of squares is under 0.1 %.',
    ],
    [
      'the smallest share that is shown',
      { largest: [point({ rssShare: 5e-4 }), point()] },
      'No few points decide the fit: the largest share of one in the residual sum of squares is 0.1 %.',
    ],
    [
      'one dominant',
      { dominant: [point()], dominantShare: 0.7654, r2Without: 0.99987 },
      '1 of 50 points carries 76.5 % of the residual sum of squares: r2 is 0.988 with it, 1.000 without it.',
    ],
    [
      'two dominant, and a pivotal one behind them',
      { dominant: [point(), point()], dominantShare: 0.9, r2Without: 0.5, pivotal: [point()] },
      "2 of 50 points carry 90.0 % of the residual sum of squares and hide 1 more that moves the coefficients beyond their errors (Cook's distance 1.2): r2 is 0.988 with them, 0.500 without them.",
    ],
    [
      'dominant ones that nothing can be fitted without',
      { dominant: [point(), point()], dominantShare: 0.9, r2: null },
      '2 of 50 points carry 90.0 % of the residual sum of squares: r2 is not defined with them, without them the coefficients are not determined.',
    ],
    [
      'a pivotal one',
      { pivotal: [point()], r2Without: 0.5 },
      "1 of 50 points moves the coefficients beyond their errors (Cook's distance 1.2): r2 is 0.988 with it, 0.500 without it.",
    ],
    [
      'an exact fit',
      { informative: false, dominant: [point()] },
      'The fit passes through all 50 points: they say nothing about its errors.',
    ],
  ])('%s', (_, change, words) => {
    expect(influenceInWords(report(change), 50)).toBe(words);
  });
});

describe('what decides a fit', () => {
  const stall = (rows: readonly number[], ms = 300) => gridOfSteps(0.02, (i, t) => (rows.includes(i) ? t + ms : t));

  it('the rows that carry most, the worst first, with their figures', () => {
    const times = stall([20]);
    const { influence, leastSquares } = fitStepTime(times);
    const [worst] = influence.dominant;
    expect(worst).toEqual(influence.largest[0]);
    expect(worst?.stepTimeMs).toBe(1000 * times.stepTimeSec[20]);
    expect(worst?.predictedMs).toBe(leastSquares.fitted[20]);
    expect(worst?.residualMs).toBe(leastSquares.residuals[20]);
    const rss = leastSquares.residuals.reduce((sum, r) => sum + r * r, 0);
    expect(worst?.rssShare).toAgree(leastSquares.residuals[20] ** 2 / rss, 1e-12);
    expect(influence.dominantShare).toBe(worst?.rssShare);
    expect(influence.r2).toBe(leastSquares.statistics.r2);
    expect(influence.pivotal).toEqual([]);
    expect(influence.largest).toHaveLength(10);
    const shares = influence.largest.map((p) => p.rssShare);
    expect(shares).toEqual([...shares].sort((a, b) => b - a));
    // Without the row the fit is that of the other rows alone.
    const others = [...times.stepTimeSec.keys()].filter((i) => i !== 20);
    const pick = (column: Float64Array) => others.map((i) => column[i]);
    const alone = fitStepTime(
      stepTimesOf({
        batchSize: pick(times.batchSize),
        sequenceLength: pick(times.sequenceLength),
        stepTimeSec: pick(times.stepTimeSec),
      }),
    );
    expect(influence.coefficientsWithout as number[]).toAgree(
      alone.leastSquares.coefficients.map((c) => c.estimate),
      1e-9,
    );
    expect(influence.r2Without as number).toAgree(alone.leastSquares.statistics.r2 as number, 1e-12);
  });

  it('two are few among 64 rows, three are a population of their own', () => {
    expect(fitStepTime(stall([20, 41])).influence.dominant).toHaveLength(2);
    expect(fitStepTime(stall([20, 41, 3])).influence.dominant).toEqual([]);
  });

  it('a wild row that is a tenth as bad as the dominant one stays out', () => {
    const times = gridOfSteps(0.02, (i, t) => (i === 20 ? t + 300 : i === 41 ? t + 30 : t));
    expect(fitStepTime(times).influence.dominant.map((p) => p.row)).toEqual([20]);
  });

  it('nobody, where no residual stands out: alternating errors of one size', () => {
    const { influence, warnings } = fitStepTime(gridOfSteps(0, (i, t) => t + (i % 2 === 0 ? 1 : -1)));
    expect([influence.dominant, influence.dominantShare, influence.pivotal, influence.r2Without]).toEqual([
      [],
      0,
      [],
      null,
    ]);
    expect(influence.coefficientsWithout).toBeNull();
    expect(influence.largestCooksDistance?.cooksDistance).toBeLessThan(1);
    expect(warnings).toEqual([]);
  });

  it('cannot be told with fewer than three degrees of freedom', () => {
    const few = (n: number): StepTimes => {
      const rows = Array.from({ length: n }, (_, i) => i);
      return stepTimesOf({
        batchSize: rows.map((i) => 1 + ((i * 5) % 7)),
        sequenceLength: rows.map((i) => 10 * (1 + ((i * 3) % 8))),
        stepTimeSec: rows.map((i) => (i === 4 ? 5 : 0.01 * (1 + i)) / 10),
      });
    };
    expect(fitStepTime(few(6)).influence.pivotal).toEqual([]);
    expect(fitStepTime(few(6)).influence.dominant).toEqual([]);
    const { influence } = fitStepTime(few(7));
    expect(influence.dominant.length + influence.pivotal.length).toBe(1);
  });
});

describe('warnings', () => {
  const messages = (times: StepTimes, code: string) =>
    fitStepTime(times)
      .warnings.filter((w) => w.code === code)
      .map((w) => w.message);
  const withSeconds = (change: (sec: number, i: number) => number, noise?: number): StepTimes => {
    const grid = gridOfSteps(noise);
    return stepTimesOf({ ...grid, further: {}, stepTimeSec: grid.stepTimeSec.map(change) });
  };

  it('dominant points, with where to look', () => {
    const times = gridOfSteps(0.02, (i, t) => (i === 20 ? t + 300 : t));
    expect(messages(times, 'dominant-points')).toEqual([
      `${influenceInWords(fitStepTime(times).influence, 64)} Look there before you read the figures.`,
    ]);
    expect(messages(gridOfSteps(), 'dominant-points')).toEqual([]);
  });

  it('coefficients below 0: why, and only those that a step cannot have', () => {
    const sequence = gridOfSteps().sequenceLength;
    expect(
      messages(
        withSeconds((sec, i) => sec - 1e-6 * sequence[i]),
        'negative-coefficient',
      ),
    ).toEqual([
      expect.stringMatching(
        /^c is below 0 \(-0\.000\d+ ms\), which no step costs: the formula does not describe these rows, or they are of several kinds\.$/,
      ),
    ]);
    // c of about 0 under an error of 5 ms.
    expect(
      messages(
        withSeconds((sec, i) => sec - 3e-7 * sequence[i], 5),
        'negative-coefficient',
      ),
    ).toEqual([
      'c is below 0 (-0.000171 ms), which no step costs: its interval includes 0, so the data does not determine it.',
    ]);
    const shifted = messages(
      withSeconds((sec) => sec - 0.012),
      'negative-coefficient',
    );
    expect(shifted).toEqual([]);
    const constant = messages(
      withSeconds((sec) => sec - 0.01195 + 1e-9),
      'negative-coefficient',
    );
    expect(constant).toEqual([]);
    const rich = fitStepTime(
      gridOfSteps(0.02, (i, t) => t - 0.5 * (i % 3)),
      { features: ['prefilling'] },
    );
    expect(rich.warnings).toEqual([]);
  });

  it('a saturated fit cannot tell how sure a coefficient below 0 is', () => {
    const times = stepTimesOf({
      batchSize: [1, 2, 1, 2],
      sequenceLength: [10, 10, 20, 20],
      stepTimeSec: [0.05, 0.04, 0.06, 0.02],
    });
    expect(messages(times, 'negative-coefficient')).toEqual([
      'a is below 0 (-3.00 ms), which no step costs: no rows are left to tell how sure that is.',
    ]);
    expect(messages(times, 'no-cross-validation')).toEqual([expect.stringMatching(/^No cross-validation: ./)]);
  });

  it('negative predictions', () => {
    // A line through 0: the far ends fall below it.
    const times = stepTimesOf({
      batchSize: [1, 1, 2, 2, 4, 4, 8, 8],
      sequenceLength: [10, 20, 10, 20, 10, 20, 10, 20],
      stepTimeSec: [1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 0.1, 0.1],
    });
    expect(messages(times, 'negative-prediction')).toEqual([
      'Some training rows are predicted to take less than no time.',
    ]);
    expect(messages(gridOfSteps(), 'negative-prediction')).toEqual([]);
  });

  it('uneven errors, by how much, and of which coefficients', () => {
    // Errors of 3 ms at the longest and the largest, of 1 us elsewhere: HC3 of a and b is 2.33 and 2.44 times the classic error.
    const times = gridOfSteps(0, (i, t) => t + (i % 2 === 0 ? 1 : -1) * (i >= 56 || i % 8 === 7 ? 3 : 1e-3));
    expect(messages(times, 'uneven-errors')).toEqual([
      'The HC3 errors of a, b are up to 2.4 times the classic ones: errors differ in size from row to row (or rows are few), so read the HC3 column.',
    ]);
    expect(messages(gridOfSteps(), 'uneven-errors')).toEqual([]);
    // Residuals of an exact fit are rounding; their pattern says nothing.
    expect(messages(gridOfSteps(0), 'uneven-errors')).toEqual([]);
  });

  it.each([
    [5.001, true],
    [5, false],
    [2e-5, false],
    [1.9e-5, true],
  ])('a median of %d s is no step time in seconds: %s', (typical, told) => {
    const grid = gridOfSteps();
    // The upper median of 64 rows is the 33rd.
    const times = stepTimesOf({
      ...grid,
      further: {},
      stepTimeSec: grid.stepTimeSec.map((_, i) => (i < 32 ? typical / 2 : i === 40 ? typical : 2 * typical)),
    });
    expect(messages(times, 'unit')).toEqual(
      told ? [`The median step_time is ${typical} s, which no decode step takes: step_time must be in seconds.`] : [],
    );
  });

  it('mixed rows: the column, up to four of its values, and how to choose one', () => {
    const told = (values: readonly string[]) =>
      messages({ ...gridOfSteps(), mixed: [{ column: 'gpu', values }] }, 'mixed-rows');
    expect(told(['A', 'B', 'C', 'D'])).toEqual([
      'Rows of 4 values of gpu (A, B, C, D) share one formula; filter gpu=A to fit one.',
    ]);
    expect(told(['A', 'B', 'C', 'D', 'E'])).toEqual([
      'Rows of 5 values of gpu (A, B, C, D, ...) share one formula; filter gpu=A to fit one.',
    ]);
  });
});

describe('points over a threshold', () => {
  it('are beyond it, the worst first, equal ones by row', () => {
    const measured = Float64Array.of(10, 10, 20, 10, 10);
    const predicted = Float64Array.of(12, 9, 10, 15, 8);
    expect(pointsOverThreshold(measured, predicted, 10)).toEqual([
      { row: 2, stepTimeMs: 20, predictedMs: 10, errorMs: -10, errorPercent: 50 },
      { row: 3, stepTimeMs: 10, predictedMs: 15, errorMs: 5, errorPercent: 50 },
      { row: 0, stepTimeMs: 10, predictedMs: 12, errorMs: 2, errorPercent: 20 },
      { row: 4, stepTimeMs: 10, predictedMs: 8, errorMs: -2, errorPercent: 20 },
    ]);
    expect(pointsOverThreshold(measured, predicted, 0)).toHaveLength(5);
    expect(pointsOverThreshold(measured, measured, 0)).toEqual([]);
  });

  it.each([-1, Number.NaN])('a threshold of %d is refused', (threshold) => {
    expect(() => pointsOverThreshold(Float64Array.of(1), Float64Array.of(1), threshold)).toThrow(
      expect.objectContaining({
        code: 'step-time/bad-option',
        message: `threshold: must be at least 0 %; got ${threshold}`,
        value: threshold,
      }),
    );
  });
});

describe('predictions', () => {
  const { model } = fitStepTime(gridOfSteps(), { features: ['prefilling'] });
  const query = { batchSize: 8, sequenceLength: 1024, further: { prefilling: 1 } };

  it('are in seconds, between the ends of their interval, inside the training range up to its ends', () => {
    const { stepTimeSec, interval, extrapolated, outside } = predictStepTime(model, query);
    expect(stepTimeSec).toAgree((4e-4 * 8 * 1024 + 0.05 * 8 + 3e-4 * 1024 + 12) / 1000, 1e-3);
    const [low, high] = interval ?? [0, 0];
    expect(stepTimeSec).toAgree((low + high) / 2, 1e-12);
    // Errors of 0.02 ms: the interval is tenths of a permille wide, and wider at a higher level.
    expect(high - low).toBeGreaterThan(2e-5);
    expect(high - low).toBeLessThan(2e-4);
    const [lower, higher] = predictStepTime(model, query, 0.99).interval ?? [0, 0];
    expect(higher - lower).toBeGreaterThan(1.2 * (high - low));
    expect([extrapolated, outside]).toEqual([false, []]);
    for (const [batchSize, sequenceLength, prefilling] of [
      [1, 64, 0],
      [128, 8192, 2],
    ] as const) {
      expect(predictStepTime(model, { batchSize, sequenceLength, further: { prefilling } }).outside).toEqual([]);
    }
    expect(
      predictStepTime(model, { batchSize: 0.5, sequenceLength: 9000, further: { prefilling: 3 } }).outside,
    ).toEqual([
      'batch_size was 1 to 128 in training',
      'sequence_length was 64 to 8192 in training',
      'prefilling was 0 to 2 in training',
    ]);
  });

  it.each([
    [{ ...query, batchSize: 0 }, 'batch_size', 'a number above 0', 0],
    [
      { ...query, sequenceLength: Number.POSITIVE_INFINITY },
      'sequence_length',
      'a number above 0',
      Number.POSITIVE_INFINITY,
    ],
    [{ ...query, further: {} }, 'prefilling', 'a number, since the model uses it', 'nothing'],
    [{ ...query, further: { prefilling: Number.NaN } }, 'prefilling', 'a number, since the model uses it', Number.NaN],
    [{ batchSize: 1, sequenceLength: 1 }, 'prefilling', 'a number, since the model uses it', 'nothing'],
  ])('of %j are refused', (bad, column, expected, value) => {
    expect(() => predictStepTime(model, bad)).toThrow(
      expect.objectContaining({
        code: 'step-time/bad-number',
        what: column,
        rule: `must be ${expected}`,
        value,
      }),
    );
  });

  it('further features may be 0 or below', () => {
    expect(() => predictStepTime(model, { ...query, further: { prefilling: -1 } })).not.toThrow();
  });
});

describe('a fit and its options', () => {
  it('is called model, of decode steps, with copies of its features', () => {
    const features = ['prefilling'];
    const { model } = fitStepTime(gridOfSteps(), { features });
    expect([model.name, model.target, model.features]).toEqual(['model', 'decode', ['prefilling']]);
    expect(model.features).not.toBe(features);
  });

  it('five folds of seed 42, the level 0.95, unless told', () => {
    const times = gridOfSteps();
    const { crossValidation, leastSquares } = fitStepTime(times);
    expect(crossValidation).toEqual(fitStepTime(times, { folds: 5, seed: 42 }).crossValidation);
    expect(crossValidation).not.toEqual(fitStepTime(times, { seed: 43 }).crossValidation);
    expect(crossValidation?.folds).toHaveLength(5);
    expect(leastSquares.level).toBe(0.95);
  });

  it('a feature that is not there is refused with its name', () => {
    expect(() => fitStepTime(gridOfSteps(), { features: ['load'] })).toThrow(
      expect.objectContaining({
        code: 'step-time/missing-column',
        message: 'load: must be a column of the data: it has batch_size, sequence_length, prefilling',
      }),
    );
  });

  it('a fixed cost below 0 is warned of, too', () => {
    const rows = [16, 32, 64, 128].flatMap((b) => [512, 1024, 2048, 4096].map((l) => [b, l] as const));
    const times = stepTimesOf({
      batchSize: rows.map(([b]) => b),
      sequenceLength: rows.map(([, l]) => l),
      stepTimeSec: rows.map(([b, l], i) => (4e-3 * b * l + 0.5 * b + 3e-2 * l - 30 + 0.1 * Math.sin(7 * i * i)) / 1000),
    });
    expect(fitStepTime(times).warnings.map((w) => w.message)).toEqual([
      expect.stringMatching(
        /^d is below 0 \(-30\.\d ms\), which no step costs: the formula does not describe these rows/,
      ),
    ]);
  });

  it('a saturated fit predicts its rows, without an interval', () => {
    const four = stepTimesOf({
      batchSize: [1, 2, 1, 2],
      sequenceLength: [1, 1, 2, 2],
      stepTimeSec: [0.01, 0.02, 0.03, 0.07],
    });
    const { model } = fitStepTime(four);
    const { stepTimeSec, interval } = predictStepTime(model, { batchSize: 2, sequenceLength: 2 });
    expect(stepTimeSec).toAgree(0.07, 1e-10);
    expect(interval).toBeNull();
  });
});

describe('evaluation on other rows', () => {
  it('counts rows inside their intervals and rows outside the training range', () => {
    const { model } = fitStepTime(gridOfSteps());
    const grid = gridOfSteps(0.02, (i, ms) => (i < 16 ? ms + 1 : ms));
    const shifted = stepTimesOf({
      ...grid,
      further: {},
      batchSize: grid.batchSize.map((b, i) => (i === 63 ? 200 : b)),
    });
    const { extrapolatedRows, intervalCoverage, measuredMs, predictedMs, missed } = evaluateStepTime(model, shifted);
    expect(extrapolatedRows).toBe(1);
    // 16 rows are a whole millisecond off, and the one of another batch.
    expect(intervalCoverage).toBeLessThanOrEqual(47 / 64);
    expect(intervalCoverage).toBeGreaterThan(43 / 64);
    expect(measuredMs).toAgree(
      shifted.stepTimeSec.map((sec) => 1000 * sec),
      1e-15,
    );
    const inside = predictStepTime(model, { batchSize: 200, sequenceLength: 8192 }).stepTimeSec;
    expect(predictedMs[63]).toAgree(1000 * inside, 1e-12);
    expect(missed.map((p) => p.row)).toEqual([63]);
    expect(evaluateStepTime(model, shifted, 60).missed).toEqual([]);
  });

  it('knows no coverage without intervals', () => {
    const four = stepTimesOf({
      batchSize: [1, 2, 1, 2],
      sequenceLength: [1, 1, 2, 2],
      stepTimeSec: [0.01, 0.02, 0.03, 0.07],
    });
    expect(evaluateStepTime(fitStepTime(four).model, four).intervalCoverage).toBeNull();
  });
});
