import { meanOf, quantileOf } from '@stepclock/numerics';
import type { OperatingFigures, RatedRun } from './operating-figures.js';
import type { Slo } from './slo.js';

/** A run is cut into so many batches: each far longer than a burst, and enough of them to tell how far they scatter. */
export const BATCHES = 20;
/** Of requests in a batch, below which batches tell nothing of each other. */
const FEWEST = 50;

/** What of a run tells its figures, batch by batch. */
type RunInBatches = Pick<RatedRun, 'counted' | 'countedArrivalSec'> & {
  readonly figures: Pick<OperatingFigures, 'ratePerSec'>;
};

/**
 * What a finite drawn load leaves open of the rate at which an SLO just holds: the standard error of the rate's logarithm, by the method of batch
 * means. A batch moves the rate by what its share of requests above the quantile (of a mean: its mean) is off by, over the rise of that with the
 * rate; as a load is brought to one request a second in the mean, how dense the batch's own arrivals are moves it too.
 *
 * @param here at the rate
 * @param below under a lower one, for the rise
 * @returns undefined where the SLO's figure does not rise with the rate, or the load is too short
 */
export const loadErrorOf = (
  here: RunInBatches,
  below: RunInBatches,
  { metric, statistic }: Pick<Slo, 'metric' | 'statistic'>,
): number | undefined => {
  const seen = here.counted[metric];
  const size = Math.floor(seen.length / BATCHES);
  if (size < FEWEST) return undefined;
  const defined = (values: Float64Array): Float64Array => values.filter((sec) => !Number.isNaN(sec));
  const threshold = statistic === 'mean' ? 0 : quantileOf(defined(seen), statistic);
  const figureOf = (values: Float64Array): number => {
    const own = defined(values);
    return meanOf(statistic === 'mean' ? own : own.map((sec) => (sec > threshold ? 1 : 0)));
  };
  const figure = figureOf(seen);
  const rise =
    (figure - figureOf(below.counted[metric])) / Math.log(here.figures.ratePerSec / below.figures.ratePerSec);
  if (!(rise > 0)) return undefined;
  const arrivals = here.countedArrivalSec;
  const meanSpan = (arrivals[BATCHES * size - 1] - arrivals[0]) / BATCHES;
  const moves = Float64Array.from({ length: BATCHES }, (_, b) => {
    const [from, to] = [b * size, (b + 1) * size];
    const span = arrivals[Math.min(to, arrivals.length - 1)] - arrivals[from];
    return 1 - span / meanSpan - (figureOf(seen.subarray(from, to)) - figure) / rise;
  });
  const mean = meanOf(moves);
  const squares = moves.reduce((sum, move) => sum + (move - mean) ** 2, 0);
  return Math.sqrt(squares / (BATCHES - 1) / BATCHES);
};
