import '@stepclock/vitest-matchers';
import { medianOf, seededRandom } from '@stepclock/numerics';
import { fittedSeconds, inverseSeconds, type RowTable } from '@stepclock/step-cost';
import { describe, expect, it } from 'vitest';
import { rowNoise } from '../src/step-clock/rows/noise.js';
import { robustFit } from '../src/step-clock/rows/robust-fit.js';
import { LINEAR, type ListedRow, rowsOf, variedRows } from './cluster-rows.js';

const residuals = [0.001, -0.002, 0.003, -0.001, 0.002];

const linearRows = (list: readonly ListedRow[]): RowTable =>
  rowsOf(list, [6e-3, 2e-5, 1.2e-4, 0], undefined, undefined, LINEAR);

describe('robustFit', () => {
  const list = variedRows(60, false);

  it('is least squares where all rows belong', () => {
    const rows = linearRows(list);
    const { coefficients: beta, scale, weights } = robustFit(rows, new Float64Array(60).fill(2));
    expect(beta).toAgree([6e-3, 2e-5, 1.2e-4], 1e-9);
    expect(scale).toBe(1e-9);
    expect(weights.every((w) => w > 1.9 && w <= 2)).toBe(true);
  });

  it('takes no notice of rows that weigh nothing, not even in its scale', () => {
    const rows = linearRows(list);
    const given = Float64Array.from(list, (_, i) => (i % 3 === 0 ? 1 : 0));
    for (let i = 0; i < 60; i++) if (i % 3 !== 0) rows.seconds[i] = 3 * rows.seconds[i];
    const { coefficients: beta, scale } = robustFit(rows, given);
    expect(beta).toAgree([6e-3, 2e-5, 1.2e-4], 1e-9);
    expect(scale).toBe(1e-9);
  });

  it('ends with the weights of the bisquare at 4.685 standard deviations', () => {
    const random = seededRandom(6, 'bisquare');
    const clean = linearRows(variedRows(400, false));
    const noisy = { ...clean, seconds: clean.seconds.map((s) => s * (1 + 0.2 * (random() - 0.5) ** 3)) };
    const { coefficients: beta, scale, weights } = robustFit(noisy, new Float64Array(400).fill(3));
    const off = noisy.seconds.map((s, i) => ((s - fittedSeconds(noisy, beta, i)) / s) * Math.sqrt(noisy.steps[i]));
    const left = off.map((z) => 3 * Math.max(0, 1 - (z / (4.685 * scale)) ** 2) ** 2);
    expect(weights).toAgree(left, 0, 1e-3);
    // Long tails: some rows count fully, some by halves, some not at all.
    expect(weights.filter((w) => w === 0).length).toBeGreaterThan(10);
    expect(weights.filter((w) => w > 0.3 && w < 2.7).length).toBeGreaterThan(50);
    expect(scale).toAgree(medianOf(off.map(Math.abs)) / 0.6744897501960817, 1e-3);
  });

  it('its scale is the standard deviation of a step, relative, whatever a few rows do', () => {
    const random = seededRandom(5, 'noise');
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const many = variedRows(4000, false);
    const clean = linearRows(many);
    const noisy = {
      ...clean,
      seconds: clean.seconds.map((s, i) => s * (1 + (0.05 * normal()) / Math.sqrt(clean.steps[i]))),
    };
    for (let i = 0; i < 4000; i += 20) noisy.seconds[i] = 4 * noisy.seconds[i];
    const { coefficients: beta, scale, weights } = robustFit(noisy, inverseSeconds(noisy));
    expect(scale).toAgree(0.05, 0.1);
    expect(beta.slice(0, 3)).toAgree([6e-3, 2e-5, 1.2e-4], 0.02);
    expect(weights.filter((w) => w === 0).length).toBeGreaterThanOrEqual(200);
    expect(weights.filter((w) => w === 0).length).toBeLessThan(260);
  });
});

describe('rowNoise', () => {
  /** Rows of one step of 10 ms, with a residual each. */
  const single = (off: readonly number[]): RowTable =>
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
