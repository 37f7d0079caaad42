import { fault } from '../fault.js';
import type { Quantity } from './units.js';

/** What is predicted from the tokens of one request, alone on its device. */
export type Metric = 'ttft' | 'decode' | 'total' | 'energy' | 'power';

export interface MetricFacts {
  readonly quantity: Quantity;
  readonly title: string;
  /** Name of its SI value in JSON. */
  readonly field: string;
}

export const METRIC_FACTS: Readonly<Record<Metric, MetricFacts>> = {
  ttft: { quantity: 'time', title: 'time to first token', field: 'ttft_s' },
  decode: { quantity: 'time', title: 'decode time', field: 'decode_time_s' },
  total: { quantity: 'time', title: 'total latency', field: 'total_time_s' },
  energy: { quantity: 'energy', title: 'energy', field: 'energy_j' },
  power: { quantity: 'power', title: 'mean power', field: 'power_w' },
};

export const METRICS = Object.keys(METRIC_FACTS) as readonly Metric[];

/** @throws Fault `token2metrics/unknown-metric` */
export const metricOf = (name: string): Metric => {
  const metric = METRICS.find((known) => known === name);
  if (metric) return metric;
  throw fault('unknown-metric', { what: 'metric', rule: `must be one of ${METRICS.join(', ')}`, value: name });
};
