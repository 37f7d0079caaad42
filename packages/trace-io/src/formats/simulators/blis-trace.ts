import { Fault } from '@stepclock/faults';
import { type Input, peeked, startsWithBom } from '../../bytes/input.js';
import { type RequestColumn, readRequestRows } from '../../delimited/request-rows.js';
import { isObject, numberOf } from '../../json/json-record.js';
import { RequestBuilder } from '../../requests/request-builder.js';
import type { EngineSettings, Trace } from '../../trace.js';
import { HEAD_BYTES } from '../head.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';

type Key =
  | 'request_id'
  | 'prefix_length'
  | 'input_tokens'
  | 'output_tokens'
  | 'server_input_tokens'
  | 'arrival_time_us'
  | 'send_time_us'
  | 'first_chunk_time_us'
  | 'last_chunk_time_us'
  | 'status'
  | 'finish_reason';

const column = (key: Key, kind: 'number' | 'count' | 'name', required = false): RequestColumn<Key> => ({
  key,
  names: [key],
  kind,
  required,
  emptyAllowed: !required,
});

const COLUMNS: readonly RequestColumn<Key>[] = [
  column('request_id', 'name', true),
  column('prefix_length', 'count'),
  column('input_tokens', 'count', true),
  column('output_tokens', 'count', true),
  column('server_input_tokens', 'count'),
  column('arrival_time_us', 'number', true),
  column('send_time_us', 'number'),
  column('first_chunk_time_us', 'number'),
  column('last_chunk_time_us', 'number'),
  column('status', 'name'),
  column('finish_reason', 'name'),
];

/**
 * BLIS TraceV2 (inference-sim/inference-sim, sim/workload/tracev2.go, versions 2 and 3): a CSV in microseconds, columns by header name, with a
 * YAML header in a file of its own (hand it in as `metaJson`) or before the CSV in the same file. The prefill starts at `send_time_us` (the client's
 * view, queue folded in), or at `arrival_time_us` where that is 0. Prompt tokens are `server_input_tokens` where the server said them; otherwise
 * `input_tokens`, to which `prefix_length` is added, since generated traces hold the suffix there (mode `real` without server counts holds
 * the whole prompt). Rows whose status is not `ok` are excluded. A trace without chunk times is a workload.
 */
export const blisTrace: TraceFormat = {
  name: 'blis-trace',
  description: 'BLIS (inference-sim) TraceV2: CSV in microseconds, with or without its YAML header',
  recognise: ({ headerNames, text }) =>
    headerNames.includes('send_time_us') ||
    headerNames.includes('first_chunk_time_us') ||
    /^\s*(?:---\s*\n)?trace_version\s*:/.test(text),
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const { yaml, csv } = await withoutYaml(input);
  const header = await headerOf(yaml ?? options.metaText, input.file, yaml !== undefined);
  const builder = new RequestBuilder(input.file);
  // Until a row has latencies this may be a workload: both readings are kept up to then.
  let workload: RequestBuilder | undefined = new RequestBuilder(input.file);
  await readRequestRows(
    csv,
    { delimiter: ',', path: options.path, mapping: options.columns },
    COLUMNS,
    (cells, line) => {
      const id = cells.name('request_id') ?? String(line);
      const status = cells.name('status');
      const reason = cells.name('finish_reason');
      const left = status !== undefined && status !== 'ok' ? 'failed' : reason === 'abort' ? 'aborted' : undefined;
      const first = positive(cells.number('first_chunk_time_us'));
      const sent = positive(cells.number('send_time_us'));
      const served = positive(cells.number('server_input_tokens'));
      const prefix = cells.number('prefix_length');
      const suffix = cells.number('input_tokens') + (header.mode !== 'real' && prefix > 0 ? prefix : 0);
      const row = {
        arrivalSec: (Number.isNaN(sent) ? cells.number('arrival_time_us') : sent) / 1e6,
        firstTokenSec: first / 1e6,
        lastTokenSec: positive(cells.number('last_chunk_time_us')) / 1e6,
        promptTokens: Number.isNaN(served) ? suffix : served,
        outputTokens: cells.number('output_tokens'),
      };
      if (left !== undefined) {
        builder.addCut(left, id, line, row);
        workload?.exclude(left, line);
        return;
      }
      if (!Number.isNaN(first)) workload = undefined;
      builder.add(id, line, row);
      workload?.addArrival(id, line, { ...row, arrivalSec: cells.number('arrival_time_us') / 1e6 });
    },
  );
  const facts = {
    format: 'blis-trace',
    clock: header.mode === 'real' ? "the observing client's clock, microseconds" : 'simulated time, microseconds',
    timeUnit: 'us',
    settings: { ...header.settings, ...options.settings },
  } as const;
  if (workload !== undefined) return workload.workload(facts);
  return builder.trace({ ...facts, queueInPrefill: 'yes', firstTokenWithPrefill: true });
}

/** Times of 0 stand for "not recorded". */
function positive(value: number): number {
  return value > 0 ? value : Number.NaN;
}

/** Splits a YAML header that stands before the CSV off a stream; both begin within its first bytes. */
async function withoutYaml(input: Input): Promise<{ yaml: string | undefined; csv: Input }> {
  const { head, all } = await peeked(input.source, input.file, HEAD_BYTES);
  const start = startsWithBom(head) ? 3 : 0;
  // One character a byte: what is found stands at the byte of its index.
  const text = new TextDecoder('latin1').decode(head.subarray(start));
  if (!/^\s*(?:---|trace_version|#)/.test(text)) return { yaml: undefined, csv: { ...input, source: all } };
  // The CSV's header is the first line that names its columns.
  const found = /^[^\r\n:]*\brequest_id\s*,/m.exec(text);
  if (found === null) {
    throw new Fault('trace-io/no-rows', {
      what: 'BLIS trace',
      file: input.file,
      line: 1,
      rule: 'must hold the CSV with the requests',
      hint: 'this is its YAML header alone',
    });
  }
  const end = start + found.index;
  const yaml = new TextDecoder().decode(head.subarray(start, end));
  async function* rest(): AsyncGenerator<Uint8Array> {
    // The CSV keeps its lines' numbers: what stood before is replaced by blank lines.
    yield new TextEncoder().encode(yaml.replace(/[^\r\n]+/g, ''));
    let skip = end;
    for await (const chunk of all) {
      yield chunk.subarray(Math.min(skip, chunk.length));
      skip -= Math.min(skip, chunk.length);
    }
  }
  return { yaml, csv: { ...input, source: rest() } };
}

async function headerOf(
  text: string | undefined,
  file: string,
  own: boolean,
): Promise<{ mode: string | undefined; settings: EngineSettings }> {
  if (text === undefined) return { mode: undefined, settings: {} };
  const { parse: parseYaml } = await import('yaml');
  let value: unknown;
  try {
    value = parseYaml(text.replace(/^---\s*$/gm, ''), { maxAliasCount: 0, logLevel: 'error' });
  } catch (error) {
    if (!own) return { mode: undefined, settings: {} };
    throw new Fault('trace-io/bad-yaml', {
      what: 'header',
      file,
      line: 1,
      rule: `must be valid YAML (${error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'not YAML'})`,
    });
  }
  if (!isObject(value)) return { mode: undefined, settings: {} };
  const unit = value.time_unit;
  if (typeof unit === 'string' && !/^(?:us|microseconds?|µs)$/.test(unit)) {
    throw new Fault('trace-io/bad-field', {
      what: 'time_unit',
      file,
      line: 1,
      column: 'time_unit',
      value: unit,
      rule: 'must be microseconds',
    });
  }
  const server = isObject(value.server) ? value.server : {};
  const seqs = numberOf(server.max_num_seqs);
  return {
    mode: typeof value.mode === 'string' ? value.mode : undefined,
    settings: {
      ...(Number.isSafeInteger(seqs) && seqs > 0 && { maxNumSeqs: seqs }),
      ...(typeof server.model === 'string' && server.model !== '' && { model: server.model }),
      ...(typeof server.type === 'string' && server.type !== '' && { engine: server.type }),
    },
  };
}
