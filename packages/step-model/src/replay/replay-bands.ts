import { isFault } from '@stepclock/faults';
import { quantileOf } from '@stepclock/numerics';
import { CATALOGUE } from '@stepclock/step-cost';
import type { RequestTable } from '@stepclock/trace-io';
import type { BetasFile } from '../model-file/betas-schema.js';
import { checkedTerms } from '../model-file/consistency.js';
import type { ClientOverhead } from '../serving/client-overhead.js';
import { drawnBetas, normalsOf } from './coefficient-draws.js';
import type { ComparedMetric } from './metric-comparison.js';
import { type Replay, type ReplayOptions, replay } from './replay.js';
import type { MetricName } from './serving-metrics.js';
import { bent, type SeenBatches, withBends } from './unseen-batches.js';
import { type UnseenSteps, unseenSteps } from './unseen-steps.js';

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

/** Where more of the replayed time lies outside of what the fit has seen, the load is another one. */
const OTHER_LOAD = 0.1;
/** Standard deviation of the logarithm of a client's overhead under another load (H100 logs: 0 to 60 % more at two to three times the rate). */
const OVERHEAD_OF_OTHER_LOAD = 0.3;

/** A measured overhead as it may be: by its standard error, and by a factor under another load. */
const delayed = (
  overhead: ClientOverhead | undefined,
  [error, load]: readonly [number, number],
): ClientOverhead | undefined => {
  if (overhead?.errorSec === undefined) return overhead;
  const seconds = (overhead.seconds + overhead.errorSec * error) * Math.exp(OVERHEAD_OF_OTHER_LOAD * load);
  return { ...overhead, seconds: Math.max(0, seconds) };
};

const seenBatches = (unseen: readonly UnseenSteps[]): SeenBatches | undefined => {
  const of = (wanted: UnseenSteps['quantity']) => unseen.find(({ quantity }) => quantity === wanted)?.seen;
  const [seqs, context] = [of('decodeSeqs'), of('contextTokens')];
  if (seqs === undefined || !(seqs[0] > 0)) return undefined;
  return { least: seqs[0], most: seqs[1], contextPerSeq: context === undefined ? 0 : context[1] / seqs[1] };
};

/**
 * Bands of a replay's figures: the log is served again with each of some coefficients drawn from the model's covariance, under the rules that the
 * replay itself found. A measured overhead is drawn too; beyond the batches that the fit has seen, the slope of the step time is.
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
  const unseen = unseenSteps(model, checkedTerms(model, catalogue), done.simulation.steps);
  const seen = seenBatches(unseen);
  const isOtherLoad = unseen.some(({ shareBelow, shareAbove }) => shareBelow + shareAbove > OTHER_LOAD);
  const bends = normalsOf(seed, 'bends');
  const delays = normalsOf(seed, 'overhead');
  const runs = drawn.flatMap((betas) => {
    const bending = [bends(), bends()] as const;
    const overhead = delayed(options.overhead, [delays(), isOtherLoad ? delays() : 0]);
    const as = { ...options, ...(overhead && { overhead }) };
    try {
      if (seen === undefined) return [replay(requests, betas, done.settings, as).metrics];
      const bentBetas = bent(betas, seen, bending, catalogue);
      return [replay(requests, bentBetas, done.settings, { ...as, catalogue: withBends(seen, catalogue) }).metrics];
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
