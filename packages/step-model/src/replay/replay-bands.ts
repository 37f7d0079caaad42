import { isFault } from '@stepclock/faults';
import { quantileOf } from '@stepclock/numerics';
import { CATALOGUE } from '@stepclock/step-cost';
import type { RequestTable } from '@stepclock/trace-io';
import type { BetasFile } from '../model-file/betas-schema.js';
import { drawnBetas } from './coefficient-draws.js';
import type { ComparedMetric } from './metric-comparison.js';
import { type Replay, type ReplayOptions, replay } from './replay.js';
import type { MetricName } from './serving-metrics.js';

export type Band = readonly [low: number, high: number];

/** Where replayed figures may lie, by what the model's coefficients may be. */
export interface ReplayBands {
  /** That of the model's intervals. */
  readonly level: number;
  /** Replays that the bands come from. */
  readonly draws: number;
  /** Seconds; null where a figure is not defined. */
  readonly metrics: Readonly<Record<MetricName, Readonly<Record<keyof ComparedMetric, Band | null>>>>;
}

const FIGURES = ['mean', 'p50', 'p90', 'p95', 'p99'] as const satisfies readonly (keyof ComparedMetric)[];

/**
 * Bands of a replay's figures: the log is served again with each of some coefficients drawn from the model's covariance, under the rules that the
 * replay itself found.
 *
 * @param done the replay with the fitted coefficients
 * @param draws at least 2; they leave out what a log's clock and the engine's noise add
 * @returns null where the model has no covariance, or most draws give steps without a time above 0
 * @throws Fault as {@link replay} does
 */
export const replayBands = (
  requests: RequestTable,
  model: BetasFile,
  done: Replay,
  draws: number,
  options: ReplayOptions = {},
): ReplayBands | null => {
  const { seed = 0, catalogue = CATALOGUE } = options;
  const drawn = drawnBetas(model, draws, seed, catalogue);
  if (drawn === undefined || model.intervals === null) return null;
  const { level } = model.intervals;
  const runs = drawn.flatMap((betas) => {
    try {
      return [replay(requests, betas, done.settings, options).metrics];
    } catch (error) {
      if (isFault(error) && error.code === 'engine-sim/bad-step-time') return [];
      throw error;
    }
  });
  if (runs.length < Math.max(2, draws / 2)) return null;
  const bandOf = (metric: MetricName, figure: keyof ComparedMetric): Band | null => {
    const values = runs.flatMap((run) => run[metric][figure].replayed ?? []);
    return values.length === 0 ? null : [quantileOf(values, (1 - level) / 2), quantileOf(values, (1 + level) / 2)];
  };
  const figuresOf = (metric: MetricName) => {
    const [mean, p50, p90, p95, p99] = FIGURES.map((figure) => bandOf(metric, figure));
    return { mean, p50, p90, p95, p99 };
  };
  const metrics = { ttft: figuresOf('ttft'), tpot: figuresOf('tpot'), latency: figuresOf('latency') };
  return { level, draws: runs.length, metrics };
};
