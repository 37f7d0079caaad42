import { describe, expect, it } from 'vitest';
import { betasFileOf, parseBetasFile } from '../src/betas-file.js';

const estimate = {
  algo: 'iterative',
  betas: { beta0: 0.006, beta1: 2e-5, beta2: 1.2e-4 },
  diagnostics: { mean_A_pf_tokens: 3, deltaBetaL2: 1 },
  history: { rmseSeconds: Float64Array.of(1, 2) },
  intervals: undefined,
};

describe('betas file', () => {
  it('uses snake_case, arrays for typed arrays, and leaves out what is undefined', () => {
    expect(JSON.parse(JSON.stringify(betasFileOf(estimate)))).toEqual({
      schema: 'stepclock/betas@1',
      algo: 'iterative',
      betas: { beta0: 0.006, beta1: 2e-5, beta2: 1.2e-4 },
      diagnostics: { mean_A_pf_tokens: 3, delta_beta_l2: 1 },
      history: { rmse_seconds: [1, 2] },
    });
  });

  it('reads back what it wrote', () => {
    const text = JSON.stringify(betasFileOf(estimate));
    expect(parseBetasFile(text, 'b.json').betas).toEqual(estimate.betas);
  });

  it.each([
    ['no', /betas file: must be JSON as 'stepclock estimate --json' writes it; got 'no\.\.\.' \(b\.json\)/],
    ['[]', /betas file: must be one JSON object; got \[\]/],
    ['{}', /schema: must be "stepclock\/betas@1"; got undefined/],
    ['{"schema":"stepclock/betas@2"}', /a newer stepclock wrote this file/],
    ['{"schema":"stepclock/betas@1"}', /betas: must be an object of coefficients/],
    [
      '{"schema":"stepclock/betas@1","betas":{"beta0":1,"beta1":"2","beta2":3}}',
      /betas\.beta1: must be a number of seconds >= 0; got '2'/,
    ],
    ['{"schema":"stepclock/betas@1","betas":{"beta0":-1,"beta1":2,"beta2":3}}', /betas\.beta0: .*got -1/],
    ['{"schema":"stepclock/betas@1","betas":{"beta0":1,"beta1":2,"beta2":3,"beta3":null}}', /betas\.beta3: .*got null/],
  ])('refuses %s', (text, message) => {
    expect(() => parseBetasFile(text, 'b.json')).toThrow(message);
  });
});
