import { nanosecondsOfDate, secondsBetween } from '../../json/nanoseconds.js';
import type { TraceFormat } from '../trace-format.js';
import { readArrivals, workloadTrace } from './workload.js';

const NANOSECONDS = 1_000_000_000n;

/**
 * Azure's LLM inference traces (AzurePublicDataset, AzureLLMInferenceTrace_*.csv, 2023 and 2024, and the multimodal ones of 2025): `TIMESTAMP,
 * ContextTokens, GeneratedTokens`; dates with up to seven decimals, with or without a zone, read as seconds from the first row's whole second. A
 * workload: arrivals and lengths, no latencies.
 */
export const azureWorkload: TraceFormat = {
  name: 'azure',
  description: 'Azure LLM inference trace CSV (a workload: no latencies)',
  recognise: ({ headerNames }) => headerNames.includes('contexttokens') && headerNames.includes('generatedtokens'),
  async read(input, options) {
    let origin: bigint | undefined;
    const parse = (text: string): number => {
      const nanoseconds = nanosecondsOfDate(text);
      if (nanoseconds === undefined) return Number.NaN;
      origin ??= (nanoseconds / NANOSECONDS) * NANOSECONDS;
      return secondsBetween(origin, nanoseconds);
    };
    const builder = await readArrivals(input, options, {
      timestamp: 'timestamp',
      time: { parse, rule: 'must be a date such as 2023-11-16 18:15:46.6805900' },
      prompt: 'contexttokens',
      output: 'generatedtokens',
    });
    const originSec = Number((origin ?? 0n) / NANOSECONDS);
    const clock = 'wall clock of arrivals, dates';
    return workloadTrace(builder, { format: 'azure', clock, timeUnit: 's', originSec }, options);
  },
};
