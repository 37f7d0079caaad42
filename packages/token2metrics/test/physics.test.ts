import '@stepclock/vitest-matchers';
import { seededRandom } from '@stepclock/numerics';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { predictorSchema } from '../src/model/predictor-schema.js';
import { fitPhysics, relativeWeights } from '../src/regressors/fit-physics.js';
import { paddedPrompt, physicsColumns, physicsPredictor } from '../src/regressors/physics.js';
import { holdsInsideOnly } from '../src/regressors/regressors.js';
import { inputOf, outputOf, tokensOf } from '../src/regressors/tokens.js';

const CONTEXT = 'O*I + O*(O-1)/2';
const rowsOf = (rows: readonly (readonly [input: number, output: number])[]) =>
  tokensOf(
    rows.map(([input]) => input),
    rows.map(([, output]) => output),
  );
/** Six requests, in the tiles 1, 1, 2, 3, 4 and 7 of 100 tokens. */
const REQUESTS = [
  [60, 7],
  [100, 40],
  [101, 3],
  [250, 90],
  [400, 11],
  [650, 200],
] as const;
/** 2 + P/100 + (P/100)^2 / 4 + O/10 + (O I + O (O - 1) / 2) / 1e5, written out with the padded prompts by hand. */
const TRUTH = [2, 0.01, 0.000025, 0.1, 1e-5];
const PROMPTS = [100, 100, 200, 300, 400, 700];
const valuesOf = ([c, p, p2, o, x]: readonly number[]) =>
  Float64Array.from(REQUESTS, ([input, output], k) => {
    const prompt = PROMPTS[k] ?? 0;
    return (
      (c ?? 0) +
      (p ?? 0) * prompt +
      (p2 ?? 0) * prompt * prompt +
      (o ?? 0) * output +
      (x ?? 0) * (output * input + (output * (output - 1)) / 2)
    );
  });

describe('token features', () => {
  it('are found by name, whatever their order', () => {
    const both = tokensOf([1, 2], [3, 4]);
    expect(both.names).toEqual(['input_tokens', 'output_tokens']);
    expect([...(inputOf(both) ?? [])]).toEqual([1, 2]);
    expect([...(outputOf(both) ?? [])]).toEqual([3, 4]);
    expect([
      ...(inputOf({
        length: 1,
        names: ['output_tokens', 'input_tokens'],
        columns: [Float64Array.of(8), Float64Array.of(9)],
      }) ?? []),
    ]).toEqual([9]);
    expect(tokensOf([5]).names).toEqual(['input_tokens']);
    expect(outputOf(tokensOf([5]))).toBeUndefined();
  });

  it('are outside of what trees know, and of nothing else', () => {
    expect(['random-forest', 'gradient-boosting', 'physics', 'linear', 'polynomial'].map(holdsInsideOnly)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('physicsColumns', () => {
  it('pads prompts up to whole tiles', () => {
    expect([1, 127, 128, 129, 256, 257].map((input) => paddedPrompt(input, 128))).toEqual([
      128, 128, 128, 256, 256, 384,
    ]);
    expect(paddedPrompt(77, 1)).toBe(77);
  });

  it('sums the context of every decoded token: I + (I + 1) + ... + (I + O - 1)', () => {
    const columns = physicsColumns(
      rowsOf([
        [129, 10],
        [4, 1],
        [7, 3],
      ]),
      128,
    );
    expect(columns.map((column) => [...column])).toEqual([
      [1, 1, 1],
      [256, 128, 128],
      [65536, 16384, 16384],
      [10, 1, 3],
      [Array.from({ length: 10 }, (_, k) => 129 + k).reduce((a, b) => a + b), 4, 7 + 8 + 9],
    ]);
  });

  it('has nothing to decode without output tokens', () => {
    expect(physicsColumns(tokensOf([3, 130]), 128).map((column) => [...column])).toEqual([
      [1, 1],
      [128, 256],
      [16384, 65536],
      [0, 0],
      [0, 0],
    ]);
  });
});

describe('physicsPredictor', () => {
  const predictor = physicsPredictor({ coefficients: Float64Array.of(1, 2, 3, 5, 7), padding: 4, dropped: ['x'] });

  it('adds the terms up', () => {
    // P = 4 and 8; context 3 + 4 = 7 and 5.
    expect([
      ...predictor.predict(
        rowsOf([
          [3, 2],
          [5, 1],
        ]),
      ),
    ]).toEqual([1 + 2 * 4 + 3 * 16 + 5 * 2 + 7 * 7, 1 + 2 * 8 + 3 * 64 + 5 * 1 + 7 * 5]);
  });

  it('goes on beyond the longest prompt with the slopes that it is told', () => {
    const far = physicsPredictor({
      coefficients: Float64Array.of(1, 2, -1, 5, 7),
      padding: 4,
      beyond: { prompt: 8, slope: 0.5, square: 0.25 },
    });
    // P = 8: the polynomial itself. P = 12: what it was at 8, and 0.5 x 4 + 0.25 x (144 - 64).
    expect([...far.predict(tokensOf([8, 9]))]).toEqual([1 + 16 - 64, 1 + 16 - 64 + 2 + 20]);
  });

  it('may move between two requests by what its covariance leaves open', () => {
    const covariance = Array.from({ length: 5 }, (_, j) =>
      Array.from({ length: 5 }, (__, k) => (j === 1 && k === 1 ? 0.04 : 0)),
    );
    const open = physicsPredictor({ coefficients: new Float64Array(5), padding: 4, openness: { covariance, df: 3 } });
    expect(predictor.spread(tokensOf([4]), tokensOf([12]))).toBeUndefined();
    expect(open.spread(tokensOf([4, 4]), tokensOf([12, 4]))).toEqual({ df: 3, sd: Float64Array.of(0.2 * 8, 0) });
  });

  it('writes itself down, and is read again', () => {
    const open = fitPhysics(tokensOf([60, 101, 250, 400, 500, 700]), Float64Array.of(1, 2, 3, 4, 5.1, 7.3), 100);
    for (const own of [predictor, open]) {
      const json = JSON.parse(JSON.stringify(own));
      expect(v.parse(predictorSchema, json).toJSON()).toEqual(json);
    }
    expect(predictor.toJSON()).toMatchObject({
      form: 'physics',
      coefficients: [1, 2, 3, 5, 7],
      dropped: ['x'],
      df: null,
    });
    expect(v.parse(predictorSchema, JSON.parse(JSON.stringify(open))).predict(tokensOf([90, 5000]))).toEqual(
      open.predict(tokensOf([90, 5000])),
    );
  });
});

describe('prompts beyond those trained on', () => {
  const truth = (prompt: number) => 0.05 + 4e-4 * prompt + 4e-8 * prompt ** 2;
  const ttftOf = (prompts: readonly number[], noise = 0.02) => {
    const random = seededRandom(3, 'beyond');
    return fitPhysics(
      tokensOf(prompts),
      Float64Array.from(prompts, (prompt) => truth(prompt) * (1 + noise * (random() - 0.5))),
      1,
      'ttft',
    );
  };

  it('go on with a quadratic part that is shrunk, and never negative', () => {
    const short = ttftOf([50, 100, 150, 200, 250, 300]);
    expect(short.beyond?.prompt).toBe(300);
    for (const square of [0, short.beyond?.square ?? -1]) expect(square).toBeGreaterThanOrEqual(0);
    expect(short.predict(tokensOf([1200]))).toAgree([truth(1200)], 0.12);
    // A roof: the polynomial bends down, what goes on beyond does not.
    const prompts = [100, 200, 300, 400, 500, 600];
    const roof = fitPhysics(
      tokensOf(prompts),
      Float64Array.from(prompts, (prompt) => 1 - ((prompt - 600) / 700) ** 2),
      1,
      'ttft',
    );
    expect(roof.coefficients[2]).toBeLessThan(0);
    expect(roof.beyond?.square).toBe(0);
    expect(roof.predict(tokensOf([2400]))[0]).toBeGreaterThan(roof.predict(tokensOf([600]))[0]);
  });

  it('widen the spread with the distance, more where fewer settings tell, however often they were repeated', () => {
    const few = ttftOf([100, 200, 300, 400]);
    const repeated = ttftOf([100, 200, 300, 400].flatMap((prompt) => new Array(25).fill(prompt)));
    const many = ttftOf(Array.from({ length: 40 }, (_, k) => 10 * (k + 1)));
    const spreadOf = (fit: typeof few, prompt: number) => fit.spread(tokensOf([400]), tokensOf([prompt]))?.sd[0] ?? 0;
    for (const fit of [few, repeated, many]) {
      expect(spreadOf(fit, 400)).toBe(0);
      expect(spreadOf(fit, 1600)).toBeGreaterThan(2 * spreadOf(fit, 800));
    }
    expect(spreadOf(repeated, 1600)).toBeGreaterThan(0.5 * spreadOf(few, 1600));
    expect(spreadOf(many, 1600)).toBeLessThan(0.6 * spreadOf(few, 1600));
  });

  it('stand still for decode time and power, which meet the prompt otherwise', () => {
    const tokens = tokensOf([100, 200, 300, 400, 500, 600, 700], [10, 20, 40, 30, 60, 15, 25]);
    const target = Float64Array.from([1, 2, 4.1, 3, 6.2, 1.5, 2.6]);
    for (const metric of ['decode', 'power'] as const) {
      expect(fitPhysics(tokens, target, 1, metric).beyond).toEqual({ prompt: 700, slope: 0, square: 0 });
    }
    expect(fitPhysics(tokens, target, 1, 'total').beyond?.slope).toBeGreaterThanOrEqual(0);
  });

  it('that were never varied may cost anything up to the whole', () => {
    const tokens = tokensOf(new Float64Array(6).fill(100), [10, 20, 30, 40, 50, 60]);
    const target = Float64Array.from([1, 2, 3, 4, 5, 6], (y) => y + 0.5);
    const spread = fitPhysics(tokens, target, 1, 'total').spread(tokensOf([100], [30]), tokensOf([200], [30]));
    expect(spread?.sd[0]).toBeGreaterThan(1);
    const decode = fitPhysics(tokens, target, 1, 'decode').spread(tokensOf([100], [30]), tokensOf([200], [30]));
    expect(decode?.sd[0]).toBeLessThan(0.7 * (spread?.sd[0] ?? 0));
  });
});

describe('fitPhysics', () => {
  it('weighs squared errors by 1/y^2', () => {
    expect([...relativeWeights(Float64Array.of(2, 0.5))]).toEqual([0.25, 4]);
    // The constant c with least sum ((y - c) / y)^2 is sum (1/y) / sum (1/y^2): (1 + 1/2) / (1 + 1/4).
    const same = fitPhysics(
      rowsOf([
        [9, 4],
        [9, 4],
      ]),
      Float64Array.of(1, 2),
    );
    expect(same.coefficients).toAgree([1.2, 0, 0, 0, 0], 1e-12);
  });

  it('finds all five coefficients from six rows on', () => {
    const { coefficients, dropped, padding } = fitPhysics(rowsOf(REQUESTS), valuesOf(TRUTH), 100);
    expect(coefficients).toAgree(TRUTH, 1e-6);
    expect(dropped).toEqual([]);
    expect(padding).toBe(100);
  });

  it.each([
    [5, [2, 0.01, 0, 0.1, 1e-5], ['P^2']],
    [4, [2, 0, 0, 0.1, 1e-5], ['P', 'P^2']],
    [3, [2, 0, 0, 0.1, 0], ['P', 'P^2', CONTEXT]],
  ])('fits a shorter form to %i rows, with a row to spare', (count, truth, left) => {
    const { coefficients, dropped } = fitPhysics(
      rowsOf(REQUESTS.slice(0, count)),
      valuesOf(truth).slice(0, count),
      100,
    );
    expect(coefficients).toAgree(truth, 1e-7, 1e-12);
    expect(dropped).toEqual(left);
  });

  it.each([1, 2])('takes the weighted mean of %i row(s)', (count) => {
    const target = Float64Array.of(1, 2).slice(0, count);
    const { coefficients, dropped } = fitPhysics(rowsOf(REQUESTS.slice(0, count)), target, 100);
    expect(coefficients).toAgree([count === 1 ? 1 : 1.2, 0, 0, 0, 0], 1e-12);
    expect(dropped).toEqual(['P', 'P^2', 'O', CONTEXT]);
  });

  it('leaves out what one answer length, or one prompt, cannot tell apart', () => {
    // With O = 10 throughout the context is 10 I + 45: it moves with the prompt, but is not padded.
    const inputs = [60, 130, 190, 250, 333, 420, 505, 640];
    const prompts = [100, 200, 200, 300, 400, 500, 600, 700];
    const oneAnswer = fitPhysics(
      rowsOf(inputs.map((input) => [input, 10])),
      Float64Array.from(prompts, (prompt) => 3 + 0.02 * prompt + 1e-5 * prompt ** 2),
      100,
    );
    expect(oneAnswer.dropped).toEqual(['O', CONTEXT]);
    expect(oneAnswer.coefficients).toAgree([3, 0.02, 1e-5, 0, 0], 1e-7);
    const oneOfEach = fitPhysics(
      rowsOf(inputs.map(() => [60, 10])),
      Float64Array.from(inputs, () => 5),
      100,
    );
    expect(oneOfEach.dropped).toEqual(['P', 'P^2', 'O', CONTEXT]);
    expect(oneOfEach.coefficients).toAgree([5, 0, 0, 0, 0], 1e-12);
  });

  it('asks a prefill for no decode terms', () => {
    const four = tokensOf([60, 101, 250, 400]);
    const quadratic = Float64Array.from([100, 200, 300, 400], (prompt) => 1 + 0.01 * prompt + 1e-4 * prompt ** 2);
    const { coefficients, dropped } = fitPhysics(four, quadratic, 100);
    expect(coefficients).toAgree([1, 0.01, 1e-4, 0, 0], 1e-8);
    expect(dropped).toEqual([]);
    const line = fitPhysics(tokensOf([60, 101, 250]), Float64Array.of(2, 3, 4), 100);
    expect(line.coefficients).toAgree([1, 0.01, 0, 0, 0], 1e-10);
    expect(line.dropped).toEqual(['P^2']);
    const flat = fitPhysics(tokensOf([60, 70, 80, 90]), Float64Array.of(1, 2, 1, 2), 100);
    expect(flat.coefficients).toAgree([1.2, 0, 0, 0, 0], 1e-12);
    expect(flat.dropped).toEqual(['P', 'P^2']);
  });

  it('passes other complaints on', () => {
    expect(() => fitPhysics(tokensOf([]), new Float64Array(0))).toThrow('data: must have at least one row; got 0');
    expect(() => fitPhysics(tokensOf([1, 2, 3]), Float64Array.of(1, Number.NaN, 2))).toThrow(
      'must be a finite number; got NaN (row 1)',
    );
  });
});

describe('a decode whose line would fall below zero', () => {
  it('goes through zero instead, so that every request takes some time', () => {
    // Six answers of 263 to 715 tokens, off by up to 6 %: the free line falls below zero before the second token.
    const output = [263, 269, 375, 480, 674, 715];
    const seconds = output.map((o, k) => 0.024 * o * (1 + ([-0.06, 0.02, -0.05, 0.05, -0.01, 0.06][k] ?? 0)));
    const fit = fitPhysics(
      tokensOf([840, 1307, 1551, 91, 400, 1660], output),
      Float64Array.from(seconds),
      128,
      'decode',
    );
    for (const value of fit.predict(tokensOf([20, 900, 1660], [2, 61, 150]))) expect(value).toBeGreaterThan(0);
    expect(fit.predict(tokensOf([900], [500]))).toAgree([12], 0.06);
  });
});
