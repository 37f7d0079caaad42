import type { TraceFormat } from '../trace-format.js';
import { knownTable } from './known-table.js';

const TOKENS = {
  prompt: ['usageDetails.input', 'usage_details.input', 'usage.input', 'promptTokens', 'prompt_tokens', 'inputUsage'],
  output: [
    'usageDetails.output',
    'usage_details.output',
    'usage.output',
    'completionTokens',
    'completion_tokens',
    'outputUsage',
  ],
} as const;

/** Requests as gateways and observability services export them: dates, to the millisecond, of the caller's clock. */
export const GATEWAY_TABLES: readonly TraceFormat[] = [
  // LiteLLM_SpendLogs of the proxy's database, or its /spend/logs.
  knownTable({
    name: 'litellm-spend',
    description: 'LiteLLM spend logs (CSV or JSON)',
    clock: "the proxy's wall clock, dates",
    timeUnit: 's',
    needs: ['request_id', 'startTime', 'completionStartTime', 'endTime', 'prompt_tokens'],
    map: {
      id: ['request_id'],
      arrival: ['startTime'],
      first: ['completionStartTime'],
      last: ['endTime'],
      prompt: ['prompt_tokens'],
      output: ['completion_tokens'],
      instance: ['model_id'],
    },
  }),
  // Observations of the type GENERATION: the export of the page, the API, the blob storage.
  knownTable({
    name: 'langfuse',
    description: 'Langfuse generations (CSV or JSON export)',
    clock: "the caller's wall clock, dates",
    timeUnit: 's',
    needs: ['startTime', 'completionStartTime', 'endTime'],
    map: { id: ['id'], arrival: ['startTime'], first: ['completionStartTime'], last: ['endTime'], ...TOKENS },
  }),
  knownTable({
    name: 'langfuse-blob',
    description: 'Langfuse observations of its blob storage export',
    clock: "the caller's wall clock, dates",
    timeUnit: 's',
    needs: ['start_time', 'completion_start_time', 'end_time'],
    map: { id: ['id'], arrival: ['start_time'], first: ['completion_start_time'], last: ['end_time'], ...TOKENS },
  }),
  knownTable({
    name: 'helicone',
    description: 'Helicone requests (CSV or JSON export)',
    clock: "the gateway's wall clock, dates; delays in milliseconds",
    timeUnit: 'ms',
    needs: ['request_created_at', 'delay_ms', 'completion_tokens', 'time_to_first_token'],
    map: {
      id: ['request_id'],
      arrival: ['request_created_at'],
      ttft: ['time_to_first_token'],
      latency: ['delay_ms'],
      prompt: ['prompt_tokens'],
      output: ['completion_tokens'],
    },
  }),
];
