import '@stepclock/vitest-matchers';
import { seededRandom } from '@stepclock/numerics';
import { featureTable } from '@stepclock/regression';
import { describe, expect, it } from 'vitest';
import { recalibrate, type TransferSamples } from '../src/index.js';
import { type AutoFit, autoBlend, blendWeights } from '../src/recalibration/auto-blend.js';
import { CANDIDATES } from '../src/recalibration/method.js';
import { takeSamples } from '../src/recalibration/samples.js';
import {
  logAffineMap,
  type ProcessMap,
  processMap,
  relativeAffineMap,
  type StageMap,
  scaleMap,
} from '../src/recalibration/stage-map.js';

/** Two stages: one that a factor carries over exactly but for noise, one that a line does. */
const samplesOf = (n: number): TransferSamples => {
  const random = seededRandom(n, 'blend');
  const size = Float64Array.from({ length: n }, () => 1 + 9 * random());
  const noisy = (ms: number): number => ms * (0.98 + 0.04 * random());
  const sourceMs = [size.map((value) => 10 * value), size.map((value) => 3 * value)];
  const targetMs = [size.map((value) => noisy(25 * value)), size.map((value) => noisy(4 * value + 30))];
  return {
    sourceMs,
    targetMs,
    targetTotalMs: size.map((_, i) => (targetMs[0]?.[i] ?? 0) + (targetMs[1]?.[i] ?? 0)),
    knobs: featureTable(['size'], [size.map(Math.log)]),
    decodeSteps: new Float64Array(n),
    stageNames: ['one', 'two'],
    total: { perStepStages: [], convention: 'prefill-emits-first' },
  };
};

const medianOf = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
};

describe('blendWeights', () => {
  it('is mse^(-n/2), over the sum', () => {
    // 1, 1/4, 1/16 of the best.
    expect(blendWeights([0.01, 0.02, 0.04], 4)).toAgree([16 / 21, 4 / 21, 1 / 21], 1e-12);
    // Any number of them may be far below what a double holds.
    expect(blendWeights([1e-9, 2e-9], 4)).toAgree([0.8, 0.2], 1e-12);
    expect(blendWeights([1e-9, 1e-9], 1000)).toAgree([0.5, 0.5], 1e-12);
  });

  it('drops what would have less than a thousandth of the best one’s weight', () => {
    const share = (ratio: number) => blendWeights([1, 1 / ratio], 2)[1];
    expect(share(0.0011)).toAgree(0.0011 / 1.0011, 1e-9);
    expect(share(0.0009)).toBe(0);
  });

  it('takes errors below rounding for equal', () => {
    expect(blendWeights([0, 1e-15], 10)).toAgree([0.5, 0.5], 1e-12);
    expect(blendWeights([0, 1e-12], 10)).toEqual([1, 0]);
  });
});

describe('autoBlend', () => {
  const samples = samplesOf(20);
  const fitted = () => autoBlend(samples, 3);
  const ratios = (k: number) =>
    Array.from(samples.targetMs?.[k] ?? [], (ms, i) => ms / (samples.sourceMs[k]?.[i] ?? 1));

  it.each([
    [4, 4],
    [9, 9],
    [10, 10],
    [30, 10],
    [31, 5],
  ])('of %i samples makes %i folds', (n, folds) => {
    expect(autoBlend(samplesOf(n), 0).splits).toHaveLength(folds);
  });

  it('reports the root mean square of out-of-fold errors of log ms, as percent', () => {
    const auto = fitted();
    const errors = auto.reports.map(({ candidates }) =>
      candidates.map(({ crossValidatedPercent }) => crossValidatedPercent),
    );
    [0, 1].forEach((k) => {
      let squares = 0;
      for (const { train, test } of auto.splits) {
        const factor = medianOf(Array.from(train, (row) => Math.log(ratios(k)[row] ?? 1)));
        for (const row of test) squares += (Math.log(ratios(k)[row] ?? 1) - factor) ** 2;
      }
      // The second candidate, scale.
      expect(errors[k]?.[1]).toAgree(100 * Math.sqrt(squares / 20), 1e-9);
    });
    for (const { candidates } of auto.reports) {
      expect(candidates.map(({ candidate }) => candidate)).toEqual([...CANDIDATES]);
      const [none, ...others] = candidates;
      // What changes nothing is not blended.
      expect(none?.weight).toBe(0);
      expect(others.map(({ weight }) => weight)).toAgree(
        blendWeights(
          others.map(({ crossValidatedPercent }) => (crossValidatedPercent / 100) ** 2),
          20,
        ),
        1e-9,
        1e-12,
      );
    }
  });

  it('names the heaviest of each stage, and has no use for a factor where a line is needed', () => {
    const auto = fitted();
    expect(auto.reports.map(({ stage }) => stage)).toEqual(['one', 'two']);
    for (const { winner, candidates } of auto.reports) {
      const most = Math.max(...candidates.map(({ weight }) => weight));
      expect(candidates.find(({ candidate }) => candidate === winner)?.weight).toBe(most);
    }
    const scaled = auto.reports[1]?.candidates.find(({ candidate }) => candidate === 'scale');
    expect(scaled?.weight).toBe(0);
    expect(scaled?.crossValidatedPercent).toBeGreaterThan(20);
  });

  it('fits every candidate to all samples, as the method of its name does, and blends them by its weights', () => {
    const auto = fitted();
    const alone = CANDIDATES.map((candidate) => recalibrate(candidate, samples).predict(samples).stagesMs);
    CANDIDATES.forEach((candidate, m) => {
      auto.candidateMaps.get(candidate)?.forEach((map, k) => {
        expect(map.predict(samples.sourceMs[k], samples.knobs)).toEqual(alone[m]?.[k]);
      });
    });
    auto.maps.forEach((map, k) => {
      const weights = auto.reports[k]?.candidates.map(({ weight }) => weight) ?? [];
      const blended = samples.targetTotalMs.map((_, i) =>
        Math.exp(weights.reduce((sum, weight, m) => sum + weight * Math.log(alone[m]?.[k]?.[i] ?? 1), 0)),
      );
      expect(map.predict(samples.sourceMs[k], samples.knobs)).toAgree(blended, 1e-12);
    });
  });

  it('of a fold knows nothing of the fold’s own samples: neither its maps nor its weights', () => {
    const auto = fitted();
    const [split] = auto.splits;
    const test = new Set(split?.test ?? []);
    const spoiled: TransferSamples = {
      ...samples,
      targetMs: (samples.targetMs ?? []).map((column) => column.map((ms, i) => (test.has(i) ? ms * 1.7 : ms))),
    };
    const other = autoBlend(spoiled, 3);
    expect(other.splits).toEqual(auto.splits);
    const predicted = (fit: AutoFit, s: number) =>
      fit.foldMaps[s]?.map((map, k) => map.predict(samples.sourceMs[k], samples.knobs));
    // Processes start from the fit of all samples, a few steps away: not the same to the last bit.
    predicted(other, 0)?.forEach((ms, k) => {
      expect(ms).toAgree(predicted(auto, 0)?.[k] ?? [], 0.02);
    });
    const [bent, straight] = [predicted(other, 1)?.[0]?.[0] ?? 0, predicted(auto, 1)?.[0]?.[0] ?? 0];
    expect(bent / straight).not.toBeCloseTo(1, 4);
    expect(auto.foldMaps).toHaveLength(10);
  });

  it('answers "no change" where the source model errs least as it is', () => {
    const random = seededRandom(5, 'same');
    const noisy = (column: Float64Array) => column.map((ms) => ms * Math.exp(0.02 * (random() - 0.5)));
    const same: TransferSamples = { ...samples, targetMs: samples.sourceMs.map(noisy) };
    const auto = autoBlend(same, 3);
    for (const [k, { winner, candidates }] of auto.reports.entries()) {
      expect(winner).toBe('none');
      expect(candidates.map(({ weight }) => weight)).toEqual([1, 0, 0, 0, 0, 0]);
      expect(auto.maps[k]?.predict(samples.sourceMs[k], samples.knobs)).toAgree(samples.sourceMs[k], 1e-12);
    }
  });

  it('of a fold weighs candidates by the errors of the other folds', () => {
    const auto = fitted();
    const fit = (candidate: (typeof CANDIDATES)[number], rows: TransferSamples, k: number): StageMap => {
      const stage = { f: rows.sourceMs[k], y: rows.targetMs?.[k] ?? new Float64Array(0), knobs: rows.knobs };
      const { optimum: near } = (auto.candidateMaps.get(candidate)?.[k] ?? {}) as Partial<ProcessMap>;
      switch (candidate) {
        case 'scale':
          return scaleMap(stage);
        case 'affine-relative':
          return relativeAffineMap(stage);
        case 'log-affine':
          return logAffineMap(stage);
        default:
          return processMap(stage, candidate === 'trend-process' ? 'quadratic' : 'none', near);
      }
    };
    [0, 1].forEach((k) => {
      const candidates = CANDIDATES.filter((candidate) => candidate !== 'none');
      const squares = candidates.map((candidate) =>
        auto.splits.map(({ train, test }) => {
          const held = takeSamples(samples, test);
          const predicted = fit(candidate, takeSamples(samples, train), k).predict(held.sourceMs[k], held.knobs);
          return predicted.reduce((sum, ms, i) => sum + Math.log(ms / (held.targetMs?.[k]?.[i] ?? 1)) ** 2, 0);
        }),
      );
      auto.splits.forEach(({ test }, s) => {
        const others = 20 - test.length;
        const want = blendWeights(
          squares.map((ofFolds) => ofFolds.reduce((sum, square, fold) => sum + (fold === s ? 0 : square), 0) / others),
          others,
        );
        const { parts } = (auto.foldMaps[s]?.[k]?.toJSON() ?? {}) as { parts: { candidate: string; weight: number }[] };
        const got = candidates.map((name) => parts.find(({ candidate }) => candidate === name)?.weight ?? 0);
        expect(got).toAgree(want, 1e-9, 1e-12);
      });
    });
  });
});
