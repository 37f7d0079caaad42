import '@stepclock/vitest-matchers';
import { reduceRows } from '@stepclock/nnls-solver';
import { seededRandom } from '@stepclock/numerics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClusterRows } from '../src/step-clock/clusters.js';
import { rowNoise } from '../src/step-clock/noise.js';
import { freeCoefficients, refined, residualSeconds, solved } from '../src/step-clock/refine.js';
import { robustFit } from '../src/step-clock/robust-fit.js';
import { reducedBlocks, rowBlocks } from '../src/step-clock/row-blocks.js';
import { evenWeights, fitRows, predictedSeconds, rowColumns, rowWeights } from '../src/step-clock/row-fit.js';
import { BETA, type ListedRow, rowsOf, variedRows } from './cluster-rows.js';

const residuals = [0.001, -0.002, 0.003, -0.001, 0.002];

describe('a row of the regression', () => {
  const rows = rowsOf([[2, 300, 5, 1000]], [0, 0, 0, 0], [0.05]);

  it('is predicted by what it holds: steps, prefill tokens, tokens of its decodes, context read', () => {
    expect(predictedSeconds(rows, [0.006, 2e-5, 1e-4, 1e-7], 0)).toAgree(0.012 + 0.006 + 0.001 + 0.0002, 1e-14);
    expect([...residualSeconds(rows, [0.006, 2e-5, 1e-4, 1e-7])]).toAgree([0.05 - 0.0192], 1e-14);
  });

  it('has a column a coefficient', () => {
    expect(rowColumns(rows, 4)).toEqual([rows.steps, rows.prefillTokens, rows.decodeTokens, rows.contextTokens]);
    expect(rowColumns(rows, 3)).toHaveLength(3);
  });

  it('weighs by the inverse of its time: the measured one before there are coefficients, then the predicted one', () => {
    expect([...rowWeights(rows, undefined)]).toAgree([20], 1e-14);
    expect([...rowWeights(rows, [0.01, 0, 0, 0])]).toAgree([50], 1e-14);
    // Halfway to the inverse of its steps, as ratios go.
    expect([...evenWeights(rows, undefined)]).toAgree([Math.sqrt(20 / 2)], 1e-14);
    expect([...evenWeights(rows, [0.01, 0, 0, 0])]).toAgree([5], 1e-14);
  });

  it('weighs nothing without steps, or without time', () => {
    const odd = rowsOf(
      [
        [0, 300, 5, 0],
        [2, 0, 5, 0],
      ],
      [0, 0, 0, 0],
      [0.05, 0],
    );
    expect([...rowWeights(odd, undefined)]).toEqual([0, 0]);
    expect([...rowWeights(odd, [0, 1e-5, 0, 0])]).toEqual([0, 0]);
    expect([...evenWeights(odd, undefined)]).toEqual([0, 0]);
    expect([...evenWeights(odd, [0.01, 1e-5, 0, 0])]).toAgree([0, Math.sqrt(1 / 0.02 / 2)], 1e-14);
  });
});

describe('fitRows', () => {
  const list = variedRows(40, true);

  it('gives the coefficients of rows without noise back, whatever the weights', () => {
    const rows = rowsOf(list, BETA);
    for (const weights of [rowWeights(rows, undefined), evenWeights(rows, undefined)]) {
      expect(fitRows(rows, 4, weights)).toAgree(BETA, 1e-9);
    }
    const linear = rowsOf(list, [...BETA.slice(0, 3), 0] as [number, number, number, number]);
    expect(fitRows(linear, 3, rowWeights(linear, undefined))).toAgree([...BETA.slice(0, 3), 0], 1e-10);
  });

  it('never goes below zero', () => {
    const rows = rowsOf(list, [6e-3, 2e-5, -1e-4, 1e-7]);
    const beta = fitRows(rows, 4, new Float64Array(rows.length).fill(1));
    expect(beta[2]).toBe(0);
    expect(freeCoefficients(beta, 4)).toEqual([0, 1, 3]);
    expect(freeCoefficients([1, 0, 2, 5], 3)).toEqual([0, 2]);
  });

  it('with the weights of the fit itself, the residuals sum to zero: the time of the whole trace is met', () => {
    const rows = rowsOf(
      list,
      BETA,
      list.map((_, i) => residuals[i % 5]),
      true,
    );
    let beta = fitRows(rows, 4, rowWeights(rows, undefined));
    for (let round = 0; round < 30; round++) beta = fitRows(rows, 4, rowWeights(rows, beta));
    expect(residualSeconds(rows, beta).reduce((a, b) => a + b, 0)).toAgree(0, 0, 1e-12);
  });
});

describe('refined', () => {
  const list = variedRows(40, true);
  const rows = rowsOf(list, BETA);
  const weights = rowWeights(rows, undefined);

  it('takes the last rounding off', () => {
    const near = BETA.map((b, j) => b * (1 + (j + 1) * 1e-8)) as unknown as typeof BETA;
    expect(refined(rows, 4, weights, near)).toAgree(BETA, 1e-14);
  });

  it('only off what it is given as free', () => {
    const bound = rowsOf(list, [6e-3, 0, 1.2e-4, 1e-7]);
    expect(refined(bound, 4, weights, [6e-3, 0, 1.2e-4 * (1 + 1e-8), 1e-7])).toAgree([6e-3, 0, 1.2e-4, 1e-7], 1e-14);
  });

  it('leaves alone what is no rounding, and what is not determined', () => {
    const far = [6e-3 * (1 + 1e-5), 2e-5, 1.2e-4, 1e-7] as const;
    expect(refined(rows, 4, weights, far)).toBe(far);
    const less = [6e-3 * (1 - 1e-5), 2e-5, 1.2e-4, 1e-7] as const;
    expect(refined(rows, 4, weights, less)).toBe(less);
    const none = rowsOf(
      list.map(([k, , n, c]): ListedRow => [k, 0, n, c]),
      BETA,
    );
    const beta = [6e-3, 1e-9, 1.2e-4, 1e-7] as const;
    expect(refined(none, 4, weights, beta)).toBe(beta);
  });

  it('weighs rows as the fit did', () => {
    const noisy = rowsOf(
      list,
      BETA,
      list.map((_, i) => residuals[i % 5]),
      true,
    );
    const uneven = Float64Array.from(list, (_, i) => 1 + (i % 4));
    const own = fitRows(noisy, 4, uneven);
    const near = own.map((b) => b * (1 + 1e-8)) as unknown as typeof BETA;
    expect(refined(noisy, 4, uneven, near)).toAgree(own, 1e-11);
  });

  it('back substitution solves the triangle, and has no answer where a pivot is zero', () => {
    const columns = [Float64Array.of(1, 1, 1), Float64Array.of(0, 1, 2), Float64Array.of(1, 0, 5)];
    const target = Float64Array.of(1 + 3, 1 + 2, 1 + 4 + 15);
    expect(solved(reduceRows(columns, target))).toAgree([1, 2, 3], 1e-13);
    expect(solved(reduceRows([Float64Array.of(1, 2), Float64Array.of(0, 0)], Float64Array.of(1, 2)))).toBeUndefined();
    expect(solved(reduceRows([Float64Array.of(0, 0), Float64Array.of(1, 2)], Float64Array.of(1, 2)))).toBeUndefined();
  });
});

describe('robustFit', () => {
  const list = variedRows(60, false);

  it('is least squares where all rows belong', () => {
    const rows = rowsOf(list, [6e-3, 2e-5, 1.2e-4, 0]);
    const { beta, scale, weights } = robustFit(rows, 3, new Float64Array(60).fill(2));
    expect(beta).toAgree([6e-3, 2e-5, 1.2e-4, 0], 1e-9);
    expect(scale).toBe(1e-9);
    expect(weights.every((w) => w > 1.9 && w <= 2)).toBe(true);
  });

  it('takes no notice of rows that weigh nothing, not even in its scale', () => {
    const rows = rowsOf(list, [6e-3, 2e-5, 1.2e-4, 0]);
    const given = Float64Array.from(list, (_, i) => (i % 3 === 0 ? 1 : 0));
    for (let i = 0; i < 60; i++) if (i % 3 !== 0) rows.seconds[i] = 3 * rows.seconds[i];
    const { beta, scale } = robustFit(rows, 3, given);
    expect(beta).toAgree([6e-3, 2e-5, 1.2e-4, 0], 1e-9);
    expect(scale).toBe(1e-9);
  });

  it('ends with the weights of the bisquare at 4.685 standard deviations', () => {
    const random = seededRandom(6, 'bisquare');
    const clean = rowsOf(variedRows(400, false), [6e-3, 2e-5, 1.2e-4, 0]);
    const noisy = { ...clean, seconds: clean.seconds.map((s) => s * (1 + 0.2 * (random() - 0.5) ** 3)) };
    const { beta, scale, weights } = robustFit(noisy, 3, new Float64Array(400).fill(3));
    const off = noisy.seconds.map((s, i) => ((s - predictedSeconds(noisy, beta, i)) / s) * Math.sqrt(noisy.steps[i]));
    const left = off.map((z) => 3 * Math.max(0, 1 - (z / (4.685 * scale)) ** 2) ** 2);
    expect(weights).toAgree(left, 0, 1e-3);
    // Long tails: some rows count fully, some by halves, some not at all.
    expect(weights.filter((w) => w === 0).length).toBeGreaterThan(10);
    expect(weights.filter((w) => w > 0.3 && w < 2.7).length).toBeGreaterThan(50);
    expect(scale).toAgree([...off.map(Math.abs)].sort((a, b) => a - b)[200] / 0.6744897501960817, 1e-3);
  });

  it('its scale is the standard deviation of a step, relative, whatever a few rows do', () => {
    const random = seededRandom(5, 'noise');
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const many = variedRows(4000, false);
    const clean = rowsOf(many, [6e-3, 2e-5, 1.2e-4, 0]);
    const noisy = {
      ...clean,
      seconds: clean.seconds.map((s, i) => s * (1 + (0.05 * normal()) / Math.sqrt(clean.steps[i]))),
    };
    for (let i = 0; i < 4000; i += 20) noisy.seconds[i] = 4 * noisy.seconds[i];
    const { beta, scale, weights } = robustFit(noisy, 3, rowWeights(noisy, undefined));
    expect(scale).toAgree(0.05, 0.1);
    expect(beta.slice(0, 3)).toAgree([6e-3, 2e-5, 1.2e-4], 0.02);
    expect(weights.filter((w) => w === 0).length).toBeGreaterThanOrEqual(200);
    expect(weights.filter((w) => w === 0).length).toBeLessThan(260);
  });
});

describe('rowNoise', () => {
  /** Rows of one step of 10 ms, with a residual each. */
  const single = (off: readonly number[]): ClusterRows =>
    rowsOf(
      off.map((): ListedRow => [1, 0, 0, 0]),
      [0.01, 0, 0, 0],
      off,
      true,
    );

  it('is the median of the residuals, as that of normal ones', () => {
    const { step, prefill, rms, rmseSec, r2 } = rowNoise(single(residuals), [0.01, 0, 0, 0]);
    expect(step).toAgree(0.2 / 0.6744897501960817, 1e-12);
    expect(prefill).toBe(0);
    expect(rms).toAgree(Math.sqrt((0.01 + 0.04 + 0.09 + 0.01 + 0.04) / 5), 1e-12);
    expect(rmseSec).toAgree(Math.sqrt(19e-6 / 5), 1e-12);
    // The mean explains more than a model that is off by 0.6 ms.
    expect(r2).toAgree(1 - 19e-6 / (19e-6 - 5 * 0.0006 ** 2), 1e-9);
  });

  it('counts a residual by the root of its steps', () => {
    const rows = rowsOf(
      [
        [4, 0, 0, 0],
        [9, 0, 0, 0],
      ],
      [0.01, 0, 0, 0],
      [0.002, 0.003],
      true,
    );
    const { step, rms } = rowNoise(rows, [0.01, 0, 0, 0]);
    expect(rms).toAgree(0.1, 1e-12);
    expect(step).toAgree(0.1 / 0.6744897501960817, 1e-12);
  });

  it('has no r2 where all rows last equally long, and no noise of rows without a time', () => {
    expect(rowNoise(single([0, 0, 0]), [0.01, 0, 0, 0])).toEqual({ step: 0, prefill: 0, rms: 0, r2: null, rmseSec: 0 });
    const { step, rms, rmseSec } = rowNoise(single([0, 0, 0]), [0, 0, 0, 0]);
    expect([step, rms]).toEqual([0, 0]);
    expect(rmseSec).toAgree(0.01, 1e-14);
  });

  it('of nothing is nothing', () => {
    expect(rowNoise(single([]), [0.01, 0, 0, 0])).toEqual({ step: 0, prefill: 0, rms: 0, r2: null, rmseSec: 0 });
  });

  it('tells the noise of steps from what prefill tokens vary by on top', () => {
    const quiet = Array.from({ length: 40 }, (): ListedRow => [4, 0, 0, 0]);
    const loud = Array.from({ length: 40 }, (): ListedRow => [4, 1000, 0, 0]);
    const beta = [0.01, 1e-4, 0, 0] as const;
    // Steps off by 2 % of their own time; prefills (0.1 s beside 0.04 s) by 10 % of theirs as well.
    const off = [...quiet.map(() => 0.02 * 0.02), ...loud.map(() => Math.hypot(0.02 * 0.07, 0.01))];
    const sign = off.map((v, i) => (i % 2 === 0 ? v : -v));
    const { step, prefill } = rowNoise(rowsOf([...quiet, ...loud], beta, sign, true), beta);
    expect(step).toAgree(0.02 / 0.6744897501960817, 1e-9);
    expect(prefill).toAgree(0.1 / 0.6744897501960817, 1e-9);
    // With fewer than thirty rows that hold steps alone there is nothing to tell them apart by.
    const few = rowNoise(rowsOf([...quiet.slice(0, 29), ...loud], beta, sign.slice(11), true), beta);
    expect(few.prefill).toBe(0);
    expect(few.step).toBeGreaterThan(0.1);
    expect(rowNoise(rowsOf([...quiet.slice(0, 30), ...loud], beta, sign.slice(10), true), beta).prefill).toAgree(
      0.1 / 0.6744897501960817,
      1e-9,
    );
  });

  it('a tenth of a row is where prefill tokens begin to count', () => {
    const steps = Array.from({ length: 40 }, (): ListedRow => [9, 0, 0, 0]);
    const beta = [0.01, 1e-4, 0, 0] as const;
    const noise = (tokens: number) => {
      const list = [...steps, ...Array.from({ length: 10 }, (): ListedRow => [9, tokens, 0, 0])];
      const off = list.map((_, i) => (i < 40 ? 0.0001 : 0.01));
      return rowNoise(rowsOf(list, beta, off, true), beta);
    };
    // 90 ms of steps: 10 ms of prefill is a tenth.
    expect(noise(99).prefill).toBe(0);
    expect(noise(101).prefill).toBeGreaterThan(0.5);
  });
});

describe('blocks of rows', () => {
  it('divide the steps evenly, as far as whole rows allow', () => {
    const rows = rowsOf(
      Array.from({ length: 12 }, (): ListedRow => [2, 0, 0, 0]),
      BETA,
    );
    expect(rowBlocks(rows, 4)).toEqual([
      [0, 3],
      [3, 6],
      [6, 9],
      [9, 12],
    ]);
    expect(rowBlocks(rows, 5)).toEqual([
      [0, 3],
      [3, 5],
      [5, 8],
      [8, 10],
      [10, 12],
    ]);
    expect(rowBlocks(rows, 1)).toEqual([[0, 12]]);
    expect(rowBlocks(rowsOf([], BETA), 4)).toEqual([]);
  });

  it('a row that is longer than a block is one, and leaves fewer', () => {
    const rows = rowsOf(
      [1, 1, 20, 1, 1].map((k): ListedRow => [k, 0, 0, 0]),
      BETA,
    );
    expect(rowBlocks(rows, 4)).toEqual([
      [0, 3],
      [3, 4],
      [4, 5],
    ]);
  });

  it('are contiguous and whole, and never more than asked for', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 12 }),
        (k, count) => {
          const rows = rowsOf(
            k.map((v): ListedRow => [v, 0, 0, 0]),
            BETA,
          );
          const blocks = rowBlocks(rows, count);
          expect(blocks.length).toBeLessThanOrEqual(count);
          expect(blocks.flatMap(([a, b]) => Array.from({ length: b - a }, (_, i) => a + i))).toEqual([...k.keys()]);
          expect(blocks.every(([a, b]) => a < b)).toBe(true);
        },
      ),
    );
  });

  it('reduced, each tells of its own rows alone', () => {
    const rows = rowsOf(variedRows(20, true), BETA);
    const columns = rowColumns(rows, 4);
    const weights = rowWeights(rows, undefined);
    const parts = reducedBlocks(columns, rows.seconds, weights, [
      [0, 8],
      [8, 20],
    ]);
    expect(parts.map((p) => p.rowCount)).toEqual([8, 12]);
    expect(parts[1]).toEqual(reduceRows(columns, rows.seconds, { weights, rows: [8, 20] }));
  });
});
