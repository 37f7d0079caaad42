/**
 * Requests that clients abort are load: one in ten is, somewhere between its first token and its last, on engines of known cost. Each format tells of
 * them what it tells; the same files without them show what leaving them out costs.
 *
 * npm run ts -- scripts/validate/aborted-requests.ts [--seeds 5 | --quick]
 */
import { parseArgs } from 'node:util';
import { estimateStepClock, estimateTokenClock } from '@stepclock/beta-estimators';
import { drawWorkload, scenarios, simulate, tokenTimes } from '@stepclock/engine-sim';
import { seededRandom } from '@stepclock/numerics';
import { readTrace } from '@stepclock/trace-io';

// The data folder that every validation is given is not looked at: these engines are simulated.
const { values } = parseArgs({
  allowPositionals: true,
  options: { seeds: { type: 'string' }, quick: { type: 'boolean', default: false }, format: { type: 'string' } },
});
const SEEDS = Number(values.seeds ?? (values.quick ? 1 : 5));
const COST = { beta0: 6e-3, beta1: 20e-6, beta2: 120e-6, beta3: 1e-7 };
const SHARE = 0.1;
/** Seconds from the epoch at which the runs began. */
const EPOCH = 1_790_000_000;

interface Request {
  readonly id: string;
  readonly arrival: number;
  readonly scheduled: number;
  readonly first: number;
  readonly last: number;
  readonly prompt: number;
  readonly output: number;
  readonly chunks: readonly number[];
  /** When it was aborted. */
  readonly end: number | undefined;
}

/** A run in which one request in ten ends at a token of its own choice, some milliseconds before its client goes. */
const runOf = (seed: number): readonly Request[] => {
  const { arrivals, prompt, output } = scenarios['budget-2048-medium'];
  const drawn = drawWorkload({ requests: 1000, arrivals, prompt, output, seed });
  const chance = seededRandom(seed, 'aborted');
  const isAborted = Array.from({ length: drawn.length }, () => chance() < SHARE);
  const outputTokens = drawn.outputTokens.map((tokens, i) =>
    isAborted[i] ? 1 + Math.ceil(chance() * (tokens - 1)) : tokens,
  );
  const run = simulate(
    { ...drawn, outputTokens },
    { coefficients: COST, maxNumBatchedTokens: 2048, stepNoise: 0.02 },
    { seed },
  );
  const { requests } = run;
  const { chunkSec, chunkOffsets } = tokenTimes(run, { jitterSec: 2e-4, seed });
  return isAborted.map((aborted, i) => ({
    id: `r${i}`,
    arrival: requests.arrivalSec[i],
    scheduled: requests.scheduledSec[i],
    first: requests.firstTokenSec[i],
    last: requests.lastTokenSec[i],
    prompt: requests.promptTokens[i],
    output: outputTokens[i],
    chunks: [...chunkSec.subarray(chunkOffsets[i], chunkOffsets[i + 1])],
    end: aborted ? requests.lastTokenSec[i] + 0.004 * chance() : undefined,
  }));
};

const lines = (records: readonly unknown[]): string =>
  `${records.map((record) => JSON.stringify(record)).join('\n')}\n`;
const gapsOf = ({ chunks }: Request): number[] => chunks.slice(1).map((sec, j) => sec - chunks[j]);
const nanos = (sec: number): string =>
  `${EPOCH + Math.floor(sec)}${String(Math.floor((sec % 1) * 1e9)).padStart(9, '0')}`;
const attribute = (key: string, value: object) => ({ key, value });

const bench = (requests: readonly Request[], more: object): string =>
  JSON.stringify({
    backend: 'vllm',
    ...more,
    input_lens: requests.map(({ prompt }) => prompt),
    output_lens: requests.map(({ output, end }) => (end === undefined ? output : 0)),
    start_times: requests.map(({ arrival }) => arrival),
    ttfts: requests.map(({ arrival, chunks }) => (chunks[0] ?? 0) - arrival),
    itls: requests.map(gapsOf),
    errors: requests.map(({ end }) => (end === undefined ? '' : 'Traceback: connection reset')),
  });

const span = ({ id, arrival, scheduled, first, last, prompt, output, end }: Request) => ({
  traceId: '1',
  spanId: id,
  startTimeUnixNano: nanos(arrival),
  endTimeUnixNano: nanos(end ?? last),
  attributes: [
    attribute('gen_ai.request.id', { stringValue: id }),
    attribute('gen_ai.usage.prompt_tokens', { intValue: prompt }),
    attribute('gen_ai.latency.time_in_queue', { doubleValue: scheduled - arrival }),
    attribute('gen_ai.latency.time_to_first_token', { doubleValue: first - arrival }),
    ...(end === undefined ? [attribute('gen_ai.usage.completion_tokens', { intValue: output })] : []),
  ],
  ...(end !== undefined && { status: { code: 2, message: 'client gone' } }),
});

const metric = (value: unknown, unit: string) => ({ value, unit });

const FORMATS: Readonly<Record<string, (requests: readonly Request[]) => string>> = {
  'vllm-bench': (requests) =>
    bench(requests, { endpoint_type: 'openai', total_input_tokens: 1, request_throughput: 1 }),
  'sglang-bench': (requests) =>
    `${bench(requests, { backend: 'sglang', random_input_len: 1, request_throughput: 1 })}\n`,
  aiperf: (requests) =>
    // Numbers of nanoseconds have more digits than JSON.stringify keeps.
    requests
      .map((r) => {
        const metadata = `{"request_start_ns":${nanos(r.arrival)},"request_end_ns":${nanos(r.end ?? r.last)},"x_request_id":"${r.id}","benchmark_phase":"profiling","was_cancelled":${r.end !== undefined}}`;
        const metrics =
          r.end === undefined
            ? {
                time_to_first_token: metric((r.chunks[0] ?? 0) - r.arrival, 's'),
                request_latency: metric(r.last - r.arrival, 's'),
                inter_chunk_latency: metric(gapsOf(r), 's'),
                input_sequence_length: metric(r.prompt, 'tokens'),
                output_sequence_length: metric(r.output, 'tokens'),
              }
            : { error_isl: metric(r.prompt, 'tokens') };
        const error = r.end === undefined ? null : { code: 499, type: 'RequestCancellationError' };
        return `{"metadata":${metadata},"metrics":${JSON.stringify(metrics)},"error":${JSON.stringify(error)}}\n`;
      })
      .join(''),
  evalscope: (requests) =>
    lines(
      requests.map((r) => ({
        start_time: r.arrival,
        first_chunk_latency: (r.chunks[0] ?? 0) - r.arrival,
        inter_token_latencies: JSON.stringify(gapsOf(r)),
        success: r.end === undefined ? 1 : 0,
        prompt_tokens: r.prompt,
        completion_tokens: r.end === undefined ? r.output : null,
      })),
    ),
  guidellm: (requests) => {
    const item = (r: Request) => ({
      request_id: r.id,
      info: {
        status: r.end === undefined ? 'completed' : 'cancelled',
        timings: {
          request_start: r.arrival,
          first_token_iteration: r.first,
          ...(r.end === undefined && { last_token_iteration: r.last }),
          request_end: r.end ?? r.last,
        },
      },
      input_metrics: { text_tokens: r.prompt },
      output_metrics: { text_tokens: r.end === undefined ? r.output : null },
    });
    const requestsBy = {
      successful: requests.filter(({ end }) => end === undefined).map(item),
      incomplete: requests.filter(({ end }) => end !== undefined).map(item),
    };
    return JSON.stringify({ benchmarks: [{ requests: requestsBy }] });
  },
  'inference-perf': (requests) =>
    JSON.stringify(
      requests.map((r) => ({
        start_time: r.arrival,
        end_time: r.end ?? r.last,
        info: { input_tokens: r.prompt, output_tokens: r.output, output_token_times: r.chunks },
        error: r.end === undefined ? null : { error_type: 'TimeoutError' },
      })),
    ),
  'vllm-vcr': (requests) =>
    lines(
      requests.map((r) => ({
        arrival_ms: 1e3 * r.arrival,
        ttft_ms: 1e3 * ((r.chunks[0] ?? 0) - r.arrival),
        itl_ms: gapsOf(r).map((gap) => 1e3 * gap),
        prompt_tokens: r.prompt,
        output_tokens: r.output,
        finish_reason: r.end === undefined ? 'stop' : 'abort',
      })),
    ),
  otlp: (requests) => lines(requests.map((r) => ({ resourceSpans: [{ scopeSpans: [{ spans: [span(r)] }] }] }))),
  sglang: (requests) =>
    lines(
      requests.map((r) => ({
        id: r.id,
        request_received_ts: r.arrival,
        forward_entry_ts: r.scheduled,
        prefill_finished_ts: r.first,
        decode_finished_ts: r.end ?? r.last,
        prompt_tokens: r.prompt,
        completion_tokens: r.output,
        finish_reason: { type: r.end === undefined ? 'stop' : 'abort' },
      })),
    ),
  litellm: (requests) =>
    lines(
      requests.map((r) => ({
        id: r.id,
        call_type: 'acompletion',
        status: r.end === undefined ? 'success' : 'failure',
        startTime: r.arrival,
        completionStartTime: r.first,
        endTime: r.end ?? r.last,
        prompt_tokens: r.prompt,
        completion_tokens: r.end === undefined ? r.output : 0,
      })),
    ),
  langfuse: (requests) => {
    const date = (sec: number): string => new Date(1e3 * (EPOCH + sec)).toISOString();
    return JSON.stringify(
      requests.map((r) => ({
        id: r.id,
        startTime: date(r.arrival),
        completionStartTime: date(r.first),
        endTime: date(r.end ?? r.last),
        usageDetails: { input: r.prompt, output: r.end === undefined ? r.output : 0 },
      })),
    );
  },
  'request log, aborted without a last token': (requests) =>
    lines(
      requests.map((r) => ({
        request_id: r.id,
        input_toks: r.prompt,
        output_toks: r.end === undefined ? r.output : 0,
        queued_ts: r.arrival,
        scheduled_ts: r.scheduled,
        first_token_ts: r.first,
        last_token_ts: r.end === undefined ? r.last : null,
        aborted_ts: r.end,
      })),
    ),
  '--map': (requests) =>
    `start,first,last,prompt,output\n${requests.map((r) => [r.scheduled, r.first, r.end ?? r.last, r.prompt, r.end === undefined ? r.output : 0].join(',')).join('\n')}\n`,
};

const MAP = { start: 'start', first: 'first', last: 'last', prompt: 'prompt', output: 'output' };

/** Relative errors of the coefficients, and whether their intervals hold the truth; by the token clock where the file has token times. */
const judged = async (text: string, name: string) => {
  const options = name === '--map' ? { map: MAP } : {};
  const trace = await readTrace(new Blob([text]).stream(), { ...options, fileName: name });
  const { phases, tokens, facts, exclusions } = trace;
  const { queueInPrefill = 'unknown' } = facts;
  const estimates = [
    ...(tokens === undefined ? [] : [['tokens', estimateTokenClock(tokens, {})] as const]),
    ...(phases === undefined ? [] : [['phases', estimateStepClock(phases, { model: 'kv', queueInPrefill })] as const]),
  ];
  const left = exclusions.reduce((sum, { count }) => sum + count, 0);
  return estimates.map(([evidence, { betas, intervals }]) => ({
    evidence,
    left,
    load: exclusions.reduce((sum, { load = 0 }) => sum + load, 0) + (facts.cutRequests ?? 0),
    errors: Object.entries(COST).map(([key, truth]) => {
      const found = Object.entries(betas).find(([own]) => own === key)?.[1] ?? Number.NaN;
      const [low, high] = intervals?.byLabel[key] ?? [Number.NaN, Number.NaN];
      return { error: found / truth - 1, isCovered: low <= truth && truth <= high };
    }),
  }));
};

const print = (line: string): boolean => process.stdout.write(`${line}\n`);
print(`One request in ten aborted; 6 ms, 20 us, 120 us, 100 ns; worst of ${SEEDS} runs, %, * where an interval missed`);
print('');
print(
  '| format | evidence | load of aborted | with it: beta0 | beta1 | beta2 | beta3 | left out: beta0 | beta1 | beta2 | beta3 |',
);
print(`|${' --- |'.repeat(11)}`);
for (const [name, write] of Object.entries(FORMATS)) {
  if (values.format !== undefined && name !== values.format) continue;
  const rows = new Map<string, { aborted: number; load: number; cells: { error: number; missed: boolean }[] }>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const requests = runOf(seed);
    const aborted = requests.filter(({ end }) => end !== undefined).length;
    const whole = requests.filter(({ end }) => end === undefined);
    for (const [side, text] of [write(requests), write(whole)].entries()) {
      for (const { evidence, load, errors } of await judged(text, name)) {
        const row = rows.get(evidence) ?? {
          aborted: 0,
          load: 0,
          cells: Array.from({ length: 8 }, () => ({ error: 0, missed: false })),
        };
        rows.set(evidence, row);
        if (side === 0) [row.aborted, row.load] = [row.aborted + aborted, row.load + load];
        errors.forEach(({ error, isCovered }, t) => {
          const cell = row.cells[4 * side + t];
          if (cell === undefined) return;
          cell.missed ||= !isCovered;
          if (Math.abs(error) > Math.abs(cell.error)) cell.error = error;
        });
      }
    }
  }
  for (const [evidence, { aborted, load, cells }] of rows) {
    const shown = cells.map(({ error, missed }) => `${(100 * error).toFixed(1)}${missed ? '*' : ''}`);
    print(`| ${[name, evidence, `${load} of ${aborted}`, ...shown].join(' | ')} |`);
  }
}
