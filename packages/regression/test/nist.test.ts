import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { dataset, featuresOf, leastSquares, polynomialTerms } from '../src/index.js';

/**
 * Certified values of the NIST Statistical Reference Datasets, linear regression (https://www.itl.nist.gov/div898/strd/, public domain).
 * Longley: employment from six economic series, nearly collinear. Wampler: quintics on x = 0 .. 20.
 */
const LONGLEY = `83.0 234289 2356 1590 107608 1947 60323
88.5 259426 2325 1456 108632 1948 61122
88.2 258054 3682 1616 109773 1949 60171
89.5 284599 3351 1650 110929 1950 61187
96.2 328975 2099 3099 112075 1951 63221
98.1 346999 1932 3594 113270 1952 63639
99.0 365385 1870 3547 115094 1953 64989
100.0 363112 3578 3350 116219 1954 63761
101.2 397469 2904 3048 117388 1955 66019
104.6 419180 2822 2857 118734 1956 67857
108.4 442769 2936 2798 120445 1957 68169
110.8 444546 4681 2637 121950 1958 66513
112.6 482704 3813 2552 123366 1959 68655
114.2 502601 3931 2514 125368 1960 69564
115.7 518173 4806 2572 127852 1961 69331
116.9 554894 4007 2827 130081 1962 70551`
  .split('\n')
  .map((line) => line.split(' ').map(Number));

describe('NIST reference data', () => {
  it('Longley to nine digits and more', () => {
    const names = ['deflator', 'gnp', 'unemployed', 'armed', 'population', 'year'];
    const features = Object.fromEntries(names.map((name, j) => [name, LONGLEY.map((row) => row[j])]));
    const target = Float64Array.from(LONGLEY, (row) => row[6]);
    const { coefficients, statistics, conditionNumber } = leastSquares(dataset(featuresOf(features), target));
    expect(coefficients.map((c) => c.estimate)).toAgree(
      [
        15.0618722713733, -0.035819179292591, -2.02022980381683, -1.03322686717359, -0.0511041056535807,
        1829.15146461355, -3482258.63459582,
      ],
      1e-9,
    );
    expect(coefficients.map((c) => c.standardError as number)).toAgree(
      [
        84.9149257747669, 0.0334910077722432, 0.488399681651699, 0.214274163161675, 0.22607320006937, 455.478499142212,
        890420.383607373,
      ],
      1e-9,
    );
    expect(statistics.r2 as number).toAgree(0.995479004577296, 1e-13);
    expect(statistics.sigma as number).toAgree(304.854073561965, 1e-11);
    expect(statistics.fStatistic as number).toAgree(330.285339234588, 1e-10);
    expect(conditionNumber.raw).toBeGreaterThan(4e9);
  });

  it.each([
    ['Wampler1', 1],
    ['Wampler2', 0.1],
  ])('%s: a quintic, exact', (_name, ratio) => {
    const x = Float64Array.from({ length: 21 }, (_, i) => i);
    const y = x.map((v) => [0, 1, 2, 3, 4, 5].reduce((sum, k) => sum + (ratio * v) ** k, 0));
    const fit = leastSquares(dataset(featuresOf({ x }), y), { terms: polynomialTerms(['x'], 5) });
    const want = [1, 2, 3, 4, 5].map((k) => ratio ** k);
    expect(fit.coefficients.slice(0, 5).map((c) => c.estimate)).toAgree(want, 1e-7);
    expect(fit.coefficients[5]?.estimate).toAgree(1, 1e-8);
  });
});
