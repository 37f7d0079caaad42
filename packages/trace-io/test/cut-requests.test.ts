import { expect, test } from 'vitest';
import { readTrace } from '../src/index.js';

const timings = (start: number, first: number | null, last: number | null, tokens: number) => ({
  request_start: start,
  first_token_iteration: first,
  last_token_iteration: last,
  token_iterations: tokens,
});
const request = (request_id: string, status: string, times: object, output: number | null) => ({
  request_id,
  info: { status, timings: times },
  input_metrics: { text_tokens: 100 },
  output_metrics: { text_tokens: output },
});

test('a request that the end of a benchmark cut off counts as far as it got', async () => {
  const benchmark = {
    requests: {
      successful: [request('done', 'completed', timings(10, 10.5, 11, 6), 6)],
      incomplete: [
        request('cut', 'cancelled', timings(10.25, 10.75, 11.25, 5), 5),
        request('waiting', 'cancelled', timings(10.75, null, null, 0), null),
      ],
      errored: [request('broken', 'errored', timings(10.5, 11, 11.125, 2), null)],
    },
  };
  const text = JSON.stringify({ benchmarks: [benchmark] });
  const trace = await readTrace(new Blob([text]).stream(), { format: 'guidellm' });
  expect(trace.facts.cutRequests).toBe(2);
  expect(trace.exclusions.map(({ reason, count }) => [reason, count])).toEqual([['no-tokens', 1]]);
  const rows = Array.from({ length: trace.requests?.length ?? 0 }, (_, i) => [
    trace.requests?.requestIds.at(i),
    trace.requests?.outputTokens[i],
    trace.requests?.lastTokenSec?.[i],
  ]);
  expect(rows).toEqual([
    ['done', 6, 11],
    ['cut', 5, 11.25],
    ['broken', 2, 11.125],
  ]);
});
