import { eachJsonLine } from '../../json/json-lines.js';
import { numberOf } from '../../json/json-record.js';
import { RequestBuilder } from '../../requests/request-builder.js';
import type { TraceFormat } from '../trace-format.js';
import { workloadTrace } from './workload.js';

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
  async read(input, options) {
    const builder = new RequestBuilder(input.file);
    await eachJsonLine(input, (record, line) => {
      builder.addArrival(String(line), line, {
        arrivalSec: record.number('timestamp') / 1000,
        promptTokens: record.count('input_length'),
        outputTokens: record.count('output_length'),
      });
    });
    const clock = 'milliseconds from the start of the trace';
    return workloadTrace(builder, { format: 'mooncake', clock, timeUnit: 'ms' }, options);
  },
};
