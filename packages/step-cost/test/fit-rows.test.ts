import { seededRandom } from '@stepclock/numerics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BASE_TERMS,
  type Betas,
  betasOf,
  CATALOGUE,
  fitRows,
  fitWindows,
  mergeWindows,
  type RowTable,
  readWindows,
  restated,
  rowsOf,
  type StretchColumns,
  stepCost,
  stretchReader,
  type Term,
  termsNamed,
  windowsFile,
  windowsOf,
  windowsOn,
  withoutEach,
} from '../src/index.js';
import { ROOT } from './root-term.js';

/** Steps of an engine: mostly decodes of some sequences, every eighth with a prompt. */
const stepsOf = (length: number, seed: number): StretchColumns & Record<string, Float64Array | number> => {
  const random = seededRandom(seed);
  const column = (of: (i: number) => number) => Float64Array.from({ length }, (_, i) => of(i));
  const decodeSeqs = column(() => 1 + Math.floor(40 * random()));
  const prefillTokens = column(() => (random() < 0.125 ? 1 + Math.floor(900 * random()) : 0));
  return {
    length,
    steps: column(() => 1),
    decodeSeqs,
    contextTokens: column((i) => decodeSeqs[i] * (300 + 900 * random())),
    prefillTokens,
    prefillSteps: column((i) => (prefillTokens[i] > 0 ? 1 : 0)),
    prefillRequests: column((i) => (prefillTokens[i] > 0 ? 1 : 0)),
    prefillContext: column((i) => (prefillTokens[i] * (prefillTokens[i] + 1)) / 2),
  };
};

const timed = (
  steps: StretchColumns,
  betas: Betas,
  terms: readonly Term[],
  noise = 0,
  catalogue = CATALOGUE,
): RowTable => {
  const random = seededRandom(5, 'noise');
  const { secondsOf } = stepCost(betas, catalogue);
  const read = stretchReader(steps);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const seconds = Float64Array.from({ length: steps.length }, (_, i) => secondsOf(read(i)) * (1 + noise * normal()));
  return rowsOf(steps, seconds, terms);
};

const truth = { beta0: 0.006, beta1: 20e-6, beta2: 120e-6, beta3: 1e-7 };

describe('fitRows', () => {
  it('gives back what exact rows were made of', () => {
    const fit = fitRows(timed(stepsOf(2000, 1), truth, BASE_TERMS));
    expect([...fit.coefficients]).toAgree(Object.values(truth), 1e-12);
  });

  it('finds any terms of the catalogue that are not held by a prior, and those that are nearly', () => {
    const betas = { ...truth, prefill_step: 0.002, prefill_context: 3e-10, decode_seqs_over_16: 2e-5 };
    const terms = termsNamed(Object.keys(betas));
    const fit = fitRows(timed(stepsOf(4000, 2), betas, terms), { choice: 'all' });
    expect([...fit.coefficients]).toAgree(Object.values(betasOf(terms, Object.values(betas))), 2e-3);
  });

  it('takes a term of the caller', () => {
    const catalogue = [...CATALOGUE, ROOT];
    const rows = timed(stepsOf(3000, 3), { ...truth, root: 4e-4 }, [...BASE_TERMS, ROOT], 0.01, catalogue);
    const { coefficients, of, intervals } = fitRows(rows);
    expect(of).toEqual([0, 1, 2, 3, 4]);
    expect(coefficients[4]).toAgree(4e-4, 0.15);
    expect(intervals?.byTerm[4]?.[0]).toBeLessThan(4e-4);
  });

  it('does not choose a term that is not there', () => {
    const rows = timed(
      stepsOf(3000, 3),
      truth,
      termsNamed(['beta*', 'step', 'beta1', 'beta2', 'beta3', 'prefill_context'].slice(1)),
      0.02,
    );
    expect(fitRows(rows).of).toEqual([0, 1, 2, 3]);
  });

  it('holds costs at zero or above, with an upper end', () => {
    const rows = timed(stepsOf(3000, 4), { beta0: 0.006, beta1: 20e-6, beta2: 120e-6, beta3: 0 }, BASE_TERMS, 0.05);
    const held = rows.seconds.map((s, i) => s - 3e-9 * rows.sums[3][i]);
    const { coefficients, intervals, identifiability } = fitRows({ ...rows, seconds: held });
    const [low, high] = intervals?.byTerm[3] ?? [Number.NaN, Number.NaN];
    if (coefficients[3] === 0) expect(identifiability.atBound).toEqual(['beta3']);
    expect(low).toBe(0);
    expect(high).toBeGreaterThan(0);
  });

  it('intervals cover', () => {
    let covered = 0;
    for (let seed = 0; seed < 40; seed++) {
      const steps = stepsOf(1500, 100 + seed);
      const random = seededRandom(seed, 'noise');
      const rows = timed(steps, truth, BASE_TERMS);
      const noisy = rows.seconds.map((s) => s * (1 + 0.1 * (random() - 0.5)));
      const { intervals } = fitRows({ ...rows, seconds: noisy });
      const [low, high] = intervals?.byTerm[0] ?? [0, 0];
      if (low <= truth.beta0 && truth.beta0 <= high) covered++;
    }
    expect(covered).toBeGreaterThanOrEqual(35);
  });

  it('scaling time scales the coefficients; permuting rows changes nothing but rounding', () => {
    const rows = timed(stepsOf(800, 7), truth, BASE_TERMS, 0.03);
    const { coefficients } = fitRows(rows);
    const slower = fitRows({ ...rows, seconds: rows.seconds.map((s) => 3 * s) });
    expect([...slower.coefficients]).toAgree(
      coefficients.map((b) => 3 * b),
      1e-10,
    );
    const turned = {
      ...rows,
      seconds: rows.seconds.slice().reverse(),
      steps: rows.steps,
      sums: rows.sums.map((s) => s.slice().reverse()),
    };
    expect([...fitRows(turned).coefficients]).toAgree([...coefficients], 1e-10);
  });

  it('meets the measured time: residuals of weight 1 / fitted seconds add up to zero', () => {
    const rows = timed(stepsOf(800, 8), truth, BASE_TERMS, 0.1);
    const { coefficients, windows } = fitRows(rows);
    const fitted = rows.seconds.map((_, i) => rows.sums.reduce((sum, s, t) => sum + coefficients[t] * s[i], 0));
    const total = (column: Float64Array) => column.reduce((a, b) => a + b, 0);
    expect(total(fitted)).toAgree(total(rows.seconds), 1e-3);
    expect(windows.length).toBe(20);
  });

  it('refuses rows without steps', () => {
    const rows = timed(stepsOf(50, 9), truth, BASE_TERMS);
    expect(() => fitRows({ ...rows, steps: new Float64Array(50) })).toThrow('must be at least one');
  });
});

describe('windows', () => {
  const rows = timed(stepsOf(600, 11), truth, BASE_TERMS, 0.05);
  const weights = new Float64Array(600).fill(1);
  const reference = Float64Array.from([0.005, 2e-5, 1e-4, 1e-7]);
  const cut = (...at: number[]) =>
    windowsOf(
      rows,
      weights,
      reference,
      at.slice(1).map((to, i) => [at[i], to] as const),
    );

  it('add up in any order to the window of all rows', () => {
    const [all] = cut(0, 600);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 598 }), fc.boolean(), (middle, turned) => {
        const parts = cut(0, middle, 600);
        const sum = mergeWindows(turned ? [...parts].reverse() : parts);
        expect([...sum.gram]).toAgree([...all.gram], 1e-12);
        expect([...sum.moment]).toAgree([...all.moment], 1e-10, 1e-9 * Math.abs(all.moment[0]));
        expect(sum.squares).toAgree(all.squares, 1e-12);
      }),
    );
  });

  it('may be stated from any fit', () => {
    const [all] = cut(0, 600);
    const [other] = windowsOf(rows, weights, new Float64Array(4), [[0, 600]]);
    const again = restated(other, reference);
    expect(again.squares).toAgree(all.squares, 1e-9);
    expect([...again.moment]).toAgree([...all.moment], 1e-7, 1e-9);
    expect([...fitWindows([other]).coefficients]).toAgree([...fitWindows([all]).coefficients], 1e-9);
  });

  it('all but one, for each', () => {
    const parts = cut(0, 100, 350, 600);
    for (const [g, rest] of withoutEach(parts).entries()) {
      const sum = mergeWindows(parts.filter((_, h) => h !== g));
      expect([...rest.gram]).toAgree([...sum.gram], 1e-12);
      expect(rest.rows).toBe(sum.rows);
    }
  });

  it('unlike ones do not add up', () => {
    const [a] = cut(0, 600);
    expect(() => mergeWindows([])).toThrow('windows: must be at least one; got 0');
    expect(() => mergeWindows([a, { ...a, weighting: 'none' }])).toThrow('must be weighted alike');
    expect(() => mergeWindows([a, { ...a, terms: BASE_TERMS.slice(1) }])).toThrow('must be of the same terms');
  });

  it('read back from a file as they were', () => {
    const parts = cut(0, 100, 350, 600);
    const again = readWindows(JSON.parse(JSON.stringify(windowsFile(parts))));
    expect(again).toEqual(parts);
  });

  it('on some of their terms are less the time that the others take', () => {
    const parts = cut(0, 100, 350, 600);
    const { coefficients } = fitWindows(parts);
    const [, some] = windowsOn(parts, [0, 2], coefficients);
    const { gram, sums } = parts[1];
    expect(some.gram).toEqual(Float64Array.of(gram[0], gram[2], gram[8], gram[10]));
    expect(some.sums).toEqual(Float64Array.of(sums[0], sums[2]));
    const again = fitWindows(windowsOn(parts, [0, 2], coefficients));
    expect(again.coefficients).toAgree([coefficients[0], coefficients[2]], 1e-9);
    expect(
      fitWindows(
        windowsOn(
          parts,
          [0, 2],
          coefficients.map((b, t) => (t % 2 === 0 ? b : 0)),
        ),
      ).coefficients,
    ).not.toAgree([coefficients[0], coefficients[2]], 1e-3);
  });

  it.each([
    [{ windows: [{ ...windowsFile(cut(0, 600)).windows[0], moment: [1] }] }, 'must have windows with a reference'],
    [{ terms: ['beta9'] }, 'windows'],
    [{ weighting: 'some' }, 'weighting: must be inverse-seconds or none; got "some"'],
    [
      { windows: [{ ...windowsFile(cut(0, 600)).windows[0], squares: -1 }] },
      'windows[0].squares: must be a number of at least 0; got -1',
    ],
  ])('a damaged file is refused: %j', (change, message) => {
    expect(() => readWindows({ ...windowsFile(cut(0, 600)), ...change })).toThrow(message);
  });
});
