import { knownTable } from '../known/known-table.js';
import type { TraceFormat } from '../trace-format.js';

/** Workloads that are plain tables: arrivals and lengths, no latencies. */
export const WORKLOAD_TABLES: readonly TraceFormat[] = [
  // Mutinifni/splitwise-sim, traces/*.csv.
  knownTable({
    name: 'splitwise',
    description: 'splitwise-sim trace CSV (a workload: no latencies)',
    clock: 'seconds from the start of the trace',
    timeUnit: 's',
    needs: ['arrival_timestamp', 'prompt_size', 'token_size'],
    map: { id: ['request_id'], arrival: ['arrival_timestamp'], prompt: ['prompt_size'], output: ['token_size'] },
  }),
  // microsoft/vidur, data/processed_traces/*.csv.
  knownTable({
    name: 'vidur',
    description: 'Vidur trace CSV (a workload: no latencies)',
    clock: 'seconds from the start of the trace',
    timeUnit: 's',
    needs: ['arrived_at', 'num_prefill_tokens', 'num_decode_tokens'],
    map: { arrival: ['arrived_at'], prompt: ['num_prefill_tokens'], output: ['num_decode_tokens'] },
  }),
];
