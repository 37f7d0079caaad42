import { Fault } from '@stepclock/faults';
import type { Input } from '../../bytes/input.js';
import { readJsonDocuments } from '../../json/json-documents.js';
import { isObject, JsonRecord } from '../../json/json-record.js';
import { RequestBuilder } from '../../requests/request-builder.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';

const COLUMNS = ['input_lens', 'output_lens', 'ttfts', 'itls', 'start_times', 'errors'] as const;
type Column = (typeof COLUMNS)[number];
const TITLES = ['model_id', 'backend', 'endpoint_type', 'label'] as const;

/**
 * The result file of `vllm bench serve --save-result --save-detailed` (vllm/benchmarks/serve.py, from the versions on that write
 * `start_times`; also the lines of `--append-result`): lists as long as the requests, seconds on the client's perf_counter. The
 * prefill starts when the request was sent, so the queue is folded into it. `itls` are gaps between chunks, whose sum gives the
 * last token; token counts are those of `output_lens`. Requests with an error are excluded. Each appended run is an instance.
 *
 * @throws Fault `trace-io/not-detailed`, `trace-io/no-start-times`: what to run again
 */
export const vllmBench: TraceFormat = {
  name: 'vllm-bench',
  description: 'vllm bench serve result (JSON or appended JSON lines), saved with --save-result --save-detailed',
  recognise: ({ firstObject, text }) =>
    firstObject === undefined
      ? /^\s*\{/.test(text) &&
        /"(?:ttfts|start_times|total_input_tokens)"\s*:/.test(text) &&
        /"(?:input_lens|backend|endpoint_type|request_throughput)"\s*:/.test(text)
      : Object.hasOwn(firstObject, 'ttfts') ||
        (Object.hasOwn(firstObject, 'request_throughput') && Object.hasOwn(firstObject, 'total_input_tokens')),
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const builder = new RequestBuilder(input.file, 'snapped');
  let run = new Run(input.file, 0);
  let engine: { model?: string; engine?: string } = {};
  await readJsonDocuments(
    input,
    [...COLUMNS.flatMap((name) => [`$.${name}`, `$.${name}.*`]), ...TITLES.map((name) => `$.${name}`)],
    {
      value: ({ value, path, line }) => {
        const [name, index] = path;
        if (typeof name !== 'string') return;
        if (name === 'model_id' && typeof value === 'string') engine = { ...engine, model: value };
        if (name === 'backend' && typeof value === 'string') engine = { ...engine, engine: value };
        if (isColumn(name)) run.take(name, typeof index === 'number' ? index : undefined, value, line);
      },
      documentEnd: (line) => {
        run.finish(builder, line);
        run = new Run(input.file, run.number + 1);
      },
    },
  );
  return builder.trace({
    format: 'vllm-bench',
    clock: "the benchmark client's perf_counter, seconds",
    timeUnit: 's',
    queueInPrefill: 'yes',
    firstTokenWithPrefill: true,
    settings: { ...engine, ...options.settings },
  });
}

function isColumn(name: string): name is Column {
  return (COLUMNS as readonly string[]).includes(name);
}

/** The lists of one run as they stream in; of `itls` only each request's sum. */
class Run {
  readonly #columns = new Map<Column, unknown[]>();

  constructor(
    private readonly file: string,
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
    column.push(name === 'itls' ? this.#sum(value, index, line) : name === 'errors' ? failed(value) : value);
  }

  finish(builder: RequestBuilder, line: number): void {
    const columns = this.#columns;
    if (!columns.has('input_lens') && !columns.has('ttfts')) {
      throw new Fault('trace-io/not-detailed', {
        what: 'vllm bench result',
        file: this.file,
        line,
        rule: 'must have lists per request',
        hint: 'run the benchmark again with --save-result --save-detailed',
      });
    }
    if (!columns.has('start_times')) {
      throw new Fault('trace-io/no-start-times', {
        what: 'vllm bench result',
        file: this.file,
        line,
        column: 'start_times',
        rule: 'must have start_times, without which nobody can tell which requests overlapped',
        hint: 'run the benchmark again with a vLLM that writes them (--save-result --save-detailed)',
      });
    }
    const starts = columns.get('start_times') as unknown[];
    for (const name of COLUMNS) {
      const column = columns.get(name);
      if (column === undefined && name === 'errors') continue;
      if (column?.length !== starts.length) {
        throw this.#bad(
          name,
          `${column?.length ?? 0} elements`,
          line,
          `must have as many elements as start_times, ${starts.length}`,
        );
      }
    }
    for (let i = 0; i < starts.length; i++) this.#request(i, builder, line);
  }

  #request(i: number, builder: RequestBuilder, line: number): boolean {
    const cell = (name: Column): unknown => this.#columns.get(name)?.[i];
    const record = new JsonRecord(
      Object.fromEntries(COLUMNS.map((name) => [name, cell(name)])),
      this.file,
      line,
      `[${i}]`,
    );
    const outputTokens = cell('output_lens') === null ? 0 : record.count('output_lens');
    if (cell('errors') === true) return builder.exclude('failed', i + 1);
    if (outputTokens === 0) return builder.exclude('no-output', i + 1);
    const start = record.number('start_times');
    const ttft = record.number('ttfts');
    return builder.add(String(i), i + 1, {
      arrivalSec: start,
      firstTokenSec: start + ttft,
      lastTokenSec: start + ttft + record.number('itls'),
      promptTokens: record.count('input_lens'),
      outputTokens,
      instance: `run-${this.number}`,
    });
  }

  #sum(gaps: unknown, index: number, line: number): number {
    if (gaps === null) return 0;
    if (!Array.isArray(gaps)) throw this.#bad(`itls[${index}]`, gaps, line, 'must be a list of seconds');
    let sum = 0;
    for (const gap of gaps) {
      if (typeof gap !== 'number' || !Number.isFinite(gap))
        throw this.#bad(`itls[${index}]`, gap, line, 'must be finite seconds');
      sum += gap;
    }
    return sum;
  }

  #bad(column: string, value: unknown, line: number, rule: string): Fault {
    return new Fault('trace-io/bad-field', { what: column, file: this.file, line, column, value, rule });
  }
}

function failed(error: unknown): boolean {
  return isObject(error) || (typeof error === 'string' && error !== '');
}
