import { termsNamed } from '@stepclock/step-cost';
import { describe, expect, it } from 'vitest';
import { betasFileOf, betasOfFile, intervalsOfFile, parseBetasFile } from '../src/index.js';

const estimate = {
  algo: 'iterative',
  betas: { beta0: 0.006, beta1: 2e-5, beta2: 1.2e-4 },
  diagnostics: { mean_A_pf_tokens: 3, deltaBetaL2: 1 },
  history: { rmseSeconds: Float64Array.of(1, 2) },
  gone: undefined,
};

const json = (value: unknown) => JSON.parse(JSON.stringify(value));

describe('a betas file', () => {
  it('has snake_case, arrays for typed arrays, its terms beside the betas, and nothing of what is undefined', () => {
    expect(json(betasFileOf(estimate))).toEqual({
      schema: 'stepclock/betas@2',
      algo: 'iterative',
      betas: { beta0: 0.006, beta1: 2e-5, beta2: 1.2e-4 },
      terms: [
        { name: 'step', unit: 's/step', value: 0.006, interval: null },
        { name: 'prefill_tokens', unit: 's/token', value: 2e-5, interval: null },
        { name: 'decode_seqs', unit: 's/token', value: 1.2e-4, interval: null },
      ],
      covariance: null,
      intervals: null,
      diagnostics: { mean_A_pf_tokens: 3, delta_beta_l2: 1 },
      history: { rmse_seconds: [1, 2] },
    });
  });

  it('has further terms under their own names, intervals and covariance in the order of the terms', () => {
    const covariance = [
      [1e-12, 0, 0, 0],
      [0, 1e-14, 0, 0],
      [0, 0, 4e-10, 1e-12],
      [0, 0, 1e-12, 9e-8],
    ];
    const file = betasFileOf({
      algo: 'steps',
      model: 'auto',
      // Not in the catalogue's order.
      betas: { beta2: 1e-4, prefill_step: -0.004, beta1: 2e-5, beta0: 0.006 },
      options: { level: 0.9, terms: termsNamed(['step', 'prefill_step']) },
      intervals: {
        level: 0.9,
        covariance,
        byLabel: { beta0: [0.005, 0.007], beta1: null, prefill_step: [-0.005, -0.003] },
        ...{ blocks: 20, wholeSteps: true },
      },
    });
    expect(json(file)).toEqual({
      schema: 'stepclock/betas@2',
      algo: 'steps',
      model: 'auto',
      betas: { beta0: 0.006, beta1: 2e-5, beta2: 1e-4 },
      terms: [
        { name: 'step', unit: 's/step', value: 0.006, interval: [0.005, 0.007] },
        { name: 'prefill_tokens', unit: 's/token', value: 2e-5, interval: null },
        { name: 'decode_seqs', unit: 's/token', value: 1e-4, interval: null },
        { name: 'prefill_step', unit: 's/step', value: -0.004, interval: [-0.005, -0.003] },
      ],
      covariance,
      options: { level: 0.9 },
      intervals: { level: 0.9, beta0: [0.005, 0.007], blocks: 20, whole_steps: true },
    });
    const again = parseBetasFile(JSON.stringify(file), 'b.json');
    expect(again).toEqual(file);
    expect(betasOfFile(again)).toEqual({ beta0: 0.006, beta1: 2e-5, beta2: 1e-4, prefill_step: -0.004 });
    expect(intervalsOfFile(again)).toEqual({
      beta0: [0.005, 0.007],
      beta1: null,
      beta2: null,
      prefill_step: [-0.005, -0.003],
    });
  });

  it('is refused where an estimate has no number, or a term that nobody knows', () => {
    expect(() => betasFileOf({ algo: 'x', betas: { beta0: Number.NaN } })).toThrow('beta0: must be a finite number');
    expect(() => betasFileOf({ algo: 'x', betas: { warp: 1 } })).toThrow('term: must be one of step');
  });

  it('reaches into lists and objects, keeps null, and leaves names with an underscore alone', () => {
    const rows = [{ meanStepsPerPhase: 1, gone: undefined }, null, 'textStays', [Float64Array.of(2)]];
    const written = betasFileOf({ ...estimate, ...{ rows, nothing: null } });
    expect(written).toMatchObject({ nothing: null, diagnostics: { mean_A_pf_tokens: 3, delta_beta_l2: 1 } });
    expect(written.rows).toStrictEqual([{ mean_steps_per_phase: 1 }, null, 'textStays', [[2]]]);
  });

  it('of version 1 is read for ever: its coefficients are the first terms', () => {
    const old = {
      schema: 'stepclock/betas@1',
      algo: 'step-clock',
      model: 'kv',
      betas: { beta0: 0, beta1: 1e-5, beta2: 0, beta3: 1e-7 },
      intervals: {
        level: 0.95,
        beta0: [0, 1e-3],
        beta1: [0, 2e-5],
        beta2: [0, 0],
        beta3: [0, 2e-7],
        covariance: [0, 1e-12, 0, 1e-16].map((variance, i) => [0, 1, 2, 3].map((j) => (i === j ? variance : 0))),
        blocks: 40,
      },
      clock: { steps: 7 },
    };
    const { covariance, ...intervals } = old.intervals;
    expect(parseBetasFile(`\uFEFF${JSON.stringify(old)}`, 'old.json')).toEqual({
      ...old,
      schema: 'stepclock/betas@2',
      terms: [
        { name: 'step', unit: 's/step', value: 0, interval: [0, 1e-3] },
        { name: 'prefill_tokens', unit: 's/token', value: 1e-5, interval: [0, 2e-5] },
        { name: 'decode_seqs', unit: 's/token', value: 0, interval: [0, 0] },
        { name: 'context_tokens', unit: 's/token', value: 1e-7, interval: [0, 2e-7] },
      ],
      covariance,
      intervals,
    });
    const published = { schema: 'stepclock/betas@1', algo: 'baseline', betas: estimate.betas };
    expect(parseBetasFile(JSON.stringify(published), 'old.json')).toMatchObject({ intervals: null, covariance: null });
  });
});

describe('a broken betas file', () => {
  const old = (change: object) => ({ schema: 'stepclock/betas@1', algo: 'a', betas: estimate.betas, ...change });
  const good = json(
    betasFileOf({
      algo: 'steps',
      betas: { beta0: 0.006, beta1: 2e-5, beta2: 1e-4, prefill_step: -0.004 },
      intervals: {
        level: 0.9,
        byLabel: {},
        covariance: [1e-8, 1e-14, 1e-12, 1e-10].map((v, i) => [0, 1, 2, 3].map((j) => (i === j ? v : 0))),
      },
    }),
  );
  const term = (i: number, change: object) => ({
    ...good,
    terms: good.terms.map((t: object, j: number) => (i === j ? { ...t, ...change } : t)),
  });
  const covariance = (i: number, j: number, value: number) => ({
    ...good,
    covariance: good.covariance.map((row: number[], a: number) => row.map((v, b) => (a === i && b === j ? value : v))),
  });

  it.each<[string | object, string]>([
    ['no', 'model file: must be a betas file as \'stepclock estimate --json\' writes it; got "no" (b.json'],
    ['null', 'model file: must be a betas file'],
    ['[]', 'model file: must be a betas file'],
    ['{"s\0', 'encoding: must be UTF-8; got "UTF-16 or binary"'],
    [{}, 'schema: must be "stepclock/betas@2"; got nothing (b.json)'],
    [{ schema: 'stepclock/betas@3' }, 'schema: must be "stepclock/betas@2"; got "stepclock/betas@3" (b.json): a newer'],
    [{ schema: 'stepclock/step-time@1' }, 'schema: must be "stepclock/betas@2"; got "stepclock/step-time@1"'],
    [old({ betas: [1] }), 'betas.beta0: must be given; got nothing'],
    [old({ betas: 7 }), 'betas: must be an object; got 7'],
    [old({ betas: { beta0: 1, beta1: '2', beta2: 3 } }), 'betas.beta1: must be a number from 0 to 1000000; got "2"'],
    [old({ betas: { beta0: -1, beta1: 2, beta2: 3 } }), 'betas.beta0: must be a number from 0 to 1000000; got -1'],
    ['{"schema":"stepclock/betas@1","algo":"a","betas":{"beta0":1e999}}', 'betas.beta0: must be a number from 0 to'],
    [old({ intervals: { level: 2 } }), 'intervals.level: must be a number between 0 and 1; got 2'],
    [old({ intervals: { level: 0.5, beta1: [2, 1] } }), 'intervals.beta1: must be a pair of numbers [low, high], low'],
    [old({ intervals: { level: 0.5, covariance: [[1]] } }), 'covariance: must have 3 rows, one a term; got 1'],
    [
      old({ identifiability: { compositions: { decode_seqs: [1, -1] } } }),
      'identifiability.compositions.decode_seqs[1]',
    ],
    [old({ input: { settings: { max_num_seqs: 'many' } } }), 'input.settings.max_num_seqs: must be a number from 1'],
    [{ ...good, terms: [] }, 'terms: must have a term'],
    [{ ...good, terms: 7 }, 'terms: must be an array of terms; got 7'],
    [{ ...good, covariance: undefined }, 'covariance: must be given'],
    [{ ...good, policy: 'lifo' }, "policy: must be 'mixed' or 'prefill-first'; got \"lifo\""],
    [{ ...good, overhead: { seconds: null } }, 'overhead.seconds: must be a number from 0'],
    [{ ...good, limits: { max_num_seqs: 0 } }, 'limits.max_num_seqs: must be a number from 1'],
    [term(1, { name: 'warp' }), 'terms[1].name: must be a term of the catalogue; got "warp"'],
    [term(1, { unit: 'ms' }), 'terms[1].unit: must be s/token, the unit of prefill_tokens; got "ms"'],
    [term(3, { name: 'step' }), 'terms[3].name: must not stand twice; got "step"'],
    [term(3, { value: '1' }), 'terms[3].value: must be a number from -1000000 to 1000000; got "1"'],
    [term(2, { value: -1e-9 }), 'terms[2].value: must be a number of seconds of at least 0; got -1e-9'],
    [term(2, { value: 1 }), 'betas.beta2: must be terms[2].value, 1; got 0.0001'],
    [term(2, { interval: 3 }), 'terms[2].interval: must be a pair of numbers [low, high]'],
    [{ ...good, intervals: { level: 0.9, beta0: [0, 1] } }, 'intervals.beta0: must be terms[0].interval; got "0 to 1"'],
    [{ ...good, terms: term(0, { interval: [0, 1] }).terms, intervals: null }, 'terms[0].interval: must be null where'],
    [{ ...good, betas: { ...good.betas, beta3: 1 } }, 'betas.beta3: must be 0, for it is none of the terms; got 1'],
    [{ ...good, covariance: good.covariance.slice(1) }, 'covariance: must have 4 rows, one a term; got 3'],
    [{ ...good, covariance: [[1], [1], [1], [1]] }, 'covariance[0]: must have 4 numbers; got 1'],
    [covariance(1, 1, -1), 'covariance[1][1]: must be a variance of at least 0; got -1'],
    [covariance(0, 1, 1e-12), 'covariance[0][1]: must be the covariance of two terms with these variances; got 1e-12'],
    [covariance(0, 0, Number.NaN), 'covariance[0][0]: must be a number'],
  ])('%j is refused with the path of its field', (content, message) => {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    expect(() => parseBetasFile(text, 'b.json')).toThrow(
      expect.objectContaining({
        name: 'Fault',
        code: 'step-model/bad-betas-file',
        file: 'b.json',
        message: expect.stringContaining(message),
      }),
    );
  });
});
