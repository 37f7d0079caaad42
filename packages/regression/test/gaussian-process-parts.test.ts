import '@stepclock/vitest-matchers';
import { seededRandom } from '@stepclock/numerics';
import { describe, expect, it } from 'vitest';
import { cholesky, inverseFromCholesky, solveLower, solveUpper } from '../src/gaussian-process/cholesky.js';
import { gaussianProcessFromJSON } from '../src/gaussian-process/gaussian-process-model.js';
import { correlation } from '../src/gaussian-process/kernel.js';
import { factorise, likelihoodGradient, squaredDistance } from '../src/gaussian-process/marginal-likelihood.js';
import { minimiseInBox } from '../src/gaussian-process/minimise.js';
import { dataset, featuresOf, gaussianProcess, modelFromJSON } from '../src/index.js';
import { refusalOf } from './refusal.js';
import { throughJSON } from './synthetic.js';

const KERNELS = ['rbf', 'matern-3/2', 'matern-5/2'] as const;

describe('Cholesky', () => {
  // The textbook's: A = L L' with L = [2 0 0; 6 1 0; -8 5 3].
  const a = Float64Array.of(4, 12, -16, 12, 37, -43, -16, -43, 98);
  const lower = Float64Array.of(2, 0, 0, 6, 1, 0, -8, 5, 3);

  it('finds the triangle, from the lower part alone, and leaves the matrix', () => {
    const got = cholesky(a, 3) ?? new Float64Array(0);
    expect(got).toHaveLength(9);
    for (const [k, value] of lower.entries()) if (value !== 0) expect(got[k]).toBe(value);
    expect(a[0]).toBe(4);
    const half = a.with(1, 99).with(2, 99).with(5, 99);
    expect(cholesky(half, 3)?.[8]).toBe(3);
  });

  it('refuses what is not positive definite', () => {
    expect(cholesky(Float64Array.of(0), 1)).toBeUndefined();
    expect(cholesky(Float64Array.of(1, 0, 2, 4), 2)).toBeUndefined();
    expect(cholesky(Float64Array.of(1, 0, 2, 5), 2)).toBeDefined();
    expect(cholesky(Float64Array.of(Number.NaN), 1)).toBeUndefined();
  });

  it('solves with the triangle and its transpose', () => {
    // x = (1, -2, 3): L x = (2, 4, -9), L' x = (2 - 12 - 24, -2 + 15, 9).
    const b = Float64Array.of(2, 4, -9);
    expect([...solveLower(lower, 3, b)]).toEqual([1, -2, 3]);
    const c = Float64Array.of(-34, 13, 9);
    expect([...solveUpper(lower, 3, c)]).toEqual([1, -2, 3]);
    expect([...b, ...c]).toEqual([2, 4, -9, -34, 13, 9]);
  });

  it('inverts, lower triangle only', () => {
    const inverse = inverseFromCholesky(lower, 3);
    const [a00, a10, a11, a20, a21, a22] = [0, 3, 4, 6, 7, 8].map((k) => inverse[k]);
    expect([a00, a10, a11, a20, a21, a22].map(Number)).toAgree(
      [1777 / 36, -122 / 9, 34 / 9, 19 / 9, -5 / 9, 1 / 9],
      1e-13,
    );
    expect([inverse[1], inverse[2], inverse[5]]).toEqual([0, 0, 0]);
  });
});

describe('kernels', () => {
  it('are 1 at no distance and their formulas at another', () => {
    for (const kernel of KERNELS) expect(correlation(kernel, 0).g).toBe(1);
    expect(correlation('rbf', 2).g).toAgree(Math.exp(-1), 1e-15);
    expect(correlation('matern-3/2', 12).g).toAgree(7 * Math.exp(-6), 1e-15);
    expect(correlation('matern-5/2', 5).g).toAgree((1 + 5 + 25 / 3) * Math.exp(-5), 1e-15);
  });

  it('have the slope by the logarithm of a length scale', () => {
    for (const kernel of KERNELS) {
      for (const squared of [0.3, 1, 4]) {
        // r^2 exp(-2 log l) at log l = 0.
        const at = (logLength: number) => correlation(kernel, squared * Math.exp(-2 * logLength)).g;
        const h = 1e-5;
        expect(correlation(kernel, squared).slope * squared).toAgree((at(h) - at(-h)) / (2 * h), 1e-8);
      }
    }
  });

  it('distances are scaled feature by feature', () => {
    const a = Float64Array.of(9, 9, 1, 2);
    const b = Float64Array.of(0, 0, 0, 0, 4, -2);
    expect(squaredDistance(a, 1, b, 2, Float64Array.of(3, 0.5))).toBe(1 + 64);
    expect(squaredDistance(a, 0, b, 0, Float64Array.of(3, 9))).toBe(10);
  });
});

describe('marginal likelihood', () => {
  it('is the density of the normal distribution it claims (two rows, by hand)', () => {
    const rows = { x: Float64Array.of(0, 1), y: Float64Array.of(1, -1), weights: undefined };
    const theta = { lengthScales: Float64Array.of(1), signalSd: 1, noiseSd: 0.5 };
    const c = Math.exp(-0.5);
    const v = 1.25 + 1e-10;
    const determinant = v * v - c * c;
    const quadratic = (2 * v + 2 * c) / determinant;
    const want = -quadratic / 2 - Math.log(determinant) / 2 - Math.log(2 * Math.PI);
    expect(factorise(rows, 'rbf', theta)?.logLikelihood).toAgree(want, 1e-9);
  });

  it.each(KERNELS)('has the gradient of central differences (%s)', (kernel) => {
    const random = seededRandom(2);
    const draw = (n: number) => Float64Array.from({ length: n }, () => 2 * random() - 1);
    const rows = { x: draw(24), y: draw(12), weights: Float64Array.from({ length: 12 }, () => 0.5 + random()) };
    const logs = Float64Array.of(0.3, -0.4, 0.1, -1);
    const at = (l: Float64Array) => {
      const [a, b, s, n] = l.map(Math.exp) as unknown as [number, number, number, number];
      return { lengthScales: Float64Array.of(a, b), signalSd: s, noiseSd: n };
    };
    const value = (l: Float64Array) => factorise(rows, kernel, at(l))?.logLikelihood ?? Number.NaN;
    const factors = factorise(rows, kernel, at(logs));
    if (!factors) throw new Error('not positive definite');
    const h = 1e-5;
    const differences = logs.map((l, k) => (value(logs.with(k, l + h)) - value(logs.with(k, l - h))) / (2 * h));
    expect(likelihoodGradient(rows, kernel, at(logs), factors)).toAgree(differences, 1e-6, 1e-8);
  });

  it('of rows without signal is that of noise, each with its own variance', () => {
    const rows = { x: Float64Array.of(0, 1, 5), y: Float64Array.of(1, -2, 0.5), weights: Float64Array.of(1, 4, 0.25) };
    const got = factorise(rows, 'rbf', { lengthScales: Float64Array.of(1), signalSd: 0, noiseSd: 2 });
    // Variances 4, 1, 16.
    const want =
      -(1 / 4 + 4 / 1 + 0.25 / 16) / 2 - (Math.log(4) + Math.log(1) + Math.log(16)) / 2 - 1.5 * Math.log(2 * Math.PI);
    expect(got?.logLikelihood).toAgree(want, 1e-14);
    expect(got?.alpha ?? []).toAgree([1 / 4, -2, 0.5 / 16], 1e-14);
    expect(got?.lower[4]).toAgree(1, 1e-15);
  });

  it('does not exist where the covariance is singular', () => {
    const rows = { x: Float64Array.of(0), y: Float64Array.of(1), weights: undefined };
    expect(factorise(rows, 'rbf', { lengthScales: Float64Array.of(1), signalSd: 0, noiseSd: 0 })).toBeUndefined();
  });
});

describe('minimiseInBox', () => {
  const wide = [Float64Array.of(-10, -10), Float64Array.of(10, 10)] as const;
  /** (x - 1)^2 + 100 (y + 2)^2 + 3. */
  const valley = (x: Float64Array) => {
    const [a, b] = [x[0] - 1, x[1] + 2];
    return { value: a * a + 100 * b * b + 3, gradient: Float64Array.of(2 * a, 200 * b) };
  };

  it('finds a minimum inside, and says how soon', () => {
    const { x, value, converged, iterations } = minimiseInBox(valley, Float64Array.of(-4, 5), ...wide);
    expect(x).toAgree([1, -2], 1e-4);
    expect(value).toAgree(3, 1e-8);
    expect(converged).toBe(true);
    // Steepest descent takes hundreds of steps down a valley of 1 : 100.
    expect(iterations).toBeGreaterThan(1);
    expect(iterations).toBeLessThan(20);
  });

  it('follows a bent valley (Rosenbrock)', () => {
    const rosenbrock = (x: Float64Array) => {
      const [a, b] = x as unknown as [number, number];
      const bend = b - a * a;
      return {
        value: (1 - a) ** 2 + 100 * bend * bend,
        gradient: Float64Array.of(-2 * (1 - a) - 400 * a * bend, 200 * bend),
      };
    };
    const { x, converged, iterations } = minimiseInBox(rosenbrock, Float64Array.of(-1.2, 1), ...wide);
    expect(converged).toBe(true);
    expect(iterations).toBeLessThan(60);
    expect(x).toAgree([1, 1], 1e-3);
  });

  it('stays in the box, starts at its nearest point, and slides along its walls', () => {
    const seen: number[][] = [];
    const lower = Float64Array.of(2, -10);
    const upper = Float64Array.of(4, 10);
    const { x, converged } = minimiseInBox(
      (at) => {
        seen.push([...at]);
        return valley(at);
      },
      Float64Array.of(-50, 50),
      lower,
      upper,
    );
    expect(seen[0]).toEqual([2, 10]);
    expect(x[0]).toBe(2);
    expect(x[1]).toAgree(-2, 1e-5);
    expect(converged).toBe(true);
    for (const [a, b] of seen) {
      expect(a).toBeGreaterThanOrEqual(2);
      expect(a).toBeLessThanOrEqual(4);
      expect(Math.abs(Number(b))).toBeLessThanOrEqual(10);
    }
    const high = minimiseInBox(valley, Float64Array.of(0, 0), Float64Array.of(-3, -9), Float64Array.of(0.5, -5));
    expect([...high.x]).toEqual([0.5, -5]);
    expect(high.converged).toBe(true);
    // Pressed into a corner at once: nothing to do.
    expect(high.iterations).toBe(1);
    const corner = minimiseInBox(valley, Float64Array.of(0.5, -5), Float64Array.of(-3, -9), Float64Array.of(0.5, -5));
    expect(corner).toMatchObject({ iterations: 0, converged: true });
    const low = minimiseInBox(valley, Float64Array.of(2, -1), Float64Array.of(2, -1), Float64Array.of(3, 9));
    expect(low).toMatchObject({ iterations: 0, converged: true });
  });

  it('leaves a wall that the gradient points away from', () => {
    const { x } = minimiseInBox(valley, Float64Array.of(-3, 4), Float64Array.of(-3, -4), Float64Array.of(3, 4));
    expect(x).toAgree([1, -2], 1e-4);
  });

  it('begins with a step of unit length at most', () => {
    const seen: number[][] = [];
    minimiseInBox(
      (x) => {
        seen.push([...x]);
        return valley(x);
      },
      Float64Array.of(1, 8),
      ...wide,
    );
    expect(seen[1]).toEqual([1, 7]);
    // Straight down: the gradient at (2, -1) is (2, 200).
    const down: number[][] = [];
    minimiseInBox(
      (x) => {
        down.push([...x]);
        return valley(x);
      },
      Float64Array.of(2, -1),
      ...wide,
    );
    expect(down[1] ?? []).toAgree([1.99, -2], 1e-14);
    const flat = (x: Float64Array) => ({ value: 0.05 * x[0] ** 2, gradient: x.map((v) => 0.1 * v) });
    const short: number[] = [];
    minimiseInBox(
      (x) => {
        short.push(x[0]);
        return flat(x);
      },
      Float64Array.of(5),
      Float64Array.of(-9),
      Float64Array.of(9),
    );
    expect(short[1]).toBe(4.5);
  });

  it('steps back from where the function is not defined', () => {
    // -log x + x, undefined at and below 0.
    const barrier = (x: Float64Array) => {
      const a = x[0];
      return a > 0
        ? { value: a - Math.log(a), gradient: Float64Array.of(1 - 1 / a) }
        : { value: Number.POSITIVE_INFINITY, gradient: new Float64Array(1) };
    };
    const { x, converged } = minimiseInBox(barrier, Float64Array.of(0.6), Float64Array.of(-9), Float64Array.of(9));
    expect(x).toAgree([1], 1e-4);
    expect(converged).toBe(true);
    const far = minimiseInBox(barrier, Float64Array.of(1e-3), Float64Array.of(-9), Float64Array.of(9));
    expect(far.x).toAgree([1], 1e-3);
  });

  it('stops at once where nothing is lower, and after as many iterations as it is given', () => {
    // A gradient that lies: uphill both ways.
    const liar = (x: Float64Array) => ({ value: Math.abs(x[0]), gradient: Float64Array.of(1) });
    const stuck = minimiseInBox(liar, Float64Array.of(0), Float64Array.of(-1), Float64Array.of(1));
    expect(stuck).toMatchObject({ value: 0, iterations: 0, converged: true });
    expect(stuck.x[0]).toBe(0);
    const short = minimiseInBox(valley, Float64Array.of(-4, 5), ...wide, { maxIterations: 2 });
    expect(short).toMatchObject({ iterations: 2, converged: false });
    // A step that gains less than 1e-10 of the value is the last one.
    const high = (x: Float64Array) => ({
      value: 1e6 + 1e-3 * (x[0] - 1) ** 2,
      gradient: Float64Array.of(2e-3 * (x[0] - 1)),
    });
    const last = minimiseInBox(high, Float64Array.of(2), Float64Array.of(-9), Float64Array.of(9));
    expect(last).toMatchObject({ iterations: 1, converged: true });
    expect(last.x[0]).toAgree(1.998, 1e-14);
    const rough = minimiseInBox(valley, Float64Array.of(1.001, -2), ...wide, { tolerance: 0.01 });
    expect(rough).toMatchObject({ iterations: 0, converged: true });
    expect(rough.x[0]).toBe(1.001);
    expect(minimiseInBox(valley, Float64Array.of(1.001, -2), ...wide).x[0]).toAgree(1, 1e-5);
  });
});

describe('gaussian process model', () => {
  const header = {
    schema: 'stepclock/regression-model@1',
    kind: 'gaussian-process',
    training_range: { rows: 2, features: [{ name: 'x', min: 8, max: 12 }] },
  };
  // Standardised inputs -1 and 1, targets 1 and -1: x = 10 +- 2, y = 100 +- 5.
  const json = {
    ...header,
    kernel: 'rbf',
    length_scales: [2],
    signal_sd: 1.5,
    noise_sd: 0.5,
    input_scales: [{ mean: 10, sd: 2 }],
    target_scale: { mean: 100, sd: 5 },
    x: [-1, 1],
    y: [1, -1],
    weights: null as number[] | null,
  };
  const jitter = 1 + 1e-10;

  it('predicts by the formulas of two rows', () => {
    const model = gaussianProcessFromJSON(json);
    expect(model).toMatchObject({ kind: 'gaussian-process', kernel: 'rbf', signalSd: 7.5, noiseSd: 2.5 });
    expect([...model.lengthScales]).toEqual([4]);
    // K = [v c; c v], v = 2.25 + 0.25, c = 2.25 exp(-(2/2)^2/2); at x = 12 (standardised 1) and 10 (0).
    const v = 2.25 * jitter + 0.25;
    const c = 2.25 * Math.exp(-0.5);
    const alpha = 1 / (v - c);
    const [same, other, middle] = [2.25, c, 2.25 * Math.exp(-0.125)];
    const at = featuresOf({ x: [12, 10] });
    const { mean, functionSd, observationSd } = model.predictWithVariance(at);
    expect(mean).toAgree([100 + 5 * alpha * (other - same), 100], 1e-12);
    expect(model.predict(at)).toEqual(mean);
    const explained = (k: readonly [number, number]) =>
      (v * (k[0] * k[0] + k[1] * k[1]) - 2 * c * k[0] * k[1]) / (v * v - c * c);
    const variances = [2.25 - explained([other, same]), 2.25 - explained([middle, middle])];
    expect(functionSd).toAgree(
      variances.map((s) => 5 * Math.sqrt(s)),
      1e-11,
    );
    expect(observationSd).toAgree(
      variances.map((s) => 5 * Math.sqrt(s + 0.25)),
      1e-11,
    );
  });

  it('a row of weight 4 has half the noise', () => {
    const model = gaussianProcessFromJSON({ ...json, x: [0], y: [1], weights: [4] });
    expect(model.predict(featuresOf({ x: [10] }))[0]).toAgree(100 + (5 * 2.25) / (2.25 * jitter + 0.25 / 4), 1e-12);
  });

  const two = {
    ...json,
    training_range: { rows: 3, features: ['a', 'b'].map((name) => ({ name, min: 0, max: 1 })) },
    kernel: 'matern-3/2',
    length_scales: [1, 2],
    input_scales: [
      { mean: 0, sd: 1 },
      { mean: 0, sd: 2 },
    ],
    x: [0, 0, 1e6, 0, 0, 1e6],
    y: [1, -1, 2],
  };

  it('lays the features of a row side by side', () => {
    // Far from each other, so that each row speaks for itself: at (0, 2) a distance of (0, 1) standardised, half a length scale.
    const model = gaussianProcessFromJSON(two);
    const root = Math.sqrt(0.75);
    const share = 2.25 / (2.25 * jitter + 0.25);
    expect(model.predict(featuresOf({ b: [2, 2e6], a: [0, 0] }))).toAgree(
      [100 + 5 * (1 + root) * Math.exp(-root) * share, 100 + 10 * share],
      1e-12,
    );
    expect([...model.lengthScales]).toEqual([1, 4]);
  });

  it('is written as it was read', () => {
    for (const whole of [json, { ...json, weights: [1, 4] }, two]) {
      expect(throughJSON(gaussianProcessFromJSON(whole))).toEqual(whole);
    }
  });

  it.each([
    [{ kernel: 'linear' }, 'model.kernel: must be "rbf", "matern-3/2" or "matern-5/2"; got "linear"'],
    [{ input_scales: [] }, 'model.input_scales: must have 1 entries; got []'],
    [{ length_scales: [1, 2] }, 'model.length_scales: must have 1 numbers; got 2'],
    [{ x: [1] }, 'model.x: must have 2 numbers; got 1'],
    [{ weights: [1] }, 'model.weights: must have 2 numbers; got 1'],
    [{ signal_sd: null }, 'model.signal_sd: must be a finite number; got null'],
    [{ noise_sd: null }, 'model.noise_sd: must be a finite number; got null'],
    [{ target_scale: { mean: 1 } }, 'model.target_scale.sd: must be a finite number; got undefined'],
    [{ target_scale: { sd: 1 } }, 'model.target_scale.mean: must be a finite number; got undefined'],
    [{ input_scales: [{ mean: 1 }] }, 'model.input_scales[0].sd: must be a finite number; got undefined'],
    [{ input_scales: [{ sd: 1 }] }, 'model.input_scales[0].mean: must be a finite number; got undefined'],
    [{ y: 'a' }, 'model.y: must be a list; got "a"'],
  ])('refuses %j', (change, message) => {
    expect(refusalOf(() => gaussianProcessFromJSON({ ...json, ...change })).message).toBe(message);
  });

  it('refuses a covariance without a factor', () => {
    expect(refusalOf(() => gaussianProcessFromJSON({ ...json, signal_sd: 0, noise_sd: 0 }))).toMatchObject({
      code: 'regression/not-converged',
      message: 'covariance: must be positive definite; rounding has made it indefinite',
      expected: 'a positive definite covariance',
    });
  });
});

describe('gaussianProcess', () => {
  const x = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
  const y = x.map((v, i) => 3 + Math.sin(v / 2) + (i % 3 === 0 ? 0.1 : -0.05));
  const data = dataset(featuresOf({ x }), Float64Array.from(y));
  const fit = gaussianProcess(data, { restarts: 1 });

  it('ends at a maximum of the likelihood of the standardised data', () => {
    const { model, logLikelihood, converged, iterations } = fit;
    expect(converged).toBe(true);
    expect(iterations).toBeGreaterThan(2);
    expect(model.kernel).toBe('matern-5/2');
    const json = throughJSON(model) as Record<string, number[]> & { signal_sd: number; noise_sd: number };
    const rows = {
      x: Float64Array.from(json.x ?? []),
      y: Float64Array.from(json.y ?? []),
      weights: undefined,
    };
    expect(rows.y.reduce((s, v) => s + v, 0)).toAgree(0, 0, 1e-12);
    expect(rows.y.reduce((s, v) => s + v * v, 0)).toAgree(12, 1e-12);
    expect(rows.x.reduce((s, v) => s + v * v, 0)).toAgree(12, 1e-12);
    const theta = {
      lengthScales: Float64Array.from(json.length_scales ?? []),
      signalSd: json.signal_sd,
      noiseSd: json.noise_sd,
    };
    const at = (change: object) => factorise(rows, model.kernel, { ...theta, ...change })?.logLikelihood ?? 0;
    expect(at({})).toAgree(logLikelihood, 1e-12);
    for (const factor of [0.97, 1.03]) {
      expect(at({ lengthScales: theta.lengthScales.map((l) => factor * l) })).toBeLessThan(logLikelihood);
      expect(at({ signalSd: factor * theta.signalSd })).toBeLessThan(logLikelihood);
      expect(at({ noiseSd: factor * theta.noiseSd })).toBeLessThan(logLikelihood);
    }
  });

  it('restarts twice from seed 0 unless told otherwise, and never for the worse', () => {
    const plain = gaussianProcess(data);
    expect(plain.model.toJSON()).toEqual(gaussianProcess(data, { restarts: 2, seed: 0 }).model.toJSON());
    expect(plain.logLikelihood).toBeGreaterThanOrEqual(gaussianProcess(data, { restarts: 0 }).logLikelihood);
    // A weak sine in strong noise has two optima: a wave with little noise, and noise alone.
    const random = seededRandom(17, 'q');
    const at = Array.from({ length: 20 }, () => 5 * random());
    const normal = () => 1.7 * (random() + random() + random() + random() - 2);
    const noisy = dataset(
      featuresOf({ x: at }),
      Float64Array.from(at, (v) => 0.5 * Math.sin(3 * v) + 0.75 * normal()),
    );
    const scores = [0, 4, 5].map((restarts) => gaussianProcess(noisy, { restarts }).logLikelihood);
    expect(scores[1]).toBeGreaterThan(scores[0] + 1);
    expect(scores[2]).toBeGreaterThanOrEqual(scores[1]);
  });

  it('takes a row of weight 0 as absent, and weights as they are', () => {
    const target = data.target.with(5, 1e6);
    const weights = Float64Array.from(x, (_, i) => (i === 5 ? 0 : 1));
    const weighted = gaussianProcess(dataset(data.features, target, weights), { restarts: 0 }).model;
    const rest = x.filter((_, i) => i !== 5);
    const without = gaussianProcess(
      dataset(
        featuresOf({ x: rest }),
        Float64Array.from(rest, (i) => y[i]),
      ),
      { restarts: 0 },
    ).model;
    expect(weighted.predict(data.features)).toAgree(without.predict(data.features), 1e-9);
    expect(weighted.trainingRange.rows).toBe(11);
    const heavy = gaussianProcess(
      dataset(
        data.features,
        data.target,
        weights.map((w) => w + 1),
      ),
      { restarts: 0 },
    );
    expect(modelFromJSON(throughJSON(heavy.model)).predict(data.features)).toEqual(heavy.model.predict(data.features));
    expect(throughJSON(heavy.model)).toMatchObject({ weights: [2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2] });
  });

  it('calls noise what no function explains, and a constant feature irrelevant', () => {
    const jagged = dataset(
      featuresOf({ x: [...x, ...x], none: [...x, ...x].map(() => 7) }),
      Float64Array.from([...x.map((v) => v + 1), ...x.map((v) => v - 1)]),
    );
    const { noiseSd } = gaussianProcess(jagged, { restarts: 0 }).model;
    expect(noiseSd).toBeGreaterThan(0.8);
    expect(noiseSd).toBeLessThan(1.2);
  });

  it('refuses one row, a thousand and one, and half a restart', () => {
    const rows = (n: number) =>
      dataset(
        featuresOf({ x: Array.from({ length: n }, (_, i) => i) }),
        Float64Array.from({ length: n }, (_, i) => i),
      );
    expect(refusalOf(() => gaussianProcess(rows(1)))).toMatchObject({
      code: 'regression/not-enough-rows',
      message: 'rows: a Gaussian process needs at least 2; got 1',
      value: 1,
      expected: 'at least 2',
    });
    expect(refusalOf(() => gaussianProcess(rows(1001)))).toMatchObject({
      code: 'regression/bad-option',
      message: 'rows: a Gaussian process takes at most 1000; got 1001',
      value: 1001,
      expected: 'at most 1000',
    });
    expect(refusalOf(() => gaussianProcess(rows(5), { restarts: 0.5 })).message).toBe(
      'restarts: must be a whole number from 0; got 0.5',
    );
    expect(() => gaussianProcess(rows(2), { restarts: 0 })).not.toThrow();
  });
});
