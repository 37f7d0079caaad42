import { Fault } from '@stepclock/faults';
import { attempted, type Input } from '../../bytes/input.js';
import { readJsonDocuments } from '../../json/json-documents.js';
import { isObject, JsonRecord } from '../../json/json-record.js';
import { RequestBuilder } from '../../requests/request-builder.js';
import type { Trace } from '../../trace.js';
import type { Head, ReadOptions, TraceFormat } from '../trace-format.js';

/** Not in every file: `server_queue_times` and `server_ttfts`, s, of a server with --enable-per-request-metrics. */
const OPTIONAL = ['start_times', 'errors', 'server_queue_times', 'server_ttfts'] as const;
const COLUMNS = ['input_lens', 'output_lens', 'ttfts', 'itls', ...OPTIONAL] as const;
type Column = (typeof COLUMNS)[number];
const TITLES = ['model_id', 'backend', 'endpoint_type', 'label', 'duration'] as const;

/**
 * The result file of `vllm bench serve --save-result --save-detailed` (vllm/benchmarks/serve.py, from the versions on that write
 * `start_times`; also the lines of `--append-result`): lists as long as the requests, seconds on the client's perf_counter. The
 * prefill starts when the request was sent, so the queue is folded into it. `itls` are gaps between chunks, whose sum gives the
 * last token; token counts are those of `output_lens`. Requests with an error are excluded. Each appended run is an instance. Files
 * without `start_times` (older versions) give token times that count from each request's own start.
 *
 * @throws Fault `trace-io/not-detailed`, `trace-io/no-start-times`: what to run again
 */
export const vllmBench: TraceFormat = {
  name: 'vllm-bench',
  description: 'vllm bench serve result (JSON or appended JSON lines), saved with --save-result --save-detailed',
  recognise: isResult,
  read: (input, options) => read(input, options, 'vllm-bench'),
};

/**
 * The result of `python -m sglang.bench_serving --output-details`: the lists of `vllm bench serve`, which it grew from, and fields of its own.
 *
 * @throws as `vllmBench` does
 */
export const sglangBench: TraceFormat = {
  name: 'sglang-bench',
  description: 'sglang.bench_serving result (JSON lines), saved with --output-details',
  recognise: (head) => isResult(head) && SGLANG_ONLY.test(head.text),
  read: (input, options) => read(input, options, 'sglang-bench'),
};

/** Fields of SGLang's results that vLLM's lack, and its backend. */
const SGLANG_ONLY = /"(?:random_input_len|sharegpt_output_len|total_input_text_tokens)"\s*:|"backend"\s*:\s*"sglang/;

function isResult({ firstObject, text }: Head): boolean {
  if (firstObject !== undefined) {
    return (
      Object.hasOwn(firstObject, 'ttfts') ||
      (Object.hasOwn(firstObject, 'request_throughput') && Object.hasOwn(firstObject, 'total_input_tokens'))
    );
  }
  return (
    /^\s*\{/.test(text) &&
    /"(?:ttfts|start_times|total_input_tokens)"\s*:/.test(text) &&
    /"(?:input_lens|backend|endpoint_type|request_throughput)"\s*:/.test(text)
  );
}

/** How to get the lists of requests. */
const AGAIN = {
  'vllm-bench': { what: 'vllm bench result', hint: 'run the benchmark again with --save-result --save-detailed' },
  'sglang-bench': { what: 'sglang.bench_serving result', hint: 'run the benchmark again with --output-details' },
} as const;
type BenchName = keyof typeof AGAIN;

async function read(input: Input, options: ReadOptions, name: BenchName): Promise<Trace> {
  const builder = new RequestBuilder(input.file, 'snapped');
  let run = new Run(input, name, 0);
  let engine: { model?: string; engine?: string } = {};
  let durationSec = 0;
  let hasStarts = true;
  await readJsonDocuments(
    input,
    [...COLUMNS.flatMap((name) => [`$.${name}`, `$.${name}.*`]), ...TITLES.map((name) => `$.${name}`)],
    {
      value: ({ value, path, line }) => {
        const [field, index] = path;
        if (typeof field !== 'string') return;
        if (field === 'model_id' && typeof value === 'string') engine = { ...engine, model: value };
        if (field === 'backend' && typeof value === 'string') engine = { ...engine, engine: value };
        if (field === 'duration' && typeof value === 'number' && value > 0) durationSec += value;
        if (isColumn(field)) run.take(field, typeof index === 'number' ? index : undefined, value, line);
      },
      documentEnd: (line) => {
        if (!run.finish(builder, line)) hasStarts = false;
        run = new Run(input, name, run.number + 1);
      },
    },
  );
  const facts = {
    format: name,
    clock: "the benchmark client's perf_counter, seconds",
    timeUnit: 's',
    queueInPrefill: 'yes',
    firstTokenWithPrefill: true,
    settings: { ...engine, ...options.settings },
  } as const;
  const runSec = durationSec > 0 ? durationSec : undefined;
  if (hasStarts) return builder.trace({ ...facts, queueInPrefill: builder.allScheduled ? 'no' : 'yes' }, runSec);
  const tokens = builder.tokenTrace(
    { ...facts, clock: "the benchmark client's, from each request's own start" },
    runSec,
  );
  if (tokens !== undefined) return tokens;
  throw new Fault('trace-io/no-start-times', {
    what: AGAIN[name].what,
    file: input.file,
    column: 'start_times',
    rule: 'must have start_times or the times of several chunks a request (itls), from which they can be rebuilt',
    hint: `${AGAIN[name].hint} and streaming`,
  });
}

function isColumn(name: string): name is Column {
  return (COLUMNS as readonly string[]).includes(name);
}

const NO_GAPS = new Float64Array(0);
/** Requests of a run: a hundred of them a second for four hours. */
const MOST_REQUESTS = 1_500_000;

/** The lists of one run as they stream in; the gaps of a request as one column. */
class Run {
  readonly #columns = new Map<Column, unknown[]>();

  constructor(
    private readonly input: Input,
    private readonly format: BenchName,
    readonly number: number,
  ) {}

  take(name: Column, index: number | undefined, value: unknown, line: number): void {
    if (index === undefined) {
      // The list itself, after its elements (emptied as they were handed out).
      if (!Array.isArray(value) && value !== null)
        throw this.#bad(name, value, line, 'must be a list, one element a request');
      if (Array.isArray(value) && !this.#columns.has(name)) this.#columns.set(name, []);
      return;
    }
    let column = this.#columns.get(name);
    if (column === undefined) {
      column = [];
      this.#columns.set(name, column);
    }
    if (column.length === MOST_REQUESTS)
      throw this.#bad(name, column.length + 1, line, `must have at most ${MOST_REQUESTS} requests`);
    column.push(name === 'itls' ? this.#gaps(value, index, line) : name === 'errors' ? failed(value) : value);
  }

  /** Hands the requests over; whether the run tells when they were sent. */
  finish(builder: RequestBuilder, line: number): boolean {
    const columns = this.#columns;
    if (!columns.has('input_lens') && !columns.has('ttfts')) {
      throw new Fault('trace-io/not-detailed', {
        ...AGAIN[this.format],
        file: this.input.file,
        line,
        rule: 'must have lists per request',
      });
    }
    const { length } = columns.get('start_times') ?? columns.get('input_lens') ?? [];
    for (const name of COLUMNS) {
      const column = columns.get(name);
      if (column === undefined && OPTIONAL.some((optional) => optional === name)) continue;
      if (column?.length === length) continue;
      const rule = `must have as many elements as the other lists, ${length}`;
      throw this.#bad(name, `${column?.length ?? 0} elements`, line, rule);
    }
    const hasStarts = columns.has('start_times');
    for (let i = 0; i < length; i++) attempted(this.input, i + 1, () => this.#request(i, hasStarts, builder, line));
    return hasStarts;
  }

  #request(i: number, hasStarts: boolean, builder: RequestBuilder, line: number): boolean {
    const cell = (name: Column): unknown => this.#columns.get(name)?.[i];
    const record = new JsonRecord(
      Object.fromEntries(COLUMNS.map((name) => [name, cell(name)])),
      this.input.file,
      line,
      `[${i}]`,
    );
    const hasFailed = cell('errors') === true;
    const outputTokens = cell('output_lens') === null ? 0 : record.count('output_lens');
    if (outputTokens === 0 && !hasFailed) return builder.exclude('no-output', i + 1);
    const start = hasStarts ? record.number('start_times') : 0;
    const ttft = record.number('ttfts', hasFailed);
    const gaps = cell('itls');
    if (gaps instanceof Fault) throw gaps;
    const chunkSec = chunksOf(start + ttft, gaps);
    const counts = { promptTokens: record.count('input_lens'), instance: `run-${this.number}` };
    const sentSec = hasStarts ? start : Number.NaN;
    // Of one that failed nobody counted the tokens: its chunks are those that came.
    const came = hasFailed ? Math.max(outputTokens, chunkSec.length) : outputTokens;
    if (ttft > 0) builder.addChunks(i + 1, { ...counts, outputTokens: came, sentSec }, chunkSec);
    if (!hasStarts) return hasFailed ? builder.excludeFailed(i + 1, ttft > 0) : true;
    const row = {
      ...counts,
      ...scheduledOf(record, start, start + ttft),
      arrivalSec: start,
      firstTokenSec: ttft > 0 || !hasFailed ? start + ttft : Number.NaN,
      lastTokenSec: chunkSec[chunkSec.length - 1],
    };
    if (hasFailed) return builder.addCut('failed', String(i), i + 1, { ...row, outputTokens: Number.NaN });
    return builder.add(String(i), i + 1, { ...row, outputTokens });
  }

  /** The gaps of a request, or what is wrong with them. */
  #gaps(gaps: unknown, index: number, line: number): Float64Array | Fault {
    if (gaps === null) return NO_GAPS;
    if (!Array.isArray(gaps)) return this.#bad(`itls[${index}]`, gaps, line, 'must be a list of seconds');
    if (gaps.length === 0) return NO_GAPS;
    const column = new Float64Array(gaps.length);
    for (let j = 0; j < column.length; j++) {
      const gap: unknown = gaps[j];
      if (typeof gap !== 'number' || !(gap >= 0 && gap < Infinity)) {
        return this.#bad(`itls[${index}][${j}]`, gap, line, 'must be seconds, at least 0');
      }
      column[j] = gap;
    }
    return column;
  }

  #bad(column: string, value: unknown, line: number, rule: string): Fault {
    return new Fault('trace-io/bad-field', { what: column, file: this.input.file, line, column, value, rule });
  }
}

/** When a request was scheduled, where the server told how long its prefill took, or how long it waited before. */
function scheduledOf(record: JsonRecord, startSec: number, firstSec: number): { readonly scheduledSec?: number } {
  const prefill = record.number('server_ttfts', true);
  const scheduledSec = Number.isNaN(prefill)
    ? startSec + record.number('server_queue_times', true)
    : firstSec - prefill;
  return scheduledSec >= startSec && scheduledSec < firstSec ? { scheduledSec } : {};
}

/** When each chunk arrived: the first, and the gaps after it. */
function chunksOf(firstSec: number, gaps: unknown): Float64Array {
  const count = gaps instanceof Float64Array ? gaps.length : 0;
  const chunkSec = new Float64Array(count + 1);
  chunkSec[0] = firstSec;
  if (gaps instanceof Float64Array) for (let j = 0; j < count; j++) chunkSec[j + 1] = chunkSec[j] + gaps[j];
  return chunkSec;
}

function failed(error: unknown): boolean {
  return isObject(error) || (typeof error === 'string' && error !== '');
}
