import '@stepclock/vitest-matchers';
import { gaussSolve } from '@stepclock/made-data';
import { seededRandom } from '@stepclock/numerics';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { EXACT_ROWS, INDUCING_ROWS } from '../src/gaussian-process/gaussian-process.js';
import { inducingRows } from '../src/gaussian-process/inducing-rows.js';
import { Posterior } from '../src/gaussian-process/posterior.js';
import {
  type FeatureTable,
  featureTable,
  type GaussianProcessOptions,
  gaussianProcess,
  gaussianProcessOf,
  gaussianProcessParametersSchema,
  modelFromJSON,
} from '../src/index.js';
import { throughJSON } from './synthetic.js';

/** Hyperparameters as the model has them. */
interface Theta {
  readonly lengths: readonly number[];
  readonly signal: number;
  readonly noise: number;
  /** 0 without a trend. */
  readonly slope: number;
}

const thetaOf = (logs: ArrayLike<number>, d: number): Theta => ({
  lengths: Array.from({ length: d }, (_, k) => Math.exp(logs[k] ?? 0)),
  signal: Math.exp(logs[d] ?? 0),
  noise: Math.exp(logs[d + 1] ?? 0),
  slope: logs.length > d + 2 ? Math.exp(logs[d + 2] ?? 0) : 0,
});

/** Matern 5/2 (Rasmussen and Williams, equation 4.17), and a quadratic trend: the kernel `(1 + x x'/d)^2` without its constant. */
const kernel = (a: readonly number[], b: readonly number[], { lengths, signal, slope }: Theta): number => {
  const r = Math.sqrt(a.reduce((sum, value, k) => sum + ((value - (b[k] ?? 0)) / (lengths[k] ?? 1)) ** 2, 0));
  const matern = (1 + Math.sqrt(5) * r + (5 * r * r) / 3) * Math.exp(-Math.sqrt(5) * r);
  const product = a.reduce((sum, value, k) => sum + value * (b[k] ?? 0), 0);
  return signal ** 2 * matern + slope ** 2 * ((1 + product / a.length) ** 2 - 1);
};

/** The covariance of noisy values. 1e-8 is added to the noise, against rounding. */
const covariance = (x: readonly (readonly number[])[], theta: Theta): number[][] =>
  x.map((a, i) => x.map((b, j) => kernel(a, b, theta) + (i === j ? theta.noise ** 2 + 1e-8 : 0)));

/** Logarithm of the determinant of a symmetric matrix, by elimination. */
const logDeterminant = (matrix: readonly (readonly number[])[]): number => {
  const rows = matrix.map((row) => [...row]);
  let sum = 0;
  rows.forEach((row, j) => {
    sum += Math.log(row[j] ?? 0);
    for (const below of rows.slice(j + 1)) {
      const factor = (below[j] ?? 0) / (row[j] ?? 0);
      row.forEach((value, k) => {
        below[k] = (below[k] ?? 0) - factor * value;
      });
    }
  });
  return sum;
};

/** Minus the logarithm of likelihood times priors, without the constants that hyperparameters do not change. */
const objective = (
  x: readonly (readonly number[])[],
  y: readonly number[],
  logs: ArrayLike<number>,
  d: number,
): number => {
  const a = covariance(x, thetaOf(logs, d));
  const alpha = gaussSolve(a, y);
  const priors: [mean: number, sd: number][] = [
    ...Array.from({ length: d }, (): [number, number] => [Math.log(Math.sqrt(d)), 1]),
    [Math.log(0.8), 1],
    [Math.log(0.1), 1.5],
    [Math.log(0.5), 1],
  ];
  return (
    y.reduce((sum, value, i) => sum + value * (alpha[i] ?? 0), 0) / 2 +
    logDeterminant(a) / 2 +
    Array.from(logs).reduce((sum, log, k) => {
      const [mean, sd] = priors[k] ?? [0, 1];
      return sum + ((log - mean) / sd) ** 2 / 2;
    }, 0)
  );
};

const draw = (n: number, d: number, seed: number) => {
  const random = seededRandom(seed, 'process');
  const x = Array.from({ length: n }, () => Array.from({ length: d }, () => 3 * random() - 1.5));
  const y = x.map((row) => Math.sin(2 * (row[0] ?? 0)) + 0.3 * (row[1] ?? 0) ** 2 + 0.2 * random());
  return { x, y };
};

const rowMajor = (x: readonly (readonly number[])[]): Float64Array => Float64Array.from(x.flat());

describe.each([
  ['none', 9, 2],
  ['quadratic', 9, 2],
  ['none', 6, 3],
  ['quadratic', 5, 3],
  ['quadratic', 2, 1],
] as const)('Posterior of trend %s, %i rows, %i features', (trend, n, d) => {
  const { x, y } = draw(n, d, n + d);
  const made = () => new Posterior(rowMajor(x), Float64Array.from(y), d, trend);
  const size = d + (trend === 'quadratic' ? 3 : 2);
  const random = seededRandom(n, 'hyperparameters');
  const points = Array.from({ length: 4 }, () => Float64Array.from({ length: size }, () => 1.6 * random() - 1.2));

  it('has a length a feature, the signal, the noise and the trend', () => {
    const posterior = made();
    expect(posterior.size).toBe(size);
    const typical = [...Array.from({ length: d }, () => Math.log(d) / 2), Math.log(0.8), Math.log(0.1), Math.log(0.5)];
    expect(posterior.typical()).toAgree(typical.slice(0, size), 1e-12, 1e-12);
  });

  it('is minus the logarithm of likelihood times priors', () => {
    const posterior = made();
    for (const logs of points) expect(posterior.evaluate(logs).value).toAgree(objective(x, y, logs, d), 1e-9, 1e-9);
  });

  it('has the gradient of its value, by differences', () => {
    const posterior = made();
    for (const logs of points) {
      const differences = Array.from(logs, (_, k) => {
        const moved = (by: number) =>
          objective(
            x,
            y,
            logs.map((log, j) => log + (j === k ? by : 0)),
            d,
          );
        return (moved(1e-4) - moved(-1e-4)) / 2e-4;
      });
      expect(posterior.evaluate(logs).gradient).toAgree(differences, 1e-6, 1e-6);
    }
  });

  it('solves by the covariance', () => {
    const posterior = made();
    for (const logs of points) {
      const a = covariance(x, thetaOf(logs, d));
      expect(posterior.solution(logs) ?? []).toAgree(gaussSolve(a, y), 1e-7, 1e-9);
    }
  });

  it('is infinite where rounding leaves no positive definite covariance, and says so when it is to be solved', () => {
    const posterior = made();
    const beyond = new Float64Array(size).fill(800);
    expect(posterior.evaluate(beyond).value).toBe(Number.POSITIVE_INFINITY);
    expect(posterior.evaluate(beyond).gradient).toHaveLength(size);
    expect(posterior.solution(beyond)).toBeUndefined();
  });

  it('is looked for within twenty standard deviations of the priors', () => {
    const { lower, upper } = made().bounds();
    const typical = made().typical();
    expect(lower).toAgree(
      typical.map((mean, k) => mean - (k === d + 1 ? 30 : 20)),
      1e-12,
    );
    expect(upper).toAgree(
      typical.map((mean, k) => mean + (k === d + 1 ? 30 : 20)),
      1e-12,
    );
  });
});

const logsOf = ({ model }: ReturnType<typeof gaussianProcess>): Float64Array =>
  Float64Array.from(model.parameters.log_hyperparameters);

describe('gaussianProcess', () => {
  const table = (x: readonly (readonly number[])[]) =>
    featureTable(
      (x[0] ?? []).map((_, k) => `x${k}`),
      (x[0] ?? []).map((_, k) => Float64Array.from(x, (row) => row[k] ?? 0)),
    );
  const spreadOf = (values: readonly number[]): { mean: number; sd: number } => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    return { mean, sd: Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length) };
  };

  it.each(['none', 'quadratic'] as const)('of trend %s predicts as Gaussian conditioning does', (trend) => {
    const { x: shape, y: values } = draw(11, 2, 3);
    // Other scales: the process standardises.
    const x = shape.map(([a = 0, b = 0]) => [40 + 7 * a, 0.03 * b]);
    const y = values.map((value) => 200 + 30 * value);
    const asked = draw(5, 2, 8).x.map(([a = 0, b = 0]) => [40 + 9 * a, 0.04 * b]);
    const fit = gaussianProcess(table(x), Float64Array.from(y), { trend });
    const { model } = fit;
    const scales = [0, 1].map((k) => spreadOf(x.map((row) => row[k] ?? 0)));
    const goal = spreadOf(y);
    const standard = (rows: readonly (readonly number[])[]) =>
      rows.map((row) => row.map((value, k) => (value - (scales[k]?.mean ?? 0)) / (scales[k]?.sd ?? 1)));
    const theta = thetaOf(logsOf(fit), 2);
    const [z, t] = [standard(x), y.map((value) => (value - goal.mean) / goal.sd)];
    const conditioned = (rows: readonly number[], at: readonly number[]): number => {
      const known = rows.map((row) => z[row] ?? []);
      const alpha = gaussSolve(
        covariance(known, theta),
        rows.map((row) => t[row] ?? 0),
      );
      return goal.mean + goal.sd * known.reduce((sum, row, i) => sum + kernel(row, at, theta) * (alpha[i] ?? 0), 0);
    };
    const all = [...y.keys()];
    const want = standard(asked).map((row) => conditioned(all, row));
    expect(model.predict(table(asked))).toAgree(want, 1e-7);
    // At the maximum: no step of a tenth along any hyperparameter gains what the search would have gone on for.
    const logs = logsOf(fit);
    expect([...fit.optimum.x]).toEqual([...logs]);
    expect(fit.optimum.converged).toBe(true);
    const here = objective(z, t, logs, 2);
    logs.forEach((_, k) => {
      for (const by of [-0.1, 0.1]) {
        expect(
          objective(
            z,
            t,
            logs.map((log, j) => log + (j === k ? by : 0)),
            2,
          ),
        ).toBeGreaterThan(here - 0.01);
      }
    });
    for (const again of [
      modelFromJSON(throughJSON(model)),
      gaussianProcessOf(v.parse(gaussianProcessParametersSchema, throughJSON(model))),
    ]) {
      expect(again.predict(table(asked))).toEqual(model.predict(table(asked)));
    }
    expect(model.parameters.features).toEqual([
      { name: 'x0', mean: expect.closeTo(scales[0]?.mean ?? 0, 9), sd: expect.closeTo(scales[0]?.sd ?? 0, 9) },
      { name: 'x1', mean: expect.closeTo(scales[1]?.mean ?? 0, 9), sd: expect.closeTo(scales[1]?.sd ?? 0, 9) },
    ]);
  });

  it('has no trend unless asked for, and starts near another of its kind', () => {
    const { x, y } = draw(10, 2, 4);
    const fit = (options: GaussianProcessOptions) => gaussianProcess(table(x), Float64Array.from(y), options);
    const plain = fit({});
    const near = plain.optimum;
    expect(near.x).toHaveLength(4);
    expect(fit({ trend: 'none' }).model.parameters).toEqual(plain.model.parameters);
    // No iteration: where it starts. From another process there, from the priors otherwise.
    expect([...fit({ near, maxIterations: 0 }).optimum.x]).toEqual([...near.x]);
    const typical = [Math.log(2) / 2, Math.log(2) / 2, Math.log(0.8), Math.log(0.1), Math.log(0.5)];
    expect(fit({ maxIterations: 0 }).optimum.x).toAgree(typical.slice(0, 4), 1e-12);
    // One of another trend has other hyperparameters.
    expect(fit({ near, trend: 'quadratic', maxIterations: 0 }).optimum.x).toAgree(typical, 1e-12);
    expect([...fit({ maxIterations: 1 }).optimum.x]).not.toEqual([...near.x]);
    // Started at the optimum, a search has nothing left to gain.
    expect(fit({ near, maxIterations: 6 }).optimum.x).toAgree(near.x, 0.2, 0.05);
  });

  it('takes features and targets that do not move', () => {
    const { x, y } = draw(6, 2, 5);
    const still = x.map(([a = 0]) => [a, 1e9 / 3]);
    const { model: process } = gaussianProcess(table(still), Float64Array.from(y));
    expect(process.parameters.features[1]?.sd).toBe(1);
    expect(process.predict(table(still)).every(Number.isFinite)).toBe(true);
    // Movements within the rounding of the values are none either.
    const rounding = x.map(([a = 0], i) => [a, 1e6 + 1e-5 * i]);
    expect(gaussianProcess(table(rounding), Float64Array.from(y)).model.parameters.features[1]?.sd).toBe(1);
    const { model: constant } = gaussianProcess(table(x), new Float64Array(6).fill(7));
    expect(constant.parameters.target).toEqual({ mean: 7, sd: 1 });
    expect(constant.predict(table(x))).toAgree(new Float64Array(6).fill(7), 1e-12);
    // Small movements of small numbers are movements.
    const { model: tiny } = gaussianProcess(
      table(x.map((row) => row.map((value) => 1e-7 * value))),
      Float64Array.from(y),
    );
    expect(tiny.parameters.features[1]?.sd).toBeLessThan(1e-6);
  });

  it('needs two rows', () => {
    const { x, y } = draw(2, 2, 6);
    expect(gaussianProcess(table(x), Float64Array.from(y)).model.predict(table(x))).toHaveLength(2);
    expect(() => gaussianProcess(table(x.slice(1)), Float64Array.from(y.slice(1)))).toThrow(
      'rows of a Gaussian process: must be at least 2; got 1',
    );
  });
});

describe('a process of many rows', () => {
  const columns = (n: number, seed: number): FeatureTable => {
    const random = seededRandom(seed, 'many');
    return featureTable(
      ['a', 'b'],
      [0, 1].map(() => Float64Array.from({ length: n }, () => 4 * random() - 2)),
    );
  };
  const surface = ({ columns: [a, b] }: FeatureTable): Float64Array =>
    a.map((value, i) => Math.sin(2 * value) + 0.5 * value * b[i] + Math.cos(b[i]));

  it('is close to the truth with all of them behind it, and keeps as many rows as stand for them', () => {
    const features = columns(EXACT_ROWS + 300, 1);
    const random = seededRandom(2, 'noise');
    const { model } = gaussianProcess(
      features,
      surface(features).map((value) => value + 0.1 * (random() - 0.5)),
    );
    expect(model.parameters.alpha).toHaveLength(INDUCING_ROWS);
    expect(model.trainingRange.rows).toBe(EXACT_ROWS + 300);
    const test = columns(200, 3);
    const off = model.predict(test).map((value, i) => value - surface(test)[i]);
    // Noise of 0.029 (uniform over 0.1), averaged by the smoothness.
    expect(Math.sqrt(off.reduce((sum, value) => sum + value * value, 0) / 200)).toBeLessThan(0.015);
  });

  it('does not depend on the order of the rows', () => {
    const features = columns(EXACT_ROWS + 50, 4);
    const reversed = featureTable(
      features.names,
      features.columns.map((column) => column.slice().reverse()),
    );
    const test = columns(20, 5);
    const [plain, other] = [features, reversed].map((table) =>
      gaussianProcess(table, surface(table), { maxIterations: 3 }).model.predict(test),
    );
    expect(other).toAgree(plain, 1e-6, 1e-6);
  });

  it('chooses the middle, then the corners', () => {
    const x = Float64Array.of(0.1, 0, 2, 2, -2, -2, 0.2, 0.1, 0.1, 0);
    expect([...inducingRows(x, 2, 3)].sort()).toEqual([0, 1, 2]);
    // Rows of no distance come last, each once.
    expect([...inducingRows(x, 2, 5)].sort()).toEqual([0, 1, 2, 3, 4]);
  });
});
