import type { Input } from '../../bytes/input.js';
import { eachJsonLine } from '../../json/json-lines.js';
import { type JsonRecord, numberOf } from '../../json/json-record.js';
import { RequestBuilder } from '../../requests/request-builder.js';
import type { EngineSettings, Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';

const MS = 1e-3;

/**
 * Recordings of vllm-vcr (neuralmagic/vllm-vcr, src/trace.rs), JSON lines: first the engine under `meta`, then one finished request a line, in
 * milliseconds: `arrival_ms` from the start of the capture, `ttft_ms`, `itl_ms` (a list of gaps, or a summary of them), counts of tokens. Where no
 * request tells its arrival the chunks count from each request's own start. Aborted requests and those with an error are excluded; their chunks are load.
 */
export const vllmVcr: TraceFormat = {
  name: 'vllm-vcr',
  description: 'vllm-vcr recording (JSON lines)',
  recognise: ({ firstObject, text }) =>
    firstObject !== undefined &&
    (Object.hasOwn(firstObject, 'ttft_ms') || Object.hasOwn(firstObject, 'meta')) &&
    /"(?:itl_ms|itl_summary)"\s*:/.test(text) &&
    /"prompt_tokens"\s*:/.test(text),
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const builder = new RequestBuilder(input.file, 'snapped');
  let engine: EngineSettings = {};
  let hasStarts = true;
  let index = 0;
  await eachJsonLine(input, (record, line) => {
    const meta = record.inner('meta');
    if (meta !== undefined) {
      engine = settingsOf(meta);
      return;
    }
    if (!record.has('arrival_ms')) hasStarts = false;
    addRequest(record, String(index++), line, builder);
  });
  const facts = {
    format: 'vllm-vcr',
    clock: "the recorder's clock, milliseconds",
    timeUnit: 'ms',
    queueInPrefill: 'yes',
    firstTokenWithPrefill: true,
    settings: { ...engine, ...options.settings },
  } as const;
  const tokens = hasStarts ? undefined : builder.tokenTrace(facts);
  return tokens ?? builder.trace(facts);
}

function settingsOf(meta: JsonRecord): EngineSettings {
  const model = meta.text('model');
  const device = meta.text('gpu');
  const seqs = meta.has('max_num_seqs') ? meta.count('max_num_seqs') : 0;
  return {
    ...(model !== undefined && { model }),
    ...(device !== undefined && { device }),
    ...(seqs > 0 && { maxNumSeqs: seqs }),
  };
}

function addRequest(record: JsonRecord, id: string, line: number, builder: RequestBuilder): boolean {
  const outputTokens = record.count('output_tokens');
  const reason = record.text('finish_reason');
  if (outputTokens === 0)
    return reason === 'error' ? builder.excludeFailed(line, false) : builder.exclude('no-output', line);
  const arrival = record.number('arrival_ms', true) * MS;
  const sent = Number.isNaN(arrival) ? 0 : arrival;
  const first = sent + record.number('ttft_ms') * MS;
  const chunkSec = chunksOf(record, first);
  const counts = {
    promptTokens: record.count('prompt_tokens'),
    ...(record.has('cached_tokens') && { cachedTokens: record.count('cached_tokens') }),
    outputTokens,
  };
  if (chunkSec !== undefined) builder.addChunks(line, { sentSec: arrival, ...counts }, chunkSec);
  const { mean, count } = summaryOf(record);
  const lastTokenSec = chunkSec?.at(-1) ?? first + mean * count * MS;
  const row = { ...counts, arrivalSec: arrival, firstTokenSec: first, lastTokenSec };
  if (reason === 'error') return builder.addCut('failed', id, line, row);
  return reason === 'abort' ? builder.addCut('aborted', id, line, row) : builder.add(id, line, row);
}

/** When each chunk came; undefined where only a mean of the gaps is known. */
function chunksOf(record: JsonRecord, firstSec: number): readonly number[] | undefined {
  const gaps = record.raw('itl_ms');
  if (gaps === undefined || gaps === null) return undefined;
  if (!Array.isArray(gaps)) throw record.fault('itl_ms', gaps, 'must be a list of milliseconds');
  let since = 0;
  const rest = gaps.map((value: unknown, i) => {
    const gap = numberOf(value);
    if (!(gap >= 0 && gap < Infinity)) throw record.fault(`itl_ms[${i}]`, value, 'must be milliseconds, at least 0');
    since += gap * MS;
    return firstSec + since;
  });
  return [firstSec, ...rest];
}

function summaryOf(record: JsonRecord): { readonly mean: number; readonly count: number } {
  const summary = record.inner('itl_summary');
  if (summary === undefined) return { mean: 0, count: 0 };
  return { mean: summary.number('mean_ms'), count: summary.count('count') };
}
