import { compensatedSum, meanOf } from '@stepclock/numerics';
import type { Split } from '@stepclock/regression';
import { knobSplits } from '../data/knob-splits.js';
import { CANDIDATES, type Candidate } from './method.js';
import { sampleKeys, stageSamples, type TransferSamples, takeSamples } from './samples.js';
import {
  blendMap,
  identityMap,
  logAffineMap,
  type ProcessMap,
  processMap,
  relativeAffineMap,
  type StageMap,
  type StageSamples,
  scaleMap,
} from './stage-map.js';

/** How `auto` decided on one stage. */
export interface BlendReport {
  readonly stage: string;
  /** The candidate with the largest weight. */
  readonly winner: Candidate | 'stage-mix';
  readonly candidates: readonly {
    readonly candidate: Candidate | 'stage-mix';
    readonly weight: number;
    /** Root mean square of the out-of-fold error of log ms, as percent. */
    readonly crossValidatedPercent: number;
  }[];
}

export interface AutoFit {
  readonly maps: readonly StageMap[];
  readonly reports: readonly BlendReport[];
  /** Each candidate on all samples, one map a stage. */
  readonly candidateMaps: ReadonlyMap<Candidate, readonly StageMap[]>;
  readonly splits: readonly Split[];
  /** For each split the maps fitted without its test rows, blended by what the other splits say. */
  readonly foldMaps: readonly (readonly StageMap[])[];
}

/** With few samples a fold leaves out two or three; with more, five folds say enough and cost half. */
const foldsFor = (n: number): number => (n <= 30 ? Math.min(10, n) : 5);

const fitCandidate = (candidate: Candidate, samples: StageSamples, near?: StageMap): StageMap => {
  const optimum = near !== undefined && 'optimum' in near ? (near as ProcessMap).optimum : undefined;
  switch (candidate) {
    case 'none':
      return identityMap();
    case 'scale':
      return scaleMap(samples);
    case 'affine-relative':
      return relativeAffineMap(samples);
    case 'log-affine':
      return logAffineMap(samples);
    case 'gaussian-process':
      return processMap(samples, 'none', optimum);
    case 'trend-process':
      return processMap(samples, 'quadratic', optimum);
  }
};

/** Below this a mean squared error of log ms is rounding: all such candidates are exact. */
const EXACT = 1e-14;

/**
 * Weights of candidates from their out-of-fold mean squared errors: `exp(-n/2 log mse)`, the predictive likelihood under normal errors of log ms
 * (pseudo-Bayesian model averaging, Geisser and Eddy 1979). Many samples pick one candidate, few share the risk among those that did about as well.
 */
export const blendWeights = (meanSquares: readonly number[], n: number): number[] => {
  const logs = meanSquares.map((mse) => (-n / 2) * Math.log(Math.max(Number.isNaN(mse) ? Infinity : mse, EXACT)));
  const most = Math.max(...logs);
  const raw = logs.map((log) => Math.exp(log - most));
  // A weight that changes nothing is not worth carrying along.
  const kept = raw.map((value) => (value < 1e-3 ? 0 : value));
  const sum = kept.reduce((a, b) => a + b, 0);
  return kept.map((value) => value / sum);
};

/**
 * As {@link blendWeights} of the candidates that change something; all to the first, `none`, unless the best of them errs less by more than
 * two standard errors of the difference, fold by fold: the best of five gains something by chance, and what changes nothing is not blended.
 *
 * @param squares sums of squared errors of log ms, a row a candidate, `none` first, a column a fold
 * @param n samples in those folds
 */
const weightsOf = ([none, ...others]: readonly (readonly number[])[], n: number): number[] => {
  const sums = others.map(compensatedSum);
  const best = others[sums.indexOf(Math.min(...sums))];
  const gains = none.map((square, s) => square - best[s]);
  const mean = meanOf(gains);
  const spread = Math.sqrt(compensatedSum(gains.map((gain) => (gain - mean) ** 2)) / Math.max(1, gains.length - 1));
  return mean <= (2 * spread) / Math.sqrt(gains.length)
    ? [1, ...others.map(() => 0)]
    : [
        0,
        ...blendWeights(
          sums.map((sum) => sum / n),
          n,
        ),
      ];
};

/** Fits every candidate to every stage, on all samples and on each fold's, and blends them by what the folds say. */
export const autoBlend = (samples: TransferSamples, seed: number): AutoFit => {
  const n = samples.targetTotalMs.length;
  const splits = knobSplits(sampleKeys(samples), foldsFor(n), seed);
  const parts = splits.map(({ train, test }) => ({
    train: takeSamples(samples, train),
    test: takeSamples(samples, test),
  }));
  const stages = samples.stageNames.map((stage, k) => {
    const all = stageSamples(samples, k);
    const fits = CANDIDATES.map((candidate) => {
      const map = fitCandidate(candidate, all);
      const folds = parts.map(({ train, test }) => {
        const fold = fitCandidate(candidate, stageSamples(train, k), map);
        const held = stageSamples(test, k);
        const squares = fold.predict(held.f, held.knobs).reduce((sum, ms, i) => sum + Math.log(ms / held.y[i]) ** 2, 0);
        return { map: fold, squares };
      });
      const squares = folds.reduce((sum, fold) => sum + fold.squares, 0);
      return { candidate, map, folds, mse: squares / n };
    });
    const weights = weightsOf(
      fits.map(({ folds }) => folds.map(({ squares }) => squares)),
      n,
    );
    /** A fold's blend as it would be without its test rows: their errors have no say in the weights that predict them. */
    const foldMap = (s: number): StageMap => {
      const others = n - splits[s].test.length;
      const held = fits.map(({ folds }) => folds.filter((_, fold) => fold !== s).map(({ squares }) => squares));
      const foldWeights = weightsOf(held, others);
      return blendMap(
        fits.map(({ candidate, folds }, m) => ({
          candidate,
          map: folds[s].map,
          weight: foldWeights[m],
        })),
      );
    };
    const weighted = fits.map((fit, m) => ({ ...fit, weight: weights[m] }));
    const best = weighted.reduce((a, b) => (b.weight > a.weight ? b : a));
    return {
      map: blendMap(weighted),
      fits,
      foldMaps: splits.map((_, s) => foldMap(s)),
      report: {
        stage,
        winner: best.candidate,
        candidates: weighted.map(({ candidate, weight, mse }) => ({
          candidate,
          weight,
          crossValidatedPercent: 100 * Math.sqrt(mse),
        })),
      },
    };
  });
  return {
    maps: stages.map(({ map }) => map),
    reports: stages.map(({ report }) => report),
    candidateMaps: new Map(CANDIDATES.map((candidate, m) => [candidate, stages.map(({ fits }) => fits[m].map)])),
    splits,
    foldMaps: splits.map((_, s) => stages.map(({ foldMaps }) => foldMaps[s])),
  };
};
