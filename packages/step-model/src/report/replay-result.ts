import { formatNumber } from '@stepclock/charts';
import type { RequestTable } from '@stepclock/trace-io';
import type { Replay } from '../replay/replay.js';
import { servingMetrics } from '../replay/serving-metrics.js';
import type { ReplayMetrics, ReplayResult } from './estimate-input.js';

const counted = (count: number): string => formatNumber(count, 15);

const finite = (column: Float64Array): Float64Array => column.filter((x) => Number.isFinite(x));

/** The figures that are defined on both sides. */
const definedMetrics = ({ metrics }: Replay): ReplayMetrics =>
  Object.fromEntries(
    Object.entries(metrics).map(([metric, figures]) => [
      metric,
      Object.fromEntries(
        Object.entries(figures).flatMap(([figure, { measured, replayed, error }]) =>
          measured === null || replayed === null || error === null ? [] : [[figure, { measured, replayed, error }]],
        ),
      ),
    ]),
  );

/** A replay as its report takes it: figures, and both distributions of every metric. */
export const replayResultOf = (requests: RequestTable, replay: Replay): ReplayResult => {
  const measured = servingMetrics(requests);
  const replayed = servingMetrics(replay.simulation.requests);
  const both = (metric: keyof typeof measured) => ({
    measured: finite(measured[metric]),
    replayed: finite(replayed[metric]),
  });
  return {
    metrics: definedMetrics(replay),
    distributions: { ttft: both('ttft'), tpot: both('tpot'), latency: both('latency') },
    facts: [
      { label: 'Requests', value: counted(replay.requests) },
      { label: 'Steps', value: counted(replay.steps) },
      { label: 'Preemptions', value: counted(replay.preemptions) },
      { label: 'Scheduling', value: replay.settings.asyncScheduling ? 'asynchronous' : 'synchronous' },
    ],
  };
};
