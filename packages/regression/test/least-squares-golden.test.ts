import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { featuresOf, influenceOf, leastSquares, predictWithIntervals } from '../src/index.js';
import { fourTerms, reference, stepTimes } from './step-time-fixture.js';

describe.each(['with_outlier', 'without_outlier'] as const)('least squares against statsmodels, %s', (kind) => {
  const { OLS } = reference[kind];
  const fit = leastSquares(stepTimes(kind), { terms: fourTerms });

  it('agrees on coefficients, classic and HC3 errors, t, p and intervals', () => {
    Object.entries(OLS.coef).forEach(([name, want], j) => {
      const got = fit.coefficients[j];
      expect(got?.estimate).toAgree(want.value, 1e-10);
      expect(got?.standardError as number).toAgree(want.se, 1e-10);
      expect(got?.t as number).toAgree(want.t, 1e-10);
      expect(got?.p as number).toAgree(want.p, 1e-7, 1e-300);
      expect(got?.interval as unknown as number[]).toAgree(want.ci95, 1e-10);
      expect(got?.hc3.standardError as number).toAgree(OLS.coef_HC3_se[name], 1e-10);
    });
  });

  it('agrees on the figures of the whole fit', () => {
    const { statistics, conditionNumber } = fit;
    expect(statistics.r2 as number).toAgree(OLS.R2 as number, 1e-12);
    expect(statistics.adjustedR2 as number).toAgree(OLS.adj_R2 as number, 1e-12);
    expect(statistics.fStatistic as number).toAgree(OLS.F_statistic_statsmodels as number, 1e-9);
    expect(statistics.fPValue as number).toAgree(OLS.F_pvalue as number, 1e-7, 1e-300);
    expect(statistics.sigma as number).toAgree(OLS.sigma_hat as number, 1e-10);
    expect(statistics.aic as number).toAgree(OLS.AIC as number, 1e-10);
    expect(statistics.bic as number).toAgree(OLS.BIC as number, 1e-10);
    expect(conditionNumber.raw).toAgree(OLS.cond_number as number, 1e-8);
  });

  it('agrees on confidence and prediction intervals', () => {
    const at = featuresOf({
      batch_size: OLS.predictions.map((p) => p.batch_size),
      sequence_length: OLS.predictions.map((p) => p.sequence_length),
    });
    const got = predictWithIntervals(fit.model, at);
    OLS.predictions.forEach((want, i) => {
      expect(got.mean[i]).toAgree(want.mean, 1e-10);
      expect(got.meanStandardError[i]).toAgree(want.mean_se, 1e-9);
      expect([got.meanLow[i], got.meanHigh[i]]).toAgree(want.mean_ci95, 1e-10);
      expect([got.low[i], got.high[i]]).toAgree(want.pred_int95, 1e-10);
    });
  });
});

it('one row carries 99.6 % of the residual sum of squares, and its influence says what a fit without it shows', () => {
  const data = stepTimes('with_outlier');
  const fit = leastSquares(data, { terms: fourTerms });
  const { rssShare, studentised } = influenceOf(fit);
  const worst = rssShare.indexOf(Math.max(...rssShare));
  expect(data.target[worst]).toBeGreaterThan(280);
  expect(rssShare[worst]).toAgree(0.99564, 1e-4);
  // Deleted residual over the other rows' sigma: e / (sigma_(i) sqrt(1 - h)).
  const without = leastSquares(stepTimes('without_outlier'), { terms: fourTerms });
  const h = fit.leverage[worst];
  expect(studentised[worst]).toAgree(
    fit.residuals[worst] / ((without.statistics.sigma as number) * Math.sqrt(1 - h)),
    1e-9,
  );
});
