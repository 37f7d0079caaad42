import type { RequestTable } from '../tables/request-table.js';

const ROWS_A_CHUNK = 1024;

/**
 * Requests as the engine request log (JSON lines) in pieces: `request_id, input_toks, output_toks, queued_ts, scheduled_ts, first_token_ts,
 * last_token_ts` in seconds, and what else the table has. Where it is not known when a request was scheduled, scheduled_ts repeats
 * queued_ts and `queue_in_prefill` says so; where
 * nobody knows when it arrived, queued_ts repeats scheduled_ts and `arrival_unknown` says so. A workload has no marks but queued_ts. Reading it again gives the same requests to the last digit.
 */
export function* requestsJsonlChunks(requests: RequestTable): Generator<string> {
  let lines: string[] = [];
  for (let i = 0; i < requests.length; i++) {
    lines.push(JSON.stringify(requestObject(requests, i)));
    if (lines.length === ROWS_A_CHUNK) {
      yield `${lines.join('\n')}\n`;
      lines = [];
    }
  }
  if (lines.length > 0) yield `${lines.join('\n')}\n`;
}

/** `requestsJsonlChunks` in one string. */
export function formatRequestsJsonl(requests: RequestTable): string {
  return [...requestsJsonlChunks(requests)].join('');
}

function requestObject(requests: RequestTable, i: number): Record<string, unknown> {
  const value = (column: Float64Array | undefined): number | undefined => {
    const number = column?.[i];
    return number === undefined || Number.isNaN(number) ? undefined : number;
  };
  const scheduled = value(requests.scheduledSec);
  const arrival = value(requests.arrivalSec);
  const queued = arrival ?? scheduled;
  const served = requests.firstTokenSec !== undefined;
  const { instance, instanceIds } = requests;
  return {
    request_id: requests.requestIds.at(i),
    input_toks: requests.promptTokens[i],
    output_toks: requests.outputTokens[i],
    queued_ts: queued,
    ...(served && {
      scheduled_ts: scheduled ?? queued,
      first_token_ts: value(requests.firstTokenSec),
      last_token_ts: value(requests.lastTokenSec) ?? value(requests.firstTokenSec),
      ...(scheduled === undefined && { queue_in_prefill: true }),
      ...(arrival === undefined && { arrival_unknown: true }),
    }),
    cached_toks: value(requests.cachedTokens),
    decode_steps: value(requests.decodeSteps),
    num_preemptions: value(requests.preemptions),
    ...(instance && instanceIds && { instance_id: instanceIds.at(instance[i]) }),
  };
}
