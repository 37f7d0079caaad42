import type { MetricName } from '../replay/serving-metrics.js';

/** What people call the figures of a request. */
export const METRIC_TITLES: Readonly<Record<MetricName, { readonly short: string; readonly long: string }>> = {
  ttft: { short: 'TTFT', long: 'Time to first token' },
  tpot: { short: 'TPOT', long: 'Time per output token' },
  latency: { short: 'Latency', long: 'Latency of a request' },
};
