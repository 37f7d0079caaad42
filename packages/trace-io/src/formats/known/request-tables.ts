import type { TraceFormat } from '../trace-format.js';
import { knownTable } from './known-table.js';

/** Tables of requests that engines and load clients write. */
export const REQUEST_TABLES: readonly TraceFormat[] = [
  knownTable({
    name: 'request-csv',
    description: 'the columns of the engine request log as CSV',
    clock: "the engine's clock, seconds",
    timeUnit: 's',
    needs: ['scheduled_ts', 'first_token_ts', 'last_token_ts'],
    map: {
      id: ['request_id', 'req_id', 'id'],
      arrival: ['queued_ts'],
      start: ['scheduled_ts'],
      first: ['first_token_ts'],
      last: ['last_token_ts'],
      prompt: ['input_toks', 'input_tokens', 'prompt_tokens', 'num_prompt_tokens'],
      output: ['output_toks', 'output_tokens', 'completion_tokens', 'num_generation_tokens'],
      cached: ['cached_toks', 'cached_tokens', 'num_cached_tokens'],
      steps: ['decode_steps'],
      instance: ['instance_id', 'instance', 'engine_id'],
    },
    queueInPrefill: 'no',
  }),
  // multi-round-qa.py of vllm-project/production-stack and LMCache, LMBench: pandas' summary of all sessions.
  knownTable({
    name: 'multi-round-qa',
    description: 'multi-round-qa CSV of production-stack, LMCache and LMBench',
    clock: "the benchmark client's wall clock, epoch seconds",
    timeUnit: 's',
    needs: ['launch_time', 'finish_time', 'ttft', 'generation_tokens'],
    map: {
      arrival: ['launch_time'],
      ttft: ['ttft'],
      last: ['finish_time'],
      prompt: ['prompt_tokens'],
      output: ['generation_tokens'],
    },
  }),
];
