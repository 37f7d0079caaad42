import '@stepclock/vitest-matchers';
import { validated } from '@stepclock/model-file';
import { tQuantile, tUpperTail } from '@stepclock/numerics';
import { describe, expect, it } from 'vitest';
import {
  dataset,
  featuresOf,
  influenceOf,
  type LeastSquaresFit,
  leastSquares,
  linearModelOf,
  modelFromJSON,
  nonNegativeLeastSquares,
  polynomialTerms,
  predictWithIntervals,
  ridge,
  term,
} from '../src/index.js';
import { fitStatistics } from '../src/linear/inference/fit-statistics.js';
import { linearSchema } from '../src/linear/linear-schema.js';
import { termColumns } from '../src/linear/term.js';
import { refusalOf } from './refusal.js';
import { throughJSON } from './synthetic.js';

const line = (x: number[], y: number[], w?: number[]) =>
  dataset(featuresOf({ x }), Float64Array.from(y), w && Float64Array.from(w));

/** 97.5 % of Student's t with 2 degrees of freedom, from its closed form. */
const T2 = 0.95 * Math.sqrt(2 / (1 - 0.95 ** 2));

describe('fitStatistics', () => {
  const sums = { n: 4, p: 2, intercept: true, rss: 2, ess: 8, logWeightSum: 0 };

  it('are those of the textbook', () => {
    const got = fitStatistics(sums);
    const logLikelihood = -2 * (Math.log(Math.PI) + 1);
    expect(got).toMatchObject({ n: 4, p: 2, df: 2, rss: 2, tss: 10, sigma: 1, r2: 0.8, fStatistic: 8 });
    expect(Number(got.adjustedR2)).toAgree(0.7, 1e-14);
    expect(Number(got.fPValue)).toAgree(1 - Math.sqrt(0.8), 1e-12);
    expect(Number(got.logLikelihood)).toAgree(logLikelihood, 1e-14);
    expect(Number(got.aic)).toAgree(4 - 2 * logLikelihood, 1e-14);
    expect(Number(got.bic)).toAgree(2 * Math.log(4) - 2 * logLikelihood, 1e-14);
  });

  it('compare with 0 without an intercept: every coefficient is a slope, and no row goes to the mean', () => {
    const got = fitStatistics({ ...sums, intercept: false });
    expect(got.fStatistic).toBe(4);
    expect(Number(got.adjustedR2)).toAgree(1 - 0.2 * 2, 1e-14);
    // F(2, 2) has the tail 1 / (1 + F).
    expect(Number(got.fPValue)).toAgree(0.2, 1e-12);
  });

  it('weights add half the sum of their logarithms to the likelihood', () => {
    const got = fitStatistics({ ...sums, logWeightSum: 3 });
    expect(Number(got.logLikelihood)).toAgree(-2 * (Math.log(Math.PI) + 1) + 1.5, 1e-14);
  });

  it('are null where they are not defined', () => {
    expect(fitStatistics({ ...sums, p: 4 })).toMatchObject({
      df: 0,
      sigma: null,
      r2: 0.8,
      adjustedR2: null,
      fStatistic: null,
      fPValue: null,
    });
    expect(fitStatistics({ ...sums, rss: 0, ess: 0 })).toMatchObject({
      sigma: 0,
      r2: null,
      adjustedR2: null,
      fStatistic: null,
      fPValue: null,
      logLikelihood: null,
      aic: null,
      bic: null,
    });
    expect(fitStatistics({ ...sums, p: 1 })).toMatchObject({ fStatistic: null, fPValue: null });
    expect(fitStatistics({ ...sums, rss: 0 })).toMatchObject({ r2: 1, adjustedR2: 1, fStatistic: null });
  });
});

describe('leastSquares by hand', () => {
  // Means 2.5 and 5, Sxx 5, Sxy 9, Syy 18: slope 1.8, residuals 0.7, -1.1, 0.1, 0.3, rss 1.8.
  const fitted = () => {
    const fit = leastSquares(line([1, 2, 3, 4], [3, 3, 6, 8]));
    const [slope, intercept] = fit.coefficients;
    return { fit, slope, intercept };
  };

  it('one slope: estimates, errors, t, p and intervals', () => {
    const { fit, slope, intercept } = fitted();
    expect(fit.residuals).toAgree([0.7, -1.1, 0.1, 0.3], 1e-13);
    expect(fit.fitted).toAgree([2.3, 4.1, 5.9, 7.7], 1e-14);
    expect(fit.leverage).toAgree([0.7, 0.3, 0.3, 0.7], 1e-14);
    expect(fit.level).toBe(0.95);
    expect('weights' in fit).toBe(false);
    expect(fit.warnings).toEqual([]);
    const sigma = Math.sqrt(0.9);
    const se = sigma / Math.sqrt(5);
    expect(slope).toMatchObject({ term: 'x' });
    expect(slope?.estimate).toAgree(1.8, 1e-14);
    expect(Number(slope?.standardError)).toAgree(se, 1e-13);
    expect(Number(slope?.t)).toAgree(1.8 / se, 1e-13);
    expect(Number(slope?.p)).toAgree(2 * tUpperTail(1.8 / se, 2), 1e-12);
    expect(slope?.interval as unknown as number[]).toAgree([1.8 - T2 * se, 1.8 + T2 * se], 1e-9);
    expect(Number(slope?.vif)).toAgree(1, 1e-14);
    const se0 = sigma * Math.sqrt(1 / 4 + 2.5 ** 2 / 5);
    expect(intercept).toMatchObject({ term: '(intercept)', vif: null });
    expect(intercept?.estimate).toAgree(0.5, 1e-13);
    expect(Number(intercept?.standardError)).toAgree(se0, 1e-13);
  });

  it('HC3 of slope and intercept from residuals over 1 - h', () => {
    const { slope, intercept } = fitted();
    const scaled = [0.7 / 0.3, -1.1 / 0.7, 0.1 / 0.7, 0.3 / 0.3];
    const at = [-1.5, -0.5, 0.5, 1.5];
    const slopeVariance = scaled.reduce((sum, e, i) => sum + (e * at[i]) ** 2, 0) / 25;
    const share = at.map((d) => 1 / 4 - (2.5 * d) / 5);
    const interceptVariance = scaled.reduce((sum, e, i) => sum + (e * share[i]) ** 2, 0);
    expect(Number(slope?.hc3.standardError)).toAgree(Math.sqrt(slopeVariance), 1e-12);
    expect(Number(intercept?.hc3.standardError)).toAgree(Math.sqrt(interceptVariance), 1e-12);
    expect(Number(slope?.hc3.t)).toAgree(1.8 / Math.sqrt(slopeVariance), 1e-12);
  });

  it('influence: shares, studentised residuals and Cook from e, h and sigma', () => {
    const { fit } = fitted();
    const { leverage, standardised, studentised, cooksDistance, rssShare } = influenceOf(fit);
    const e = [0.7, -1.1, 0.1, 0.3];
    const h = [0.7, 0.3, 0.3, 0.7];
    expect(leverage).toBe(fit.leverage);
    expect(rssShare).toAgree(
      e.map((v) => (v * v) / 1.8),
      1e-12,
    );
    const r = e.map((v, i) => v / Math.sqrt(0.9 * (1 - h[i])));
    expect(standardised).toAgree(r, 1e-12);
    expect(cooksDistance).toAgree(
      r.map((v, i) => (v * v * h[i]) / (1 - h[i]) / 2),
      1e-12,
    );
    // sigma without the row: (df sigma^2 - e^2 / (1 - h)) / (df - 1).
    expect(studentised).toAgree(
      e.map((v, i) => {
        const free = 1 - h[i];
        return v / Math.sqrt((1.8 - (v * v) / free) * free);
      }),
      1e-11,
    );
  });

  it('intervals at a point: the mean and one more observation', () => {
    const { fit } = fitted();
    const sigma = Math.sqrt(0.9);
    const got = predictWithIntervals(fit.model, featuresOf({ x: [2.5, 6] }));
    const se = [sigma * Math.sqrt(1 / 4), sigma * Math.sqrt(1 / 4 + 3.5 ** 2 / 5)];
    const mean = [5, 11.3];
    expect(got.level).toBe(0.95);
    expect(got.mean).toAgree(mean, 1e-13);
    expect(got.meanStandardError).toAgree(se, 1e-12);
    const ends = (sign: number, reach: (s: number) => number) => mean.map((m, i) => m + sign * T2 * reach(se[i]));
    expect(got.meanLow).toAgree(
      ends(-1, (s) => s),
      1e-9,
    );
    expect(got.meanHigh).toAgree(
      ends(1, (s) => s),
      1e-9,
    );
    expect(got.low).toAgree(
      ends(-1, (s) => Math.hypot(s, sigma)),
      1e-9,
    );
    expect(got.high).toAgree(
      ends(1, (s) => Math.hypot(s, sigma)),
      1e-9,
    );
    // A row of weight 4 has half the noise.
    const heavy = predictWithIntervals(fit.model, featuresOf({ x: [2.5, 6] }), { weights: Float64Array.of(4, 4) });
    expect(heavy.meanHigh).toEqual(got.meanHigh);
    expect(heavy.high).toAgree(
      ends(1, (s) => Math.hypot(s, sigma / 2)),
      1e-9,
    );
    // Half the level: t = 0.5 sqrt(2 / (1 - 0.25)).
    const half = predictWithIntervals(fit.model, featuresOf({ x: [2.5] }), { level: 0.5 });
    expect(half.meanHigh[0]).toAgree(5 + 0.5 * Math.sqrt(2 / 0.75) * se[0], 1e-9);
  });

  it('an exact fit has errors of 0 and no t; a saturated one has no errors at all', () => {
    const [exact] = leastSquares(line([-1, 0, 1], [2, 2, 2])).coefficients;
    expect(exact).toMatchObject({ estimate: 0, standardError: 0, t: null, p: null, interval: [0, 0] });
    expect(exact?.hc3).toEqual({ standardError: 0, t: null, p: null, interval: [0, 0] });
    const none = { standardError: null, t: null, p: null, interval: null };
    const [saturated] = leastSquares(line([-1, 1], [-1, 1])).coefficients;
    expect(saturated).toMatchObject(none);
    expect(saturated?.hc3).toEqual(none);
    // A row of leverage 1 takes HC3 away, and leaves the classic figures.
    const [full] = leastSquares(line([0, 0, 0, 1], [1, 2, 3, 9])).coefficients;
    expect(full?.hc3).toEqual(none);
    expect(Number(full?.standardError)).toAgree(Math.sqrt(1 + 1 / 3), 1e-12);
  });

  it('without an intercept: errors about 0, intervals that close there', () => {
    // b = 61 / 30, rss = 126 - 61^2 / 30.
    const through = leastSquares(line([1, 2, 3, 4], [2, 3, 7, 8]), { intercept: false });
    expect(through.coefficients).toHaveLength(1);
    const sigma = Math.sqrt((126 - 61 ** 2 / 30) / 3);
    expect(Number(through.coefficients[0]?.standardError)).toAgree(sigma / Math.sqrt(30), 1e-12);
    expect(through.leverage).toAgree([1 / 30, 4 / 30, 9 / 30, 16 / 30], 1e-13);
    expect(through.model.intercept).toBe(0);
    const { mean, meanStandardError, low, high } = predictWithIntervals(through.model, featuresOf({ x: [0, 3] }));
    expect(mean).toAgree([0, 6.1], 1e-13);
    expect(meanStandardError).toAgree([0, (3 * sigma) / Math.sqrt(30)], 1e-12);
    expect(high[0] - low[0]).toAgree(2 * tQuantile(0.975, 3) * sigma, 1e-12);
    expect('totalWeight' in (through.model.inference ?? {})).toBe(false);
  });

  it('two slopes: variance inflation is 1 / (1 - r^2)', () => {
    const a = [1, 2, 3, 4, 5, 7];
    const b = [2, 1, 4, 3, 7, 5];
    const { coefficients } = leastSquares(dataset(featuresOf({ a, b }), Float64Array.of(1, 3, 2, 5, 4, 9)));
    const centred = (v: number[]) => v.map((value) => value - v.reduce((s, w) => s + w, 0) / 6);
    const [ca, cb] = [centred(a), centred(b)];
    const product = (u: number[], v: number[]) => u.reduce((s, value, i) => s + value * v[i], 0);
    const r2 = product(ca, cb) ** 2 / (product(ca, ca) * product(cb, cb));
    expect(coefficients.slice(0, 2).map(({ vif }) => Number(vif))).toAgree([1 / (1 - r2), 1 / (1 - r2)], 1e-12);
  });

  it('precision weights enter the likelihood, frequency weights are rows', () => {
    const w = [1, 2, 1, 4];
    const data = line([1, 2, 3, 4], [3, 3, 6, 8], w);
    const precise = leastSquares(data);
    expect(precise.weights).toBe(data.weights);
    const { n, rss } = precise.statistics;
    expect(n).toBe(4);
    expect(rss).toAgree(
      precise.residuals.reduce((sum, e, i) => sum + w[i] * e * e, 0),
      1e-13,
    );
    expect(Number(precise.statistics.logLikelihood)).toAgree(
      -0.5 * (4 * (Math.log((2 * Math.PI * rss) / 4) + 1) - Math.log(8)),
      1e-12,
    );
    const frequent = leastSquares(data, { weightKind: 'frequency' });
    expect(frequent.statistics).toMatchObject({ n: 8, df: 6 });
    expect(Number(frequent.statistics.logLikelihood)).toAgree(-4 * (Math.log((2 * Math.PI * rss) / 8) + 1), 1e-12);
    expect(frequent.model.inference?.totalWeight).toBe(8);
    // A row of weight 0 is none, whatever it says.
    const absent = leastSquares(line([1, 2, 3, 4, 9], [3, 3, 6, 8, -50], [...w, 0]));
    expect(absent.statistics.n).toBe(4);
    expect(Number(absent.statistics.logLikelihood)).toAgree(Number(precise.statistics.logLikelihood), 1e-12);
    expect(absent.leverage[4]).toBe(0);
    expect(leastSquares(line([1, 2, 3, 4], [3, 3, 6, 8]), { weightKind: 'frequency' }).statistics.df).toBe(2);
  });
});

describe('warnings of leastSquares', () => {
  const warned = (fit: LeastSquaresFit) => fit.warnings;

  it('say what is wrong with the figures', () => {
    expect(warned(leastSquares(line([1, 2, 3, 5], [2, 2, 2, 2])))).toEqual([
      {
        code: 'constant-target',
        message: 'The target is the same on every row: r2, F and their p are not defined.',
      },
      {
        code: 'exact-fit',
        message: 'The residuals are rounding errors: standard errors and tests say nothing.',
      },
    ]);
    expect(warned(leastSquares(line([1, 2], [3, 5])))).toEqual([
      {
        code: 'saturated',
        message: 'As many coefficients as rows: the fit passes through every point, and no error can be estimated.',
      },
    ]);
    expect(warned(leastSquares(line([0, 0, 0, 1], [1, 2, 3, 9])))).toEqual([
      {
        code: 'full-leverage',
        message: 'A point has leverage 1: it alone fixes a coefficient, and HC3 errors are not defined.',
      },
    ]);
  });

  it('call a fit exact by the size of its target, not of its weights', () => {
    const codes = (noise: number, w: number) =>
      warned(leastSquares(line([1, 2, 3, 4], [1, 2, 3, 4 + noise], [w, w, w, w]))).map(({ code }) => code);
    expect(codes(0, 1e-9)).toEqual(['exact-fit']);
    expect(codes(1e-12, 1)).toEqual([]);
    expect(codes(1e-12, 1e-9)).toEqual([]);
  });

  it('count the digits that near-collinear columns leave, and name the columns concerned', () => {
    const a = [1, 2, 3, 4, 5, 6];
    const wobble = [1, -1, 0, 0, 1, -1];
    const near = (by: number) =>
      leastSquares(
        dataset(
          featuresOf({ a, near: a.map((v, i) => v + by * wobble[i]), far: [1, 0, 0, 1, 0, 1] }),
          Float64Array.of(1, 3, 2, 5, 4, 9),
        ),
      );
    const fit = near(1e-9);
    const { scaled } = fit.conditionNumber;
    expect(scaled).toBeGreaterThan(1e9);
    expect(fit.warnings).toEqual([
      {
        code: 'near-collinear',
        message:
          `Nearly collinear columns (scaled condition number ${scaled.toExponential(1)}): about ` +
          `${Math.floor(15.9 - Math.log10(scaled))} digits of the coefficients are sure; concerned: a, near.`,
      },
    ]);
    expect(near(1e-6).warnings).toEqual([]);
    expect(near(1e-6).conditionNumber.scaled).toBeLessThan(1e8);
  });

  it('an intercept that is far away is near-collinear without a column to name', () => {
    const fit = leastSquares(line([1e9, 1e9 + 1, 1e9 + 2, 1e9 + 3], [1, 3, 2, 5]));
    expect(fit.warnings).toHaveLength(1);
    expect(fit.warnings[0]?.message).toMatch(/about \d+ digits of the coefficients are sure\.$/);
  });
});

describe('influenceOf', () => {
  const made = (change: object, statistics: object = {}) => {
    const fit = leastSquares(line([1, 2, 3, 4], [3, 3, 6, 8]));
    return influenceOf({ ...fit, ...change, statistics: { ...fit.statistics, ...statistics } });
  };

  it('weighs rows, and leaves rows of weight 0 at 0', () => {
    const weights = Float64Array.of(0, 2, 1, 1);
    const { rssShare, standardised } = made({ weights });
    const e = -1.1;
    expect(rssShare[0]).toBe(0);
    expect(standardised[0]).toBe(0);
    expect(rssShare[1]).toAgree((2 * e * e) / 1.8, 1e-12);
  });

  it('has no residual measure where a row is fitted exactly or nothing is left over', () => {
    const { standardised, cooksDistance, rssShare } = made({ leverage: Float64Array.of(1, 1 - 1e-11, 0.3, 0.7) });
    expect([...standardised.slice(0, 2), ...cooksDistance.slice(0, 2)]).toEqual([0, 0, 0, 0]);
    expect(rssShare[0]).toBeGreaterThan(0);
    expect(standardised[2]).not.toBe(0);
    for (const nothing of [{ rss: 0 }, { df: 0 }]) {
      const all = made({}, nothing);
      expect([...all.standardised, ...all.studentised, ...all.cooksDistance, ...all.rssShare]).toEqual(
        new Array(16).fill(0),
      );
    }
    const single = made({}, { df: 1 });
    expect([...single.studentised]).toEqual([0, 0, 0, 0]);
    expect(single.standardised[0]).not.toBe(0);
  });

  it('holds a row that the others contradict infinitely at the largest number, by its sign', () => {
    const residuals = Float64Array.of(0, -3, 0, 0);
    const leverage = Float64Array.of(0.7, 0.5, 0.3, 0.7);
    // squared = share df / (1 - h) = 1 x 2 / 0.5 > df.
    expect(made({ residuals, leverage }, { rss: 9, df: 2 }).studentised[1]).toBe(-Number.MAX_VALUE);
    expect(made({ residuals: residuals.map((v) => -v), leverage }, { rss: 9, df: 2 }).studentised[1]).toBe(
      Number.MAX_VALUE,
    );
    // Just so much: squared = df.
    expect(made({ residuals, leverage: new Float64Array(4) }, { rss: 9, df: 2 }).studentised[1]).toBe(
      -Number.MAX_VALUE,
    );
  });
});

const linearFrom = (json: unknown) =>
  linearModelOf(validated(json, linearSchema, { code: 'regression/bad-model', path: 'model' }));

describe('what linear fits refuse', () => {
  const data = line([1, 2, 3, 4], [3, 3, 6, 8]);

  it.each([
    ['level', () => leastSquares(data, { level: 0 }), 'must be between 0 and 1', 0],
    ['level', () => leastSquares(data, { level: 1 }), 'must be between 0 and 1', 1],
    ['alpha', () => ridge(data, { alpha: 0 }), 'must be above 0', 0],
    ['alpha', () => ridge(data, { alpha: Infinity }), 'must be above 0', Infinity],
    ['powers.a', () => term({ a: 0 }), 'must be a whole number from 1 to 100', 0],
    ['degree', () => polynomialTerms(['a'], 1.5), 'must be a whole number from 1 to 100', 1.5],
    ['degree', () => polynomialTerms(['a'], 0), 'must be a whole number from 1 to 100', 0],
  ] as const)('%s', (what, run, rule, value) => {
    expect(refusalOf(run)).toMatchObject({ code: 'regression/bad-option', what, rule, value });
  });

  it('terms given twice, too few rows for the coefficients, and no coefficient at all', () => {
    expect(
      refusalOf(() => leastSquares(data, { terms: [term({ x: 2 }), term({ x: 1 }), term({ x: 2 })] })),
    ).toMatchObject({
      code: 'regression/bad-name',
      message: 'terms: must be distinct; got "x^2"',
    });
    const light = line([1, 2, 3], [1, 2, 3], [1, 0, 0]);
    expect(refusalOf(() => leastSquares(light))).toMatchObject({
      code: 'regression/not-enough-rows',
      message: 'rows: must be at least as many as coefficients (2); got 1',
      value: 1,
    });
    expect(leastSquares(light, { intercept: false }).coefficients[0]?.estimate).toAgree(1, 1e-15);
    expect(refusalOf(() => leastSquares(data, { terms: [], intercept: false }))).toMatchObject({
      code: 'regression/not-enough-rows',
      message: 'terms: must be at least one where there is no intercept; got 0',
    });
  });

  it('a product that overflows, with its row', () => {
    const big = dataset(featuresOf({ a: [1, 1e200, 1e200], b: [1, 1e-200, 1e200] }), Float64Array.of(1, 2, 3));
    expect(refusalOf(() => leastSquares(big, { terms: [term({ a: 1, b: 1 })] }))).toMatchObject({
      code: 'regression/bad-column',
      message: 'a*b: must stay finite; got Infinity (row 2)',
      what: 'a*b',
      row: 2,
      value: Number.POSITIVE_INFINITY,
    });
  });

  it('intervals of a model without inference, of no level, of a weight that is none', () => {
    const at = featuresOf({ x: [1, 2] });
    expect(refusalOf(() => predictWithIntervals(ridge(data), at))).toMatchObject({
      code: 'regression/bad-option',
      message: 'model: must carry inference, as least squares with residual degrees of freedom does; got "ridge"',
      what: 'model',
      value: 'ridge',
    });
    const { model } = leastSquares(data);
    for (const level of [0, 1, Number.NaN]) {
      expect(refusalOf(() => predictWithIntervals(model, at, { level }))).toMatchObject({
        code: 'regression/bad-option',
        message: `level: must be between 0 and 1; got ${level}`,
        what: 'level',
        value: level,
      });
    }
    expect(refusalOf(() => predictWithIntervals(model, at, { weights: Float64Array.of(1, 0) }))).toMatchObject({
      code: 'regression/bad-column',
      message: 'weights: must be above 0; got 0 (row 1)',
      what: 'weights',
      row: 1,
      value: 0,
    });
  });
});

describe('terms', () => {
  it('are named by their powers', () => {
    expect(term({ a: 1, b: 2 })).toEqual({
      name: 'a*b^2',
      powers: [
        { feature: 'a', power: 1 },
        { feature: 'b', power: 2 },
      ],
    });
    expect(polynomialTerms(['a', 'b'], 3).map(({ name }) => name)).toEqual([
      'a',
      'b',
      'a^2',
      'a*b',
      'b^2',
      'a^3',
      'a^2*b',
      'a*b^2',
      'b^3',
    ]);
    expect(polynomialTerms(['a', 'b', 'c'], 2, true).map(({ name }) => name)).toEqual([
      'a',
      'b',
      'c',
      'a*b',
      'a*c',
      'b*c',
    ]);
    expect(polynomialTerms(['a', 'b'], 1)).toEqual([term({ a: 1 }), term({ b: 1 })]);
    // The number of monomials of 3 features up to degree 5, less the constant: 8 choose 3, less 1.
    expect(polynomialTerms(['a', 'b', 'c'], 5)).toHaveLength(55);
    expect(polynomialTerms(['__proto__'], 2).map(({ name }) => name)).toEqual(['__proto__', '__proto__^2']);
  });

  it('are products of columns, and a plain feature is its column', () => {
    const table = featuresOf({ a: [2, 3], b: [-1, 5] });
    const [square, plain, both] = termColumns(table, [term({ a: 2 }), term({ b: 1 }), term({ b: 1, a: 3 })]);
    expect([...(square ?? [])]).toEqual([4, 9]);
    expect(plain).toBe(table.columns[1]);
    expect([...(both ?? [])]).toEqual([-8, 135]);
  });
});

describe('ridge by hand', () => {
  const x = [1, 2, 3, 6];
  const y = [2, 1, 5, 8];
  // Sxx = 14, Sxy = 19.
  it('one feature: the slope shrinks by 1 + alpha / n, the means stay', () => {
    for (const [options, alpha] of [
      [{}, 1],
      [{ alpha: 3 }, 3],
    ] as const) {
      const model = ridge(line(x, y), options);
      expect(model.coefficients).toAgree([19 / (14 * (1 + alpha / 4))], 1e-13);
      expect(model.predict(featuresOf({ x: [3] }))).toAgree([4], 1e-13);
      expect(model).toMatchObject({ estimator: 'ridge', hasIntercept: true });
    }
  });

  it('weights count in the means and in n', () => {
    // Weighted by 1, 3, 1, 1: means 16/6 and 18/6; Sxx = 58 - 256/6, Sxy = 71 - 48.
    const model = ridge(line(x, y, [1, 3, 1, 1]), { alpha: 2 });
    expect(model.coefficients).toAgree([23 / ((58 - 256 / 6) * (1 + 2 / 6))], 1e-13);
    expect(model.predict(featuresOf({ x: [16 / 6] }))).toAgree([3], 1e-13);
  });

  it('without an intercept: about 0', () => {
    // Sum x^2 = 50, sum x y = 67.
    const model = ridge(line(x, y), { intercept: false });
    expect(model.coefficients).toAgree([67 / (50 * 1.25)], 1e-13);
    expect(model.intercept).toBe(0);
    expect(model.hasIntercept).toBe(false);
  });

  it('a constant column gets 0', () => {
    const model = ridge(dataset(featuresOf({ x, five: [5, 5, 5, 5] }), Float64Array.from(y)));
    expect(model.coefficients).toAgree([19 / (14 * 1.25), 0], 1e-13);
  });

  it('two features: the penalised normal equations of the standardised columns', () => {
    const b = [4, 0, 1, 3];
    const model = ridge(dataset(featuresOf({ x, b }), Float64Array.from(y)), { alpha: 0.7 });
    const centred = (v: number[]) => v.map((value) => value - v.reduce((s, w) => s + w, 0) / 4);
    const product = (u: number[], v: number[]) => u.reduce((s, value, i) => s + value * v[i], 0);
    const columns = [centred(x), centred(b)];
    const sd = columns.map((c) => Math.sqrt(product(c, c) / 4));
    const slopes = [...model.coefficients];
    columns.forEach((c, j) => {
      const rest = centred(y).map((v, i) => v - columns.reduce((s, d, k) => s + slopes[k] * d[i], 0));
      // Gradient by the standardised coefficient: z'(y - X b) = alpha b sd.
      expect(product(c, rest) / sd[j]).toAgree(0.7 * slopes[j] * sd[j], 1e-11);
    });
  });
});

describe('non-negative least squares by hand', () => {
  const falling = line([1, 2, 3, 4], [4, 3, 2, 1]);

  it('holds an intercept at 0 unless it is free, and names what it holds', () => {
    const flat = nonNegativeLeastSquares(falling);
    expect(flat.heldAtZero).toEqual(['x']);
    expect(flat.model.coefficients[0]).toBe(0);
    expect(flat.model.intercept).toAgree(2.5, 1e-13);
    // y = x - 10 through an intercept at or above 0: both at 0.
    const low = line([1, 2, 3, 4], [-9, -8, -7, -6]);
    const held = nonNegativeLeastSquares(low);
    expect(held.heldAtZero).toEqual(['x', '(intercept)']);
    expect([held.model.coefficients[0], held.model.intercept]).toEqual([0, 0]);
    expect(held.converged).toBe(true);
    expect(held.kktViolation).toBeLessThan(1e-11);
    const free = nonNegativeLeastSquares(low, { intercept: 'free' });
    expect(free.heldAtZero).toEqual([]);
    expect(free.model.coefficients).toAgree([1], 1e-13);
    expect(free.model.intercept).toAgree(-10, 1e-12);
    expect(free.model.hasIntercept).toBe(true);
    const freeFalling = nonNegativeLeastSquares(falling, { intercept: 'free' });
    expect(freeFalling.heldAtZero).toEqual(['x']);
    expect(freeFalling.model.intercept).toAgree(2.5, 1e-13);
  });

  it('without an intercept fits through 0, weighted where rows weigh', () => {
    const { model, heldAtZero } = nonNegativeLeastSquares(falling, { intercept: 'none' });
    expect(model.coefficients).toAgree([20 / 30], 1e-13);
    expect(model).toMatchObject({ estimator: 'non-negative', hasIntercept: false });
    expect(heldAtZero).toEqual([]);
    const weights = [1, 0, 0, 2];
    const weighted = nonNegativeLeastSquares(line([1, 2, 3, 4], [4, 3, 2, 1], weights), { intercept: 'none' });
    expect(weighted.model.coefficients).toAgree([12 / 33], 1e-13);
    const rising = line([1, 2, 3, 4], [2, 9, 0, 8], weights);
    const free = nonNegativeLeastSquares(rising, { intercept: 'free' });
    expect(free.model.coefficients).toAgree([2], 1e-12);
    expect(free.model.intercept).toAgree(0, 0, 1e-12);
    expect(nonNegativeLeastSquares(rising).model.coefficients).toAgree([2], 1e-12);
  });

  it('needs no coefficient for an intercept that is not there', () => {
    expect(nonNegativeLeastSquares(line([2], [4]), { intercept: 'none' }).model.coefficients).toAgree([2], 1e-14);
    expect(() => nonNegativeLeastSquares(line([2], [4]), { intercept: 'free' })).toThrow('coefficients (2); got 1');
  });
});

describe('LinearModel', () => {
  const data = dataset(featuresOf({ a: [1, 2, 3, 5], b: [4, 0, 1, 3] }), Float64Array.of(3, 3, 6, 8));
  const terms = [term({ a: 1 }), term({ a: 1, b: 1 })];
  const { model } = leastSquares(data, { terms });
  const json = throughJSON(model) as Record<string, unknown> & { inference: Record<string, unknown> };

  it('is its value at the centre and slopes from there', () => {
    const [slope, cross] = model.coefficients;
    const value = model.intercept + 10 * Number(slope) + 20 * Number(cross);
    expect(model.predict(featuresOf({ b: [2], a: [10] }))).toAgree([value], 1e-12);
    expect(model.featureNames).toEqual(['a', 'b']);
    expect(model.predict(featuresOf({ a: [10, 2], b: [2, 0], c: [0, 0] }))).toHaveLength(2);
  });

  it('is written with all that its intervals need, and read back', () => {
    expect(json).toMatchObject({
      schema: 'stepclock/regression-model@1',
      kind: 'linear',
      estimator: 'least-squares',
      terms,
      has_intercept: true,
      inference: { df: 1, total_weight: 4 },
    });
    const back = linearFrom(json);
    expect(back).toEqual(model);
    expect(throughJSON(back)).toEqual(json);
    const at = featuresOf({ a: [7], b: [2] });
    expect(predictWithIntervals(back, at)).toEqual(predictWithIntervals(model, at));
    const through = leastSquares(data, { terms, intercept: false }).model;
    expect(modelFromJSON(throughJSON(through))).toEqual(through);
    const plain = throughJSON(ridge(data)) as object;
    expect('inference' in plain).toBe(false);
    expect(modelFromJSON(plain)).toEqual(ridge(data));
  });

  it('has no zero with a sign, which JSON would lose', () => {
    const flat = leastSquares(line([-1, 0, 1], [0, 0, 0])).model;
    expect([...flat.coefficients, ...flat.centre, flat.valueAtCentre].every((v) => Object.is(v, 0))).toBe(true);
    expect(linearFrom({ ...(throughJSON(flat) as object), value_at_centre: -0 }).valueAtCentre).toBe(0);
    const signed = linearFrom({ ...(throughJSON(flat) as object), coefficients: [-0], centre: [-0] });
    expect([signed.coefficients[0], signed.centre[0]]).toEqual([0, 0]);
    const inference = { sigma: 1, df: 1, factor: [[-0]] };
    expect(linearFrom({ ...(throughJSON(flat) as object), inference }).inference?.factor[0]?.[0]).toBe(0);
  });

  it.each([
    [
      { estimator: 'guess' },
      'model.estimator: must be one of least-squares, ridge, non-negative, huber, ransac; got "guess"',
    ],
    [{ coefficients: [1] }, 'model.coefficients: must be one a term; got an array of 1'],
    [{ centre: [1, 2, 3] }, 'model.centre: must be one a term; got an array of 3'],
    [{ value_at_centre: '1' }, 'model.value_at_centre: must be a finite number; got "1"'],
    [{ has_intercept: 1 }, 'model.has_intercept: must be true or false; got 1'],
    [
      { terms: [{ name: 'a', powers: [{ feature: 'a', power: 0.5 }] }] },
      'model.terms[0].powers[0].power: must be a number from 1 to 100; got 0.5',
    ],
    [{ terms: [{ name: 1, powers: [] }] }, 'model.terms[0].name: must be a text; got 1'],
    [
      { terms: [{ name: 'a', powers: [{ power: 1 }] }] },
      'model.terms[0].powers[0].feature: must be given; got nothing',
    ],
    [
      { inference: { ...json.inference, sigma: null } },
      'model.inference.sigma: must be a number of at least 0; got null',
    ],
    [{ inference: { ...json.inference, df: 'a' } }, 'model.inference.df: must be a number above 0; got "a"'],
    [
      { inference: { ...json.inference, total_weight: 'a' } },
      'model.inference.total_weight: must be a number above 0; got "a"',
    ],
    [
      { inference: { ...json.inference, factor: [[1, 2], [3]] } },
      'model.inference: must have a factor of one row and one column a term; got an object',
    ],
  ])('refuses %j', (change, message) => {
    expect(refusalOf(() => linearFrom({ ...json, ...change })).message).toBe(message);
  });

  it('refuses terms of other features and a factor of another height', () => {
    const others = [
      {
        name: 'a*z',
        powers: [
          { feature: 'a', power: 1 },
          { feature: 'z', power: 1 },
        ],
      },
    ];
    expect(refusalOf(() => linearFrom({ ...json, terms: others })).message).toContain(
      'model.terms: must use the features of training_range',
    );
    const short = { ...json.inference, factor: [[1, 2]] };
    expect(refusalOf(() => linearFrom({ ...json, inference: short })).message).toContain(
      'model.inference: must have a factor of one row and one column a term',
    );
  });
});
