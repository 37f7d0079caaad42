import { durationText, percentText } from '@stepclock/charts';
import { isFault } from '@stepclock/faults';
import { quantileSorted } from '@stepclock/numerics';
import {
  betasOfFile,
  METRIC_NAMES,
  parseBetasFile,
  replay,
  replayResultOf,
  replaySentence,
  servingOfModel,
  tellsScheduling,
} from '@stepclock/step-model';
import type { Trace } from '@stepclock/trace-io';
import type { MetricView, ReplayView } from '../messages.js';
import { limitsOf } from './program.js';

/** A larger log takes longer to serve again than anybody waits. */
const MOST_REQUESTS = 50_000;
const POINTS = 201;
const FIGURES = ['mean', 'p50', 'p90', 'p95', 'p99'] as const;

const evenly = (values: ArrayLike<number>): Float64Array => {
  const ascending = Float64Array.from(values).sort();
  return ascending.length === 0
    ? ascending
    : Float64Array.from({ length: POINTS }, (_, k) => quantileSorted(ascending, k / (POINTS - 1)));
};

/** The log served again as `stepclock replay` does, beside what it measured; null, and why, where it cannot be. */
export const replayViewOf = (
  { requests, facts }: Trace,
  modelJson: string,
): { readonly replay: ReplayView | null; readonly why: string } => {
  const none = (why: string) => ({ replay: null, why });
  if (requests?.arrivalSec === undefined) return none('The log does not tell when its requests were sent.');
  if (requests.firstTokenSec === undefined) return none('The log does not tell when first tokens came.');
  if (requests.length > MOST_REQUESTS) return none(`More than ${MOST_REQUESTS} requests: ask stepclock replay.`);
  const model = parseBetasFile(modelJson, 'model');
  const { engine } = facts.settings;
  try {
    const limits = limitsOf({ policy: model.policy }, facts.settings);
    const result = replay(requests, betasOfFile(model), limits, {
      ...servingOfModel(model, tellsScheduling(requests)),
      ...(engine !== undefined && { engine }),
    });
    const { distributions = {}, metrics } = replayResultOf(requests, result);
    return {
      why: '',
      replay: {
        sentence: replaySentence(metrics),
        metrics: METRIC_NAMES.map((metric): MetricView => {
          const { measured = [], replayed = [] } = distributions[metric] ?? {};
          // What lies between client and engine is no part of the simulated engine's own times.
          const between = metric === 'tpot' ? 0 : result.overheadSec;
          return {
            metric,
            measured: evenly(measured),
            replayed: evenly(replayed).map((sec) => sec + between),
            rows: FIGURES.map((figure) => {
              const { measured: m, replayed: r, error } = result.metrics[metric][figure];
              const shown = (sec: number | null): string => (sec === null ? '-' : durationText(sec));
              return [figure, shown(m), shown(r), error === null ? '-' : percentText(error)] as const;
            }),
          };
        }),
      },
    };
  } catch (error) {
    if (!isFault(error)) throw error;
    return none(`The log cannot be served again: ${error.message}`);
  }
};
