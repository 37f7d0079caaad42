import { describe, expect, it } from 'vitest';
import { betasFileOf, parseBetasFile } from '../src/betas-file.js';
import { StepModelError } from '../src/index.js';

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

  it('reaches into lists and objects, keeps null, and leaves names with an underscore alone', () => {
    const written = betasFileOf({
      ...estimate,
      betas: { beta0: 1, beta1: 0, beta2: 0 },
      ...{ rows: [{ meanStepsPerPhase: 1, gone: undefined }, null, 'textStays', [Float64Array.of(2)]], nothing: null },
    });
    expect(written).toMatchObject({
      rows: [{ mean_steps_per_phase: 1 }, null, 'textStays', [[2]]],
      nothing: null,
      diagnostics: { mean_A_pf_tokens: 3, delta_beta_l2: 1 },
    });
    expect(Object.keys((written as unknown as { rows: object[] }).rows[0])).toEqual(['mean_steps_per_phase']);
    expect(written).not.toHaveProperty('intervals');
  });

  const withBetas = (betas: string) => `{"schema":"stepclock/betas@1","betas":${betas}}`;

  it('takes coefficients of 0, a model without context, and fields that it does not know', () => {
    const text = '{"schema":"stepclock/betas@1","algo":"steps","betas":{"beta0":0,"beta1":0,"beta2":0},"more":[1]}';
    expect(parseBetasFile(text, 'b.json')).toEqual(JSON.parse(text));
    expect(parseBetasFile(withBetas('{"beta0":0,"beta1":0,"beta2":0,"beta3":0}'), 'b.json').betas.beta3).toBe(0);
  });

  it.each<[string, string, unknown]>([
    [
      'x'.repeat(40),
      `betas file: must be JSON as 'stepclock estimate --json' writes it; got '${'x'.repeat(30)}...'`,
      `${'x'.repeat(30)}...`,
    ],
    ['null', 'betas file: must be one JSON object; got null', null],
    ['3', 'betas file: must be one JSON object; got 3', 3],
    ['{"schema":1}', 'schema: must be "stepclock/betas@1"; got 1', 1],
    [
      '{"schema":"xstepclock/betas@1"}',
      'schema: must be "stepclock/betas@1"; got \'xstepclock/betas@1\'',
      'xstepclock/betas@1',
    ],
    [
      '{"schema":"stepclock/betas@1x"}',
      'schema: must be "stepclock/betas@1"; got \'stepclock/betas@1x\'',
      'stepclock/betas@1x',
    ],
    [
      '{"schema":"stepclock/betas@x"}',
      'schema: must be "stepclock/betas@1"; got \'stepclock/betas@x\'',
      'stepclock/betas@x',
    ],
    [
      '{"schema":"stepclock/betas@12"}',
      'schema: must be "stepclock/betas@1"; a newer stepclock wrote this file; got \'stepclock/betas@12\'',
      'stepclock/betas@12',
    ],
    [withBetas('[1]'), 'betas: must be an object of coefficients; got [1]', [1]],
    [withBetas('{"beta0":1,"beta1":2}'), 'betas.beta2: must be a number of seconds >= 0; got undefined', undefined],
    [
      withBetas('{"beta0":1e999,"beta1":2,"beta2":3}'),
      'betas.beta0: must be a number of seconds >= 0; got Infinity',
      Number.POSITIVE_INFINITY,
    ],
    [
      withBetas('{"beta0":1,"beta1":2,"beta2":3,"beta3":-1e-9}'),
      'betas.beta3: must be a number of seconds >= 0; got -1e-9',
      -1e-9,
    ],
  ])('refuses %s with its value and its file', (text, message, value) => {
    expect(() => parseBetasFile(text, 'b.json')).toThrow(
      expect.objectContaining({
        name: 'StepModelError',
        code: 'step-model/bad-betas-file',
        message: `${message} (b.json)`,
        value,
        file: 'b.json',
      }),
    );
  });
});

describe('an error of this package', () => {
  it.each<[unknown, string]>([
    ['text', "'text'"],
    [undefined, 'undefined'],
    [{ a: 1 }, '{"a":1}'],
    ['y'.repeat(58), `'${'y'.repeat(58)}'`],
    ['y'.repeat(59), `'${'y'.repeat(56)}...`],
  ])('shows %j in at most 60 signs', (value, shown) => {
    const error = new StepModelError('step-model/test', { what: 'this', rule: 'must be that', value });
    expect([error.message, error.name, error.file, error.value]).toEqual([
      `this: must be that; got ${shown}`,
      'StepModelError',
      undefined,
      value,
    ]);
  });
});
