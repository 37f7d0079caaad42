import type { TraceFormat } from '../trace-format.js';
import { readArrivals, workloadTrace } from './workload.js';

/**
 * BurstGPT (HPMLL/BurstGPT): `Timestamp, Model, Request tokens, Response tokens, Total tokens, Log Type` in BurstGPT_1 and _2, with `Session ID, Elapsed
 * time` after the timestamp in BurstGPT_3; seconds. A workload. Failed requests have no response tokens and are excluded.
 */
export const burstGptWorkload: TraceFormat = {
  name: 'burstgpt',
  description: 'BurstGPT CSV (a workload: no latencies)',
  recognise: ({ headerNames }) => headerNames.includes('request tokens') && headerNames.includes('response tokens'),
  async read(input, options) {
    const builder = await readArrivals(input, options, {
      timestamp: 'timestamp',
      time: 'number',
      prompt: 'request tokens',
      output: 'response tokens',
    });
    const clock = 'seconds from the start of the trace';
    return workloadTrace(builder, { format: 'burstgpt', clock, timeUnit: 's' }, options);
  },
};
