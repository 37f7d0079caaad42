import '@stepclock/vitest-matchers';
import { seededRandom, tQuantile } from '@stepclock/numerics';
import { inverse, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { carriedCovariance } from '../src/step-clock/carried-coefficients.js';
import { clockProblem } from '../src/step-clock/clock-problem.js';
import { startState } from '../src/step-clock/clock-state.js';
import type { ClusterRows } from '../src/step-clock/clusters.js';
import type { ClockFit } from '../src/step-clock/fit-clock.js';
import { identifiability } from '../src/step-clock/identifiability.js';
import { blockIntervals } from '../src/step-clock/intervals.js';
import { contextPays } from '../src/step-clock/model-choice.js';
import { residualSeconds } from '../src/step-clock/refine.js';
import { reducedBlocks, rowBlocks } from '../src/step-clock/row-blocks.js';
import { fitRows, rowColumns, rowWeights, type StepBetas, type Width } from '../src/step-clock/row-fit.js';
import { traceColumns } from '../src/step-clock/trace-columns.js';
import { BETA, type ListedRow, rowsOf, variedRows } from './cluster-rows.js';
import { decode, prefill, tableOf, twoRequests } from './phase-list.js';

/** Normal numbers from a seed. */
const normals = (count: number, seed: number): number[] => {
  const random = seededRandom(seed, 'normal');
  return Array.from({ length: count }, () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
};

/** Rows of noisy steps: each row's time is off by `sigma` of it over the root of its steps. */
const noisyRows = (list: readonly ListedRow[], beta: StepBetas, sigma: number, seed: number): ClusterRows => {
  const clean = rowsOf(list, beta);
  const z = normals(list.length, seed);
  const seconds = clean.seconds.map((s, i) => s * (1 + (sigma * z[i]) / Math.sqrt(clean.steps[i])));
  return { ...clean, seconds };
};

const fitted = (rows: ClusterRows, width: Width) => {
  const weights = rowWeights(rows, undefined);
  return { rows, weights, beta: fitRows(rows, width, weights) };
};

/** The textbook: coefficients of weighted least squares by normal equations, and the inverse of `A'WA`. */
const textbook = (
  rows: ClusterRows,
  width: Width,
  weights: Float64Array,
  keep: (row: number) => boolean = () => true,
) => {
  const columns = rowColumns(rows, width);
  const norms = columns.map((c) => Math.hypot(...c));
  const gram = Matrix.zeros(width, width);
  const right = Matrix.zeros(width, 1);
  for (let i = 0; i < rows.length; i++) {
    if (!keep(i)) continue;
    const unit = columns.map((c, j) => c[i] / norms[j]);
    for (const [j, u] of unit.entries()) {
      const weighted = weights[i] * u;
      for (const [l, v] of unit.entries()) gram.set(j, l, gram.get(j, l) + weighted * v);
      right.set(j, 0, right.get(j, 0) + weighted * rows.seconds[i]);
    }
  }
  const inverted = inverse(gram);
  const beta = inverted
    .mmul(right)
    .to1DArray()
    .map((x, j) => x / norms[j]);
  return {
    beta,
    gram: norms.map((ni, i) => norms.map((nj, j) => inverted.get(i, j) / (ni * nj))),
    rss: columns[0]?.reduce((sum, _, i) => {
      const fit = columns.reduce((s, c, j) => s + beta[j] * c[i], 0);
      return sum + weights[i] * (rows.seconds[i] - fit) ** 2;
    }, 0),
  };
};

describe('intervals', () => {
  const list = variedRows(200, true);
  const { rows, weights, beta } = fitted(noisyRows(list, BETA, 0.05, 3), 4);
  const blocks = rowBlocks(rows, 40);

  it('are the delete-one-block jackknife with Student t', () => {
    const got = blockIntervals(rows, 4, weights, beta, 0.9);
    const left = blocks.map(([from, to]) => textbook(rows, 4, weights, (i) => i < from || i >= to).beta);
    const g = blocks.length;
    expect(g).toBe(40);
    expect(got?.blocks).toBe(40);
    expect(got?.level).toBe(0.9);
    const mean = [0, 1, 2, 3].map((j) => left.reduce((sum, b) => sum + b[j], 0) / g);
    for (const i of [0, 1, 2, 3]) {
      const covariance = [0, 1, 2, 3].map(
        (j) => ((g - 1) / g) * left.reduce((sum, b) => sum + (b[i] - mean[i]) * (b[j] - mean[j]), 0),
      );
      expect(got?.covariance[i]).toAgree(covariance, 1e-6, 1e-8 * Math.max(...covariance.map(Math.abs)));
      const half = tQuantile(0.95, 39) * Math.sqrt(covariance[i]);
      const interval = got?.[`beta${i as 0 | 1 | 2 | 3}`] ?? [0, 0];
      expect(interval).toAgree([beta[i] - half, beta[i] + half], 1e-6);
    }
  });

  it('has three coefficients in the linear model', () => {
    const linear = fitted(noisyRows(variedRows(200, false), BETA, 0.05, 3), 3);
    const got = blockIntervals(linear.rows, 3, linear.weights, linear.beta, 0.95);
    expect(got?.covariance.map((row) => row.length)).toEqual([3, 3, 3]);
    expect(got).not.toHaveProperty('beta3');
  });

  it('reach to zero and not below, and a coefficient at the bound has one', () => {
    const costless = noisyRows(list, [6e-3, 2e-5, 1.2e-4, 0], 0.05, 4);
    const w = rowWeights(costless, undefined);
    const b = fitRows(costless, 4, w);
    const held: StepBetas = [b[0], b[1], b[2], 0];
    const got = blockIntervals(costless, 4, w, held, 0.95);
    expect(got?.beta3?.[0]).toBe(0);
    expect(got?.beta0[0]).toBeGreaterThan(0);
    // Without each block it may come off the bound, so the others' coefficients are those of the bounded fit.
    const left = rowBlocks(costless, 40).map(([from, to]) =>
      fitRows(
        costless,
        4,
        w.map((v, i) => (i >= from && i < to ? 0 : v)),
      ),
    );
    const mean = left.reduce((sum, v) => sum + v[0], 0) / 40;
    const variance = (left.reduce((sum, v) => sum + (v[0] - mean) ** 2, 0) * 39) / 40;
    expect(got?.covariance[0]?.[0]).toAgree(variance, 1e-6);
  });

  it('keep their digits on a trace without noise: a millionth of the noise is a millionth of the interval', () => {
    const widths = (sigma: number) => {
      const near = noisyRows(list, BETA, sigma, 5);
      const got = blockIntervals(near, 4, weights, BETA, 0.95);
      return [0, 1, 2, 3].map((j) => Math.sqrt(got?.covariance[j]?.[j] ?? 0) / sigma);
    };
    expect(widths(1e-13)).toAgree(widths(1e-7), 5e-3);
  });

  it('where a coefficient lies at the bound are of the bounded fit, whoever carries the others', () => {
    // Row 7 alone holds prefill tokens, and decodes cost nothing.
    const lone = variedRows(60, false).map(
      ([k, , n, c], i): ListedRow => [i === 7 ? 400 : k, i === 7 ? 90_000 : 0, n, c],
    );
    const held = noisyRows(lone, [6e-3, 2e-5, 0, 0], 0.05, 8);
    const w = rowWeights(held, undefined);
    const found = fitRows(held, 3, w);
    const got = blockIntervals(held, 3, w, [found[0], found[1], 0, 0], 0.95);
    const left = rowBlocks(held, 40).map(([from, to]) =>
      fitRows(
        held,
        3,
        w.map((v, i) => (i >= from && i < to ? 0 : v)),
      ),
    );
    const mean = left.reduce((sum, v) => sum + v[1], 0) / left.length;
    const variance = (left.reduce((sum, v) => sum + (v[1] - mean) ** 2, 0) * (left.length - 1)) / left.length;
    expect(got?.covariance[1]?.[1]).toAgree(variance, 1e-6);
  });

  it('where a block alone keeps a coefficient off the bound are of the bounded fit as well', () => {
    // Steps of hardly any cost of context: without some blocks it comes out below zero.
    const trial = (seed: number) => {
      const faint = noisyRows(list, [6e-3, 2e-5, 1.2e-4, 2e-9], 0.05, seed);
      const w = rowWeights(faint, undefined);
      const left = rowBlocks(faint, 40).map(([from, to]) =>
        fitRows(
          faint,
          4,
          w.map((v, i) => (i >= from && i < to ? 0 : v)),
        ),
      );
      return { faint, w, left, found: fitRows(faint, 4, w) };
    };
    const such = Array.from({ length: 30 }, (_, seed) => trial(seed)).find(
      ({ left, found }) => found.every((b) => b > 0) && left.some((b) => b[3] === 0),
    );
    if (such === undefined) throw new Error('no seed makes such rows');
    const { faint, w, left, found } = such;
    const got = blockIntervals(faint, 4, w, found, 0.95);
    for (const j of [0, 3] as const) {
      const mean = left.reduce((sum, v) => sum + v[j], 0) / left.length;
      const variance = (left.reduce((sum, v) => sum + (v[j] - mean) ** 2, 0) * (left.length - 1)) / left.length;
      expect(got?.covariance[j]?.[j]).toAgree(variance, 1e-6);
    }
  });

  it('need ten blocks', () => {
    const few = (count: number) => {
      const { rows: r, weights: w, beta: b } = fitted(noisyRows(list.slice(0, count), BETA, 0.05, 3), 4);
      return blockIntervals(r, 4, w, b, 0.95);
    };
    expect(few(9)).toBeUndefined();
    expect(few(10)?.blocks).toBe(10);
  });
});

describe('where one cluster carries a coefficient', () => {
  // Row 7 alone holds prefill tokens.
  const list = variedRows(60, false).map(
    ([k, , n, c], i): ListedRow => [i === 7 ? 400 : k, i === 7 ? 90_000 : 0, n, c],
  );
  const { rows, weights, beta } = fitted(noisyRows(list, [6e-3, 2e-5, 1.2e-4, 0], 0.05, 8), 3);

  it('intervals are those of least squares, for its clock may be off by a step', () => {
    const got = blockIntervals(rows, 3, weights, beta, 0.95);
    const { gram, rss } = textbook(rows, 3, weights);
    const lightest = Math.min(...weights);
    const variance = Math.max(lightest * beta[0] ** 2, rss / (60 - 3));
    for (const i of [0, 1, 2]) {
      expect(got?.covariance[i]).toAgree(
        gram[i].map((v) => variance * v),
        1e-6,
      );
    }
  });

  it('and where the noise is small it is that step that counts', () => {
    const clean = fitted(noisyRows(list, [6e-3, 2e-5, 1.2e-4, 0], 1e-6, 8), 3);
    const got = blockIntervals(clean.rows, 3, clean.weights, clean.beta, 0.95);
    const { gram } = textbook(clean.rows, 3, clean.weights);
    const variance = Math.min(...clean.weights) * clean.beta[0] ** 2;
    expect(got?.covariance[1]?.[1]).toAgree(variance * gram[1]?.[1], 1e-6);
  });

  it('rows of no weight are none: they do not count, nor are they the lightest', () => {
    const zeroed = weights.map((w, i) => (i === 20 || i === 40 ? 0 : w));
    const got = blockIntervals(rows, 3, zeroed, beta, 0.95);
    const { gram, rss } = textbook(rows, 3, zeroed);
    const at = fitRows(rows, 3, zeroed);
    expect(at).toAgree(beta, 0.1);
    const lightest = Math.min(...zeroed.filter((w) => w > 0));
    // The residual is that of the coefficients given; least squares takes off what another fit would.
    const variance = Math.max(lightest * beta[0] ** 2, rss / (58 - 3));
    expect(got?.covariance[1]?.[1]).toAgree(variance * gram[1]?.[1], 1e-6);
  });

  const partsOf = (r: ClusterRows, w: Float64Array, b: StepBetas, width: Width) =>
    reducedBlocks(rowColumns(r, width), residualSeconds(r, b), w, rowBlocks(r, 20));

  it('is told from a coefficient that many carry', () => {
    expect(carriedCovariance(partsOf(rows, weights, beta, 3), 60, 0)).toBeDefined();
    const many = fitted(noisyRows(variedRows(60, false), [6e-3, 2e-5, 1.2e-4, 0], 0.05, 8), 3);
    expect(carriedCovariance(partsOf(many.rows, many.weights, many.beta, 3), 60, 0)).toBeUndefined();
  });

  it('by its variance: twenty-five times larger without the block', () => {
    // Prefill tokens in two rows, weighing s and 1: without the heavy one the variance of beta1 is 1 + s times larger.
    const carries = (s: number): boolean => {
      const pair: ListedRow[] = Array.from({ length: 40 }, (_, i): ListedRow => [1, 0, i % 5, 0]);
      const two = rowsOf(pair, [6e-3, 0, 1.2e-4, 0]);
      const columns = rowColumns(two, 3);
      const tokens = columns[1];
      tokens[4] = 1e-3;
      // Rows of their own, that hold nothing but prefill tokens.
      columns[0]?.fill(0, 4, 5);
      columns[2]?.fill(0, 4, 5);
      columns[0]?.fill(0, 30, 31);
      columns[2]?.fill(0, 30, 31);
      tokens[30] = 1e-3 * Math.sqrt(s);
      const blocks = Array.from({ length: 20 }, (_, b): [number, number] => [2 * b, 2 * b + 2]);
      const parts = reducedBlocks(columns, two.seconds, new Float64Array(40).fill(1), blocks);
      return carriedCovariance(parts, 40, 0) !== undefined;
    };
    expect(carries(23.5)).toBe(false);
    expect(carries(24.5)).toBe(true);
  });

  it('has no answer without full rank, or with no more rows than coefficients', () => {
    const none = rowsOf(
      list.map(([k, , n]): ListedRow => [k, 0, n, 0]),
      [6e-3, 0, 1.2e-4, 0],
    );
    expect(
      carriedCovariance(partsOf(none, rowWeights(none, undefined), [6e-3, 0, 1.2e-4, 0], 3), 60, 1),
    ).toBeUndefined();
    const same = rowsOf(
      list.map(([k, p]): ListedRow => [k, p, 3, 0]),
      BETA,
    );
    expect(carriedCovariance(partsOf(same, rowWeights(same, undefined), BETA, 3), 60, 1)).toBeUndefined();
    expect(carriedCovariance(partsOf(rows, weights, beta, 3), 3, 1)).toBeUndefined();
    expect(carriedCovariance(partsOf(rows, weights, beta, 3), 4, 1)).toBeDefined();
  });
});

describe('the context term pays', () => {
  const of = (rows: ClusterRows, beta?: StepBetas): ClockFit => {
    const { weights, beta: found } = fitted(rows, 4);
    return { rows, weights, beta: beta ?? found } as unknown as ClockFit;
  };
  const list = variedRows(120, true);

  it('where it predicts what it was not fitted on', () => {
    expect(contextPays(of(noisyRows(list, [6e-3, 2e-5, 1.2e-4, 2e-6], 0.02, 1)))).toBe(true);
    expect(contextPays(of(rowsOf(list, [6e-3, 2e-5, 1.2e-4, 2e-6])))).toBe(true);
  });

  it('not where engines have none, whatever noise makes of it', () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      expect(contextPays(of(noisyRows(list, [6e-3, 2e-5, 1.2e-4, 0], 0.05, seed)))).toBe(false);
    }
  });

  it('not where it is less than a hundredth of the time, however clear', () => {
    const share = (beta3: number): number => {
      const rows = rowsOf(list, [6e-3, 2e-5, 1.2e-4, beta3]);
      const context = rows.contextTokens.reduce((a, b) => a + b, 0);
      return (beta3 * context) / rows.seconds.reduce((a, b) => a + b, 0);
    };
    expect(share(1.1e-8)).toBeLessThan(0.01);
    expect(share(1.7e-8)).toBeGreaterThan(0.01);
    expect(contextPays(of(rowsOf(list, [6e-3, 2e-5, 1.2e-4, 1.1e-8])))).toBe(false);
    expect(contextPays(of(rowsOf(list, [6e-3, 2e-5, 1.2e-4, 1.7e-8])))).toBe(true);
  });

  it('not at the price of a step without fixed cost', () => {
    const rows = rowsOf(list, [0, 2e-5, 1.2e-4, 2e-6]);
    expect(contextPays(of(rows, [0, 2e-5, 1.2e-4, 2e-6]))).toBe(false);
    expect(contextPays(of(rows, [1e-12, 2e-5, 1.2e-4, 2e-6]))).toBe(true);
  });

  /** The rule as it reads, on coefficients of the textbook; undefined where a bound has a say. */
  const plainly = (rows: ClusterRows, weights: Float64Array, beta: StepBetas) => {
    const blocks = rowBlocks(rows, 10);
    const losses = ([3, 4] as const).map((width) =>
      blocks.map(([from, to]) => {
        const held = textbook(rows, width, weights, (i) => i < from || i >= to).beta;
        if (held.some((b) => b <= 0)) return Number.NaN;
        const columns = rowColumns(rows, width);
        return Array.from({ length: to - from }, (_, q) => from + q).reduce((loss, i) => {
          const seconds = columns.reduce((sum, c, j) => sum + held[j] * c[i], 0);
          return loss + weights[i] * (rows.seconds[i] - seconds) ** 2;
        }, 0);
      }),
    ) as [number[], number[]];
    if (losses.flat().some(Number.isNaN)) return undefined;
    const [linear, kv] = losses;
    const sum = (column: ArrayLike<number>): number => Array.from(column).reduce((a, b) => a + b, 0);
    const gains = linear.map((loss, b) => loss - kv[b]);
    const mean = sum(gains) / blocks.length;
    const error = Math.sqrt(sum(gains.map((g) => (g - mean) ** 2)) / (blocks.length - 1) / blocks.length);
    const share = (beta[3] * sum(rows.contextTokens)) / sum(rows.seconds);
    const variance = blockIntervals(rows, 4, weights, beta, 0.95)?.covariance[3]?.[3] ?? Number.POSITIVE_INFINITY;
    const wins = gains.filter((g) => g > 0).length >= blocks.length - 1 && sum(kv) < 0.5 * sum(linear);
    const gain = mean > 1e-3 * (sum(linear) / blocks.length);
    const clear = mean > 2 * error;
    const material = share > 0.05 && beta[3] > 2 * Math.sqrt(variance);
    return { pays: share > 0.01 && (wins || (gain && (clear || material))), wins, gain, clear, material };
  };

  it('by winning nearly all blocks, by a clear gain, or by a material one that is told from zero', () => {
    const seen = { wins: 0, clear: 0, material: 0, unclear: 0, none: 0 };
    const short = list.map(([k, p, n, c], i): ListedRow => [k, p, n, i < 108 ? c / 100 : c]);
    for (const [rowsOfCase, costs, noises] of [
      [list.slice(0, 80), [2e-8, 6e-8, 1e-7, 2e-7], [0.1, 0.2, 0.4]],
      // Context in the last block alone: it holds nearly all of the gain.
      [short, [2e-7, 6e-7, 2e-6], [1e-3, 1e-2, 0.05]],
    ] as const) {
      for (const beta3 of costs) {
        for (const sigma of noises) {
          for (const seed of [1, 2]) {
            const fit = of(noisyRows(rowsOfCase, [6e-3, 2e-5, 1.2e-4, beta3], sigma, seed));
            const plain = plainly(fit.rows, fit.weights, fit.beta);
            if (plain === undefined || fit.beta[0] === 0) continue;
            expect(contextPays(fit)).toBe(plain.pays);
            if (plain.wins && !plain.clear && !plain.material) seen.wins++;
            else if (plain.clear && !plain.wins && !plain.material) seen.clear++;
            else if (plain.material && plain.gain && !plain.wins && !plain.clear) seen.material++;
            else if (plain.gain && !plain.pays) seen.unclear++;
            else if (!plain.gain) seen.none++;
          }
        }
      }
    }
    // Every way of the rule has been gone.
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(0);
  });

  it('not where there are fewer than six blocks to be tried on', () => {
    // Long rows make few blocks: each of a sixth, or of a fifth, of all steps.
    const long = (count: number) =>
      rowsOf(
        Array.from({ length: count }, (_, i): ListedRow => [100, 1000 * (i % 2), i % 4, 9000 * ((i * 2) % 3)]),
        [6e-3, 2e-5, 1.2e-4, 2e-6],
      );
    expect(contextPays(of(long(6)))).toBe(true);
    expect(contextPays(of(long(5)))).toBe(false);
  });
});

describe('identifiability', () => {
  const problem = clockProblem(traceColumns(tableOf(twoRequests)));
  const state = startState(problem);
  const told = (rows: ClusterRows, width: Width, beta: StepBetas) =>
    identifiability(problem, state, rows, new Float64Array(rows.length).fill(1), width, beta, null);

  it('the condition number is that of the weighted design with columns of length 1', () => {
    // Columns (1, 1), (1, 0): unit columns at 45 degrees have singular values sqrt(1 +- 1/sqrt 2).
    const rows: ClusterRows = {
      length: 3,
      seconds: Float64Array.of(1, 1, 1),
      steps: Float64Array.of(5, 5, 0),
      prefillTokens: Float64Array.of(300, 0, 0),
      decodeTokens: Float64Array.of(0, 0, 7),
      contextTokens: new Float64Array(3),
    };
    const root = Math.SQRT1_2;
    const got = told(rows, 3, BETA);
    expect(got.conditionNumber).toAgree(Math.sqrt((1 + root) / (1 - root)), 1e-9);
    expect(got.confused).toEqual([]);
    // Weighing the second row down turns them towards each other.
    const heavy = identifiability(problem, state, rows, Float64Array.of(1, 1 / 3, 1), 3, BETA, null);
    const cosine = Math.sqrt(3) / 2;
    expect(heavy.conditionNumber).toAgree(Math.sqrt((1 + cosine) / (1 - cosine)), 1e-9);
  });

  /** Columns at a given angle; decode tokens at right angles to both. */
  const tilted = (angle: number): ClusterRows => ({
    length: 3,
    seconds: Float64Array.of(1, 1, 1),
    steps: Float64Array.of(1, 0, 0),
    prefillTokens: Float64Array.of(1000 * Math.cos(angle), 1000 * Math.sin(angle), 0),
    decodeTokens: Float64Array.of(0, 0, 50),
    contextTokens: new Float64Array(3),
  });

  it('names pairs whose errors are correlated by more than 0.98: minus the cosine of their angle', () => {
    expect(told(tilted(Math.acos(0.979)), 3, BETA).confused).toEqual([]);
    const [only, ...others] = told(tilted(Math.acos(0.985)), 3, BETA).confused;
    expect(others).toEqual([]);
    expect(only?.pair).toEqual(['beta0', 'beta1']);
    expect(only?.correlation).toAgree(-0.985, 1e-9);
    const away = told(tilted(Math.PI - Math.acos(0.985)), 3, BETA).confused;
    expect(away[0]?.correlation).toAgree(0.985, 1e-9);
  });

  it('pairs that point the same way are dependent, and there is no condition number', () => {
    const same = told(tilted(0), 3, BETA);
    expect(same.conditionNumber).toBeNull();
    expect(same.confused).toEqual([{ pair: ['beta0', 'beta1'], correlation: -1 }]);
    const nearly = told(tilted(1e-8), 3, BETA);
    expect(nearly.confused).toEqual([{ pair: ['beta0', 'beta1'], correlation: -1 }]);
    // Three that depend on each other, no two of them alone.
    const three = told(
      {
        ...tilted(1),
        decodeTokens: tilted(1).steps.map((k, i) => 7 * k + 0.05 * tilted(1).prefillTokens[i]),
      },
      3,
      BETA,
    );
    expect(three.conditionNumber).toBeNull();
    expect(three.confused).toEqual([]);
  });

  it('knows columns of zeros from coefficients that the bound holds', () => {
    const rows = { ...tilted(1), decodeTokens: new Float64Array(3) };
    const got = told(rows, 3, [1, 0, 0, 0]);
    expect(got.absent).toEqual(['beta2']);
    expect(got.atBound).toEqual(['beta1']);
    expect(got.conditionNumber).toBeNull();
    expect(got.confused).toEqual([]);
    const nothing = told({ ...rows, steps: new Float64Array(3), prefillTokens: new Float64Array(3) }, 3, [0, 0, 0, 0]);
    expect(nothing.absent).toEqual(['beta0', 'beta1', 'beta2']);
    expect(nothing.atBound).toEqual([]);
    expect(nothing.confused).toEqual([]);
  });

  it('knows the fourth coefficient in the model that has it', () => {
    const rows = rowsOf(variedRows(30, true), BETA);
    expect(told(rows, 4, [1, 1, 1, 0]).atBound).toEqual(['beta3']);
    expect(told(rows, 3, [1, 1, 1, 0]).atBound).toEqual([]);
    const blind = rowsOf(variedRows(30, false), BETA);
    expect(told(blind, 4, [1, 1, 1, 0]).absent).toEqual(['beta3']);
    expect(told(blind, 3, [1, 1, 1, 0]).absent).toEqual([]);
  });

  it('gives the range of compositions, per step, of segments that took at least half of one', () => {
    const seen = startState(problem);
    seen.steps.set([2, 0.5, 0.4, 4]);
    seen.shares.tokens.set([100, 60, 900, 0]);
    seen.context.set([0, 40, 9000, 80]);
    const { compositions } = identifiability(problem, seen, tilted(1), new Float64Array(3).fill(1), 3, BETA, null);
    expect(compositions).toEqual({ prefillTokens: [0, 120], decodeSeqs: [0, 1], contextTokens: [0, 80] });
    // A step holds no more than the engine's budget: 60 tokens in half a step are no 120 in one; a decode takes one of them.
    const within = (budget: number) =>
      identifiability(problem, seen, tilted(1), new Float64Array(3).fill(1), 3, BETA, budget).compositions
        .prefillTokens;
    expect([within(101), within(60), within(120), within(200)]).toEqual([
      [0, 100],
      [0, 59],
      [0, 119],
      [0, 120],
    ]);
    expect(told(tilted(1), 3, BETA).compositions).toEqual({
      prefillTokens: [0, 0],
      decodeSeqs: [0, 0],
      contextTokens: [0, 0],
    });
  });

  it('leaves out half a percent of the segments at either end, and what belongs to no cluster', () => {
    const many = clockProblem(
      traceColumns(
        tableOf([...Array.from({ length: 400 }, (_, i) => decode(`${i}`, i, i + 1, 1)), prefill('x', 500, 501, 5)]),
      ),
    );
    const seen = startState(many);
    const count = seen.steps.length;
    expect(count).toBe(402);
    seen.steps.fill(1);
    seen.shares.tokens.set(Float64Array.from({ length: count }, (_, j) => j));
    const { compositions } = identifiability(many, seen, tilted(1), new Float64Array(3).fill(1), 3, BETA, null);
    // 401 segments, without the idle one (400): two at either end are left out.
    expect(compositions.prefillTokens).toEqual([2, 398]);
    expect(compositions.decodeSeqs).toEqual([1, 1]);
  });
});
