import '@stepclock/vitest-matchers';
import { seededRandom } from '@stepclock/numerics';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { predictorSchema } from '../src/model/predictor-schema.js';
import { fitPhysics } from '../src/regressors/fit-physics.js';
import { fitPowerRamp, rampEnergy } from '../src/regressors/power-ramp.js';
import { COMPARED, fitRegressor, REGRESSORS, type RegressorName } from '../src/regressors/regressors.js';
import { tokensOf } from '../src/regressors/tokens.js';
import { thrownBy } from './thrown.js';

const random = seededRandom(8, 'fit-regressor');
const draw = (low: number, high: number) => Math.floor(low + (high - low) * random());
const input = Float64Array.from({ length: 30 }, () => draw(5, 900));
const output = Float64Array.from({ length: 30 }, () => draw(2, 60));
const tokens = tokensOf(input, output);
const far = tokensOf([5000], [700]);
const of = (f: (i: number, o: number) => number) => input.map((i, k) => f(i, output[k] ?? 0));
type Json = { form: string; model: { terms: { name: string }[] } };
const jsonOf = (predictor: { toJSON(): object }) => predictor.toJSON() as unknown as Json;

describe('fitRegressor', () => {
  it('needs rows', () => {
    expect(
      thrownBy(() => fitRegressor('linear', { metric: 'power', tokens: tokensOf([]), target: new Float64Array(0) })),
    ).toEqual({
      message: 'power: must be measured in some rows; got 0 (power)',
      code: 'token2metrics/not-enough-rows',
    });
  });

  it.each([
    ['linear', {}, (i: number, o: number) => 3 + 2 * i + 5 * o],
    ['polynomial', {}, (i: number, o: number) => 3 + 2 * i + 5 * o + 0.01 * i * o + 0.02 * i * i],
    ['polynomial', { degree: 3 }, (i: number, o: number) => 3 + o ** 3 + i * i * o],
  ] as const)('%s %j finds its own form, and what lies beyond the rows', (name, options, form) => {
    const rows = { metric: 'total', tokens, target: of(form) } as const;
    expect(fitRegressor(name, rows, options).predict(far)).toAgree([form(5000, 700)], 1e-7);
  });

  it('takes a polynomial of degree 2 unless told otherwise', () => {
    const rows = { metric: 'total', tokens, target: of((i, o) => 1 + i + o) } as const;
    expect(jsonOf(fitRegressor('polynomial', rows)).model.terms).toHaveLength(5);
    expect(jsonOf(fitRegressor('polynomial', rows, { degree: 1 })).model.terms).toHaveLength(2);
  });

  it('leaves out the last of the terms that say the same', () => {
    const twice = { metric: 'total', tokens: tokensOf(input, input), target: input.map((i) => 4 + 3 * i) } as const;
    const predictor = fitRegressor('linear', twice);
    expect(predictor.predict(tokensOf([7], [1e6]))).toAgree([25], 1e-9);
    // The answers are all as long: what is left of i, o, i^2, i o, o^2 are the powers of i.
    const same = tokensOf(input, new Float64Array(30).fill(20));
    const curve = { metric: 'total', tokens: same, target: input.map((i) => 4 + 3 * i + 0.5 * i * i) } as const;
    const names = jsonOf(fitRegressor('polynomial', curve)).model.terms.map(({ name }) => name);
    expect(names).toEqual(['input_tokens', 'input_tokens^2']);
  });

  it('passes on what is not about collinear terms', () => {
    expect(() =>
      fitRegressor('linear', { metric: 'total', tokens: tokensOf([1], [2]), target: Float64Array.of(1) }),
    ).toThrow(expect.objectContaining({ code: 'regression/not-enough-rows' }));
  });

  it.each(['random-forest', 'gradient-boosting'] as const)(
    '%s has 100 trees of seed 0 unless told otherwise',
    (name) => {
      const rows = { metric: 'total', tokens, target: of((i, o) => 1 + i + 50 * o) } as const;
      const usual = fitRegressor(name, rows);
      expect(usual).toMatchObject({ model: { trees: 100 } });
      expect(usual.toJSON()).toEqual(fitRegressor(name, rows, { trees: 100, seed: 0 }).toJSON());
      expect(fitRegressor(name, rows, { trees: 3 })).toMatchObject({ model: { trees: 3 } });
      const seeded = [1, 2].map((seed) => JSON.stringify(fitRegressor('random-forest', rows, { trees: 3, seed })));
      expect(seeded[0]).not.toBe(seeded[1]);
      const near = usual.predict(tokens);
      const mean = near.reduce((sum, p, k) => sum + Math.abs(p / (rows.target[k] ?? 0) - 1), 0) / 30;
      expect(mean).toBeLessThan(0.2);
    },
  );

  it('huber follows the bulk of the rows where a stall bends least squares', () => {
    const target = of((i, o) => 1 + i + 50 * o);
    target[3] *= 100;
    const rows = { metric: 'total', tokens, target } as const;
    const miss = (name: RegressorName): number =>
      Math.abs(fitRegressor(name, rows).predict(tokensOf([500], [50]))[0] / (1 + 500 + 50 * 50) - 1);
    expect(miss('huber')).toBeLessThan(1e-3);
    expect(miss('linear')).toBeGreaterThan(0.1);
    expect(COMPARED).not.toContain('huber');
  });

  it('pads prompts for physics: to 128 tokens, or as told', () => {
    const rows = { metric: 'ttft', tokens: tokensOf(input), target: input.map((i) => 1 + Math.ceil(i / 100)) } as const;
    expect(fitRegressor('physics', rows, { padding: 100 }).predict(tokensOf([1001]))).toAgree([12], 1e-8);
    expect(fitRegressor('physics', rows).toJSON()).toMatchObject({ form: 'physics', padding: 128 });
  });

  it.each(REGRESSORS)('%s is written down with its form, and is read again', (name) => {
    const rows = { metric: 'total', tokens, target: of((i, o) => 1 + i + 50 * o) } as const;
    const predictor = fitRegressor(name, rows, { trees: 3 });
    const json = JSON.parse(JSON.stringify(predictor));
    const back = v.parse(predictorSchema, json);
    expect(json.form).toBe(name === 'physics' ? 'physics' : 'regression');
    expect([predictor.form, back.form]).toEqual([json.form, json.form]);
    expect(back.predict(far)).toEqual(predictor.predict(far));
    expect(back.toJSON()).toEqual(json);
  });

  it.each(['linear', 'huber'] as const)('%s leaves out a count that is the same in every row', (name) => {
    const rows = {
      metric: 'energy',
      tokens: tokensOf(input, new Float64Array(input.length).fill(64)),
      target: Float64Array.from(input, (i) => 3 + 2 * i),
    } as const;
    expect(fitRegressor(name, rows).predict(tokensOf([1000], [64]))).toAgree([2003], 1e-9);
  });

  it('refuses a form that it does not know', () => {
    expect(() => v.parse(predictorSchema, { form: 'magic' })).toThrow(
      'must be one of physics, power-ramp, regression, scaled',
    );
  });
});

describe('physics of energy and power', () => {
  // A second an output token, so that runs last 2 to 60 s.
  const durationSec = output;
  const ramp = { plateauW: 30, dropW: 25, tauSec: 3, offsetJ: 0 };
  const noise = output.map(() => 1 + 0.01 * (random() - 0.5));
  const power = durationSec.map((sec, k) => (rampEnergy(ramp, sec) / sec) * (noise[k] ?? 1));
  const rows = { metric: 'power', tokens, target: power, durationSec } as const;

  it('is the ramp where that explains the rows, and durations were measured', () => {
    expect(fitRegressor('physics', rows).form).toBe('power-ramp');
    expect(
      fitRegressor('physics', { ...rows, metric: 'energy', target: power.map((w, k) => w * (durationSec[k] ?? 0)) })
        .form,
    ).toBe('power-ramp');
    expect(fitRegressor('physics', { metric: 'power', tokens, target: power }).form).toBe('physics');
    // What is no power has no ramp, whatever its shape.
    expect(fitRegressor('physics', { ...rows, metric: 'total' }).form).toBe('physics');
    expect(fitRegressor('physics', { ...rows, padding: 64 } as typeof rows, { padding: 64 }).toJSON()).toMatchObject({
      duration: { padding: 64 },
    });
  });

  it('is the five terms where no ramp can be told', () => {
    expect(fitRegressor('physics', { ...rows, durationSec: new Float64Array(30).fill(5) }).form).toBe('physics');
  });

  // Between a power that is a ramp and one that is a plane, the answer changes where AIC says: 2 n log(sum |error|) + 2 parameters.
  it.each(['power', 'energy'] as const)('%s goes over from one form to the other where Akaike says', (metric) => {
    const times = metric === 'energy' ? durationSec : new Float64Array(30).fill(1);
    const blend = (share: number) =>
      power.map(
        (w, k) => ((1 - share) * w + share * (8 + 0.03 * (input[k] ?? 0)) * (noise[29 - k] ?? 1)) * (times[k] ?? 1),
      );
    const preferred = (share: number): string => {
      const target = blend(share);
      const [terms, climb] = [
        fitPhysics(tokens, target, 128, metric),
        fitPowerRamp(metric, tokens, durationSec, target, 128),
      ];
      if (!climb) return 'physics';
      const off = (p: Float64Array) =>
        p.reduce((sum, v, k) => sum + Math.abs(v - (target[k] ?? 0)) / (target[k] ?? 0), 0);
      const [k1, k2] = [5 - (terms.dropped?.length ?? 0), metric === 'power' ? 3 : 4];
      const gain = 60 * (Math.log(off(climb.predictor.predict(tokens))) - Math.log(off(terms.predict(tokens))));
      return gain < 2 * (k1 - k2) ? 'power-ramp' : 'physics';
    };
    let [low, high] = [0, 1];
    expect([preferred(low), preferred(high)]).toEqual(['power-ramp', 'physics']);
    for (let k = 0; k < 12; k++) {
      const middle = (low + high) / 2;
      if (preferred(middle) === 'power-ramp') low = middle;
      else high = middle;
    }
    const formAt = (share: number) => fitRegressor('physics', { ...rows, metric, target: blend(share) }).form;
    expect([formAt(0), formAt(low), formAt(high), formAt(1)]).toEqual([
      'power-ramp',
      'power-ramp',
      'physics',
      'physics',
    ]);
  });
});
