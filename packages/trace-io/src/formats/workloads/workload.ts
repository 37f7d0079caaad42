import type { Input } from '../../bytes/input.js';
import { type RequestColumn, readRequestRows } from '../../delimited/request-rows.js';
import { RequestBuilder } from '../../requests/request-builder.js';
import type { FileFacts, WorkloadTrace } from '../../trace.js';
import type { ReadOptions } from '../trace-format.js';

/** What a workload's format says of its clock. */
type WorkloadClock = Pick<FileFacts, 'format' | 'clock' | 'timeUnit' | 'originSec'>;

/** A trace of arrivals and lengths without latencies. */
export function workloadTrace(builder: RequestBuilder, clock: WorkloadClock, { settings }: ReadOptions): WorkloadTrace {
  return builder.workload({ ...clock, settings });
}

/** Columns of a workload's table by name, and how its times are read (seconds). */
interface ArrivalColumns {
  readonly timestamp: string;
  readonly time: RequestColumn<'timestamp'>['kind'];
  readonly prompt: string;
  readonly output: string;
}

/** Reads a table of arrivals and lengths; rows have no names, so their lines name them. */
export async function readArrivals(
  input: Input,
  options: ReadOptions,
  { timestamp, time, prompt, output }: ArrivalColumns,
): Promise<RequestBuilder> {
  const builder = new RequestBuilder(input.file);
  const columns: readonly RequestColumn<'timestamp' | 'prompt' | 'output'>[] = [
    { key: 'timestamp', names: [timestamp], required: true, kind: time },
    { key: 'prompt', names: [prompt], required: true, kind: 'count' },
    { key: 'output', names: [output], required: true, kind: 'count' },
  ];
  const { head, path, columns: mapping } = options;
  await readRequestRows(input, { delimiter: head.delimiter, path, mapping }, columns, (cells, line) =>
    builder.addArrival(String(line), line, {
      arrivalSec: cells.number('timestamp'),
      promptTokens: cells.number('prompt'),
      outputTokens: cells.number('output'),
    }),
  );
  return builder;
}
