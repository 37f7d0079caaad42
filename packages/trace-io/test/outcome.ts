import { Fault } from '@stepclock/faults';
import type { ReadTraceOptions, Trace } from '@stepclock/trace-io';
import { readTraceBy } from '../src/read-trace.js';
import { assertSound } from './soundness.js';
import { chunked } from './streams.js';

/** A spoiled footer of a Parquet file has no line, nor has an option: a mapping, a unit of time for a format that says its own. */
const WITHOUT_LINE = [
  'trace-io/bad-parquet',
  'trace-io/bad-sqlite',
  'trace-io/no-token-counts',
  'trace-io/bad-map',
  'trace-io/bad-time-unit',
];

/** Reads, and gives what came of it: a sound trace or a typed error with its place. Throws for anything else. */
export async function outcome(
  bytes: Uint8Array,
  options: ReadTraceOptions,
  path: 'fast' | 'strict' = 'fast',
  size = 4099,
): Promise<Trace | Fault> {
  try {
    const trace = await readTraceBy(path, chunked(bytes, size), options);
    assertSound(trace);
    return trace;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const faults = [
      !/^trace-io\/[a-z0-9-]+$/.test(error.code) && 'code',
      error.file !== options.fileName && 'file',
      /[\n\r]/.test(error.message) && 'several lines',
      !(error.message.length < 600) && 'a long message',
      !(Number(error.line) > 0 || WITHOUT_LINE.includes(error.code)) && 'no line',
    ].filter((fault) => fault !== false);
    if (faults.length > 0) throw new Error(`an error with a fault: ${faults.join(', ')}: ${error}`, { cause: error });
    return error;
  }
}

/** How many records a trace accounts for, taken or left out. */
export function accounted(trace: Trace): number {
  const excluded = trace.exclusions.reduce((sum, { count }) => sum + count, 0);
  return (
    (trace.requests?.length ?? trace.tokens?.requestCount ?? trace.phases?.length ?? trace.steps?.length ?? 0) +
    excluded
  );
}

/**
 * Everything that a trace holds, as text: two traces are the same when these are. Names of requests are left out: where a file has none, lines name
 * them.
 */
export function contents({ phases, requests, steps, tokens, exclusions }: Trace): string {
  const plain = (table: object | undefined): unknown =>
    table &&
    Object.entries(table)
      .filter(([name]) => name !== 'requestIds')
      .map(([name, column]): [string, unknown] => [
        name,
        column instanceof Float64Array || column instanceof Uint32Array || column instanceof Uint8Array
          ? Array.from(column, String)
          : typeof column === 'object' && column !== null && 'at' in column
            ? Array.from({ length: column.length }, (_, i) => column.at(i))
            : column,
      ])
      .sort(([a], [b]) => (a < b ? -1 : 1));
  const counts = exclusions.map(({ reason, count }) => [reason, count]);
  return JSON.stringify([plain(phases), plain(requests), plain(steps), plain(tokens), counts]);
}
