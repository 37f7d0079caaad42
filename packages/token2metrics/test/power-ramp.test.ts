import '@stepclock/vitest-matchers';
import { seededRandom } from '@stepclock/numerics';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { predictorSchema } from '../src/model/predictor-schema.js';
import { physicsPredictor } from '../src/regressors/physics.js';
import { fitPowerRamp, type PowerRamp, powerRampPredictor, rampEnergy } from '../src/regressors/power-ramp.js';
import { tokensOf } from '../src/regressors/tokens.js';

/** E(5 s) = 30 x 5 - 20 x 2 (1 - exp(-5/2)) + 4. */
const RAMP: PowerRamp = { plateauW: 30, dropW: 20, tauSec: 2, offsetJ: 4 };
const E5 = 150 - 40 * (1 - Math.exp(-2.5)) + 4;

/** Forty runs between 0.3 and 30 s, whose tokens say how long they are: a second an output token. */
const random = seededRandom(5, 'ramp');
const seconds = Float64Array.from({ length: 40 }, () => 0.3 * 100 ** random());
const tokens = tokensOf(new Float64Array(40).fill(100), seconds);
const noise = Float64Array.from({ length: 40 }, () => 1 + 0.02 * (random() - 0.5));
const powerAt = (ramp: PowerRamp) => seconds.map((sec) => rampEnergy({ ...ramp, offsetJ: 0 }, sec) / sec);
const fit = (of: 'energy' | 'power', target: Float64Array) => {
  const found = fitPowerRamp(of, tokens, seconds, target, 128);
  if (!found) throw new Error('no ramp');
  return found;
};
const partsOf = ({ plateauW, dropW, tauSec, offsetJ }: PowerRamp) => [plateauW, dropW, tauSec, offsetJ];

describe('rampEnergy', () => {
  it('is the integral of the climbing power', () => {
    expect(rampEnergy(RAMP, 5)).toAgree(E5, 1e-14);
    expect(rampEnergy(RAMP, 0)).toBe(4);
  });
});

describe('powerRampPredictor', () => {
  const duration = physicsPredictor({ coefficients: Float64Array.of(0, 0, 0, 1, 0), padding: 128 });

  it('predicts joules, or watts over the run, of the duration that it predicts', () => {
    expect(powerRampPredictor('energy', RAMP, duration).predict(tokensOf([1], [5]))).toAgree([E5], 1e-14);
    expect(powerRampPredictor('power', RAMP, duration).predict(tokensOf([1], [5]))).toAgree([E5 / 5], 1e-14);
  });

  it('is written down and read again', () => {
    const json = {
      form: 'power-ramp',
      of: 'power',
      plateau_w: 30,
      drop_w: 20,
      tau_s: 2,
      offset_j: 4,
      duration: duration.toJSON(),
    };
    expect(powerRampPredictor('power', RAMP, duration).form).toBe('power-ramp');
    expect(powerRampPredictor('power', RAMP, duration).toJSON()).toEqual(json);
    const read = (changes: object) => v.parse(predictorSchema, { ...json, ...changes });
    expect(read({}).toJSON()).toEqual(json);
    expect(read({ of: 'energy' }).predict(tokensOf([1], [5]))).toAgree([E5], 1e-14);
    expect(() => read({ of: 'time' })).toThrow('must be "energy" or "power"');
    expect(() => read({ tau_s: 0 })).toThrow('must be above 0');
    expect(() => read({ duration: { ...json.duration, padding: 0 } })).toThrow('must be a number from 1');
  });
});

describe('fitPowerRamp', () => {
  // The grid of time constants runs from 0.05 to 50 s; beyond either end there is a neighbourhood still.
  it.each([0.04, 0.07, 0.5, 2, 9, 40, 60])('finds a time constant of %d s', (tauSec) => {
    const ramp = { plateauW: 30, dropW: 20, tauSec, offsetJ: 0 };
    const { predictor, relativeRss } = fit('power', powerAt(ramp));
    expect(predictor.ramp.offsetJ).toBe(0);
    expect(relativeRss).toBeLessThan(1e-9);
    if (tauSec >= 0.5) expect(partsOf(predictor.ramp).slice(0, 3)).toAgree([30, 20, tauSec], 2e-4);
    else expect(predictor.ramp.tauSec).toAgree(tauSec, 0.01);
  });

  it('finds the energy that does not depend on the length', () => {
    const { predictor, parameters } = fit(
      'energy',
      seconds.map((sec) => rampEnergy(RAMP, sec)),
    );
    expect(partsOf(predictor.ramp)).toAgree([30, 20, 2, 4], 1e-3);
    expect(predictor.predict(tokens)).toAgree(
      seconds.map((sec) => rampEnergy(RAMP, sec)),
      1e-5,
    );
    expect(predictor.of).toBe('energy');
    expect(parameters).toBe(4);
  });

  it('predicts through a duration fitted to the tokens, in their tiles', () => {
    const { predictor, parameters } = fit('power', powerAt(RAMP));
    expect(predictor.duration.padding).toBe(128);
    expect(predictor.duration.predict(tokensOf([100], [7]))).toAgree([7], 1e-9);
    expect(parameters).toBe(3);
  });

  it.each(['power', 'energy'] as const)('has the least relative squares of all ramps (%s, noisy)', (of) => {
    const target = seconds.map((sec, i) => (rampEnergy(RAMP, sec) / (of === 'power' ? sec : 1)) * (noise[i] ?? 1));
    const { predictor, relativeRss } = fit(of, target);
    const { ramp } = predictor;
    const fitted = (r: PowerRamp) => seconds.map((sec) => rampEnergy(r, sec) / (of === 'power' ? sec : 1));
    const rss = (r: PowerRamp) => fitted(r).reduce((sum, p, i) => sum + (p / (target[i] ?? 0) - 1) ** 2, 0);
    expect(relativeRss).toAgree(rss(ramp), 1e-9);
    // Every neighbour in every direction is worse.
    for (const share of [-1e-2, -1e-3, 1e-3, 1e-2]) {
      for (const name of ['plateauW', 'dropW', 'tauSec', ...(of === 'energy' ? ['offsetJ'] : [])] as const) {
        const key = name as keyof PowerRamp;
        expect([name, share, rss({ ...ramp, [key]: ramp[key] * (1 + share) }) > relativeRss]).toEqual([
          name,
          share,
          true,
        ]);
      }
    }
    // So is every other time constant with the best plateau and drop (and offset) for it, by Cramer's rule on few columns.
    if (of === 'power') {
      const best = (tau: number): number => {
        const x = seconds.map((sec) => (tau * (1 - Math.exp(-sec / tau))) / sec);
        let [s11, s12, s22, b1, b2] = [0, 0, 0, 0, 0];
        target.forEach((y, i) => {
          const [u, v] = [1 / y, (x[i] ?? 0) / y];
          [s11, s12, s22, b1, b2] = [s11 + u * u, s12 + u * v, s22 + v * v, b1 + u, b2 + v];
        });
        const det = s11 * s22 - s12 * s12;
        const [a, b] = [(b1 * s22 - b2 * s12) / det, (s11 * b2 - s12 * b1) / det];
        return target.reduce((sum, y, i) => sum + ((a + b * (x[i] ?? 0)) / y - 1) ** 2, 0);
      };
      const taus = Array.from({ length: 400 }, (_, k) => 0.05 * 1000 ** (k / 399));
      expect(relativeRss).toBeLessThanOrEqual(Math.min(...taus.map(best)));
      expect(relativeRss).toAgree(best(ramp.tauSec), 1e-9);
    }
  });

  it('says nothing of runs that are all as long, or whose power would fall below zero', () => {
    const same = new Float64Array(40).fill(3);
    expect(fitPowerRamp('power', tokens, same, noise, 128)).toBeUndefined();
    // Falling with the fourth power of the time: any ramp through that ends below zero watts.
    expect(
      fitPowerRamp(
        'power',
        tokens,
        seconds,
        seconds.map((sec) => sec ** -4),
        128,
      ),
    ).toBeUndefined();
  });
});
