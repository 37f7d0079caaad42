import { type RequestColumn, readRequestRows } from '../delimited/request-rows.js';
import type { Input } from '../input.js';
import { jsonLinesOf } from '../json-lines.js';
import { numberOf } from '../json-record.js';
import { nanosecondsOfDate, secondsBetween } from '../nanoseconds.js';
import { RequestBuilder } from '../request-builder.js';
import type { Trace, TraceFacts } from '../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';

const workloadFacts = (
  format: string,
  clock: string,
  timeUnit: TraceFacts['timeUnit'],
  options: ReadOptions,
): Omit<TraceFacts, 'has'> => ({
  format,
  clock,
  timeUnit,
  queueInPrefill: 'unknown',
  firstTokenWithPrefill: true,
  settings: options.settings,
});

type AzureKey = 'timestamp' | 'context' | 'generated';

/**
 * Azure's LLM inference traces (AzurePublicDataset, AzureLLMInferenceTrace_*.csv, 2023 and 2024): `TIMESTAMP, ContextTokens,
 * GeneratedTokens`; dates with seven decimals, read as seconds from the first row's whole second. A workload: arrivals and lengths, no latencies.
 */
export const azureWorkload: TraceFormat = {
  name: 'azure',
  description: 'Azure LLM inference trace CSV (a workload: no latencies)',
  recognise: ({ headerNames }) => headerNames.includes('contexttokens') && headerNames.includes('generatedtokens'),
  async read(input: Input, options: ReadOptions): Promise<Trace> {
    const builder = new RequestBuilder(input.file);
    let origin: bigint | undefined;
    const parse = (text: string): number => {
      const nanoseconds = nanosecondsOfDate(text);
      if (nanoseconds === undefined) return Number.NaN;
      origin ??= (nanoseconds / 1_000_000_000n) * 1_000_000_000n;
      return secondsBetween(origin, nanoseconds);
    };
    const columns: readonly RequestColumn<AzureKey>[] = [
      {
        key: 'timestamp',
        names: ['timestamp'],
        required: true,
        kind: { parse, expected: 'a date such as 2023-11-16 18:15:46.6805900' },
      },
      { key: 'context', names: ['contexttokens'], required: true, kind: 'count' },
      { key: 'generated', names: ['generatedtokens'], required: true, kind: 'count' },
    ];
    await readRequestRows(
      input,
      { delimiter: options.head.delimiter, path: options.path, mapping: options.columns },
      columns,
      (cells, line) =>
        builder.addArrival(String(line), line, {
          arrivalSec: cells.number('timestamp'),
          promptTokens: cells.number('context'),
          outputTokens: cells.number('generated'),
        }),
    );
    return builder.trace({
      ...workloadFacts('azure', 'wall clock of arrivals, dates', 's', options),
      originSec: Number((origin ?? 0n) / 1_000_000_000n),
    });
  },
};

type BurstKey = 'timestamp' | 'request' | 'response' | 'session';

/**
 * BurstGPT (HPMLL/BurstGPT, BurstGPT_*.csv): `Timestamp, [Session ID, Elapsed time,] Model, Request tokens, Response tokens, Total tokens, Log
 * Type`, seconds. A workload. Failed requests have no response tokens and are excluded.
 */
export const burstGptWorkload: TraceFormat = {
  name: 'burstgpt',
  description: 'BurstGPT CSV (a workload: no latencies)',
  recognise: ({ headerNames }) => headerNames.includes('request tokens') && headerNames.includes('response tokens'),
  async read(input: Input, options: ReadOptions): Promise<Trace> {
    const builder = new RequestBuilder(input.file);
    const columns: readonly RequestColumn<BurstKey>[] = [
      { key: 'timestamp', names: ['timestamp'], required: true, kind: 'number' },
      { key: 'request', names: ['request tokens'], required: true, kind: 'count' },
      { key: 'response', names: ['response tokens'], required: true, kind: 'count' },
    ];
    await readRequestRows(
      input,
      { delimiter: options.head.delimiter, path: options.path, mapping: options.columns },
      columns,
      (cells, line) =>
        builder.addArrival(String(line), line, {
          arrivalSec: cells.number('timestamp'),
          promptTokens: cells.number('request'),
          outputTokens: cells.number('response'),
        }),
    );
    return builder.trace(workloadFacts('burstgpt', 'seconds from the start of the trace', 's', options));
  },
};

/**
 * Mooncake's traces (kvcache-ai/Mooncake, mooncake_trace.jsonl): `timestamp` in milliseconds, `input_length`, `output_length`; `hash_ids` are not
 * used. A workload.
 */
export const mooncakeWorkload: TraceFormat = {
  name: 'mooncake',
  description: 'Mooncake JSON lines (a workload: no latencies)',
  recognise: ({ firstObject }) =>
    firstObject !== undefined &&
    Object.hasOwn(firstObject, 'input_length') &&
    Object.hasOwn(firstObject, 'output_length') &&
    !Number.isNaN(numberOf(firstObject.timestamp)),
  async read(input: Input, options: ReadOptions): Promise<Trace> {
    const builder = new RequestBuilder(input.file);
    for await (const { line, record } of jsonLinesOf(input)) {
      builder.addArrival(String(line), line, {
        arrivalSec: record.number('timestamp') / 1000,
        promptTokens: record.count('input_length'),
        outputTokens: record.count('output_length'),
      });
    }
    return builder.trace(workloadFacts('mooncake', 'milliseconds from the start of the trace', 'ms', options));
  },
};
