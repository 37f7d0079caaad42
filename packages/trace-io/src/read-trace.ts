import { Fault } from '@stepclock/faults';
import { withinLimits } from './bytes/byte-limits.js';
import { decimalNumber } from './bytes/decimal-number.js';
import { type ByteSource, bytesOf, peeked } from './bytes/input.js';
import { FORMATS } from './formats/formats.js';
import { HEAD_BYTES, headOf } from './formats/head.js';
import { phaseCsv } from './formats/phase-csv.js';
import { isStepMap, mappedSteps } from './formats/steps/mapped-steps.js';
import { stepLog } from './formats/steps/step-log.js';
import { isHeader } from './formats/strangers/suggested-map.js';
import { SERVER_LOGS } from './formats/strangers/text-strangers.js';
import { serverLogOf, strangerFault, strangerOf, unknownFile } from './formats/strangers/unknown-file.js';
import type { Head, TraceFormat } from './formats/trace-format.js';
import { isParquet, parquetText } from './parquet/parquet-text.js';
import { BadRecords, MAX_BAD } from './requests/bad-records.js';
import { engineSettingsOf } from './settings/engine-settings.js';
import { isSqlite, sqliteText } from './sqlite/sqlite-text.js';
import type { StepBlocks } from './tables/step-columns.js';
import type { Trace, TraceFacts } from './trace.js';

export interface ReadTraceOptions {
  /** For messages. */
  readonly fileName?: string;
  /** A format's name, or `auto` (the default) to recognise it from the content. */
  readonly format?: string;
  /** Canonical column name to the file's name for it, where they differ. */
  readonly columns?: Readonly<Record<string, string>>;
  /** Text (or object) of the meta.json beside the file. */
  readonly metaJson?: string | object;
  /** Name of that file, for messages. */
  readonly metaJsonName?: string;
  /**
   * Reads the file as the generic format `mapped`: which column (or JSON path) is the start, first, last, prompt, output ...
   * (see `columnMapOf` for the text form).
   */
  readonly map?: Readonly<Record<string, string>>;
  /** Unit of the times under `map`, or of a phase table; seconds when not given. */
  readonly timeUnit?: TraceFacts['timeUnit'];
  /** Size of the source where it is known: spares memory on large tables. */
  readonly sizeBytes?: number;
  /** Share of a log's records that may be left out because they cannot be read, from 0 to 1; 0.01 where not given. Phase tables end at the first. */
  readonly maxBad?: number;
  /** Blocks of a prefix cache that a workload with hashes of its prompts meets (`cachedTokens` of its requests); none where not given. */
  readonly prefixCacheBlocks?: number;
  /** Takes the steps of a step log a block at a time, so that memory does not grow with it: the trace's own table of steps is empty then. */
  readonly onSteps?: StepBlocks;
  /** Steps of such a block; 32,768 where not given. */
  readonly stepsAtOnce?: number;
  /** Bytes that the source may give, and a Parquet file unpack to; 8 GiB where not given. */
  readonly maxBytes?: number;
  /** Size of the file that the source is unpacked from, where it is: above 64 MiB it may give 1,000 times of it at most. */
  readonly packedBytes?: number;
  /** Called after every chunk with the bytes taken so far. */
  readonly onProgress?: (bytes: number) => void;
}

/**
 * Reads a trace from a stream of bytes (a file, a socket, a browser's `blob.stream()`), recognising its format from the content.
 *
 * Memory is the columns, not the text. All times come out in seconds.
 *
 * @throws Fault with code, file, line, column, value and the rule that was broken.
 * @example
 * const text = 'request_id,phase_type,t_start,t_end,prefill_tokens,decode_tokens\nA,prefill,0,2,96,0\nA,decode,2,6,0,4\n';
 * const trace = await readTrace(new Blob([text]).stream());
 * trace.phases?.length; // => 2
 */
export async function readTrace(source: ByteSource, options: ReadTraceOptions = {}): Promise<Trace> {
  return readTraceBy('fast', source, options);
}

/** `readTrace` with the choice of path that tests compare. */
export async function readTraceBy(
  path: 'fast' | 'strict',
  source: ByteSource,
  options: ReadTraceOptions,
): Promise<Trace> {
  const { fileName: file = '<input>', format = 'auto', columns = {}, metaJson, onProgress = () => {} } = options;
  const { map, timeUnit = 's', maxBytes, packedBytes, onSteps, stepsAtOnce, prefixCacheBlocks } = options;
  let handedOn = 0;
  const counted: StepBlocks | undefined =
    onSteps &&
    ((block) => {
      handedOn += block.length;
      onSteps(block);
    });
  const isYaml = typeof metaJson === 'string' && /^\s*(?:---\s*\n)?trace_version\s*:/.test(metaJson);
  const settings = metaJson === undefined || isYaml ? {} : engineSettingsOf(metaJson, options.metaJsonName);
  let done = 0;
  const watch = (bytesTaken: number): void => {
    done = bytesTaken;
    onProgress(bytesTaken);
  };
  const fractionRead = (): number => (done > 0 ? done / (options.sizeBytes ?? Number.NaN) : Number.NaN);
  let { head: bytes, all } = await peeked(
    withinLimits(bytesOf(source), { file, maxBytes, packedBytes }),
    file,
    HEAD_BYTES,
  );
  let progress: (bytesTaken: number) => void = watch;
  const asText = isParquet(bytes) ? parquetText : isSqlite(bytes) ? sqliteText : undefined;
  if (asText !== undefined) {
    ({ head: bytes, all } = await peeked(asText({ source: all, file, onProgress }, maxBytes), file, HEAD_BYTES));
    progress = () => {};
  }
  const head = headOf(bytes);
  const wanted = map !== undefined && format === 'auto' ? (isStepMap(map) ? mappedSteps.name : 'mapped') : format;
  const reader = wanted === 'auto' ? recognised(head, file) : named(wanted, file);
  if (options.timeUnit !== undefined && !reader.takesTimeUnit) throw ownUnit(reader, timeUnit, file);
  if (prefixCacheBlocks !== undefined && !reader.takesPrefixCache) throw noBlocks(reader, prefixCacheBlocks, file);
  const metaText = typeof metaJson === 'string' ? metaJson : undefined;
  const bad = new BadRecords(options.maxBad ?? MAX_BAD);
  const input = { source: all, file, bad, onProgress: progress, fractionRead };
  try {
    const trace = await reader.read(input, {
      ...{ columns, settings, metaText, map, timeUnit, head, path },
      ...{ onSteps: counted, stepsAtOnce, prefixCacheBlocks },
    });
    bad.finish(recordsOf(trace) + handedOn);
    return { ...trace, exclusions: [...trace.exclusions, ...bad.list()] };
  } catch (error) {
    const reason = bad.reasonFor(error);
    // Whoever maps columns has looked at the file.
    if (map !== undefined) throw reason;
    throw wanted === 'auto' ? unfound(reason, reader, head, file) : misnamed(reason, reader, head);
  }
}

const ownUnit = ({ name }: TraceFormat, timeUnit: string, file: string): Fault =>
  new Fault('trace-io/bad-time-unit', {
    what: 'time unit',
    file,
    value: timeUnit,
    rule: `must be given only with a mapping, or for a phase table: ${name} says its unit itself`,
  });

const noBlocks = ({ name }: TraceFormat, value: number, file: string): Fault =>
  new Fault('trace-io/no-prompt-blocks', {
    what: 'prefix cache',
    file,
    value,
    rule: `must be asked for only where prompts are told by the hashes of their blocks (${PREFIX_FORMATS}): ${name} has none`,
  });

/** Records of a file that were read, or left out for what they say. */
function recordsOf({ phases, requests, steps, tokens, windows, exclusions }: Trace): number {
  const taken = requests?.length ?? tokens?.requestCount ?? steps?.length ?? windows?.length ?? phases?.length ?? 0;
  return exclusions.reduce((sum, { count }) => sum + count, taken);
}

const PREFIX_FORMATS = FORMATS.filter(({ takesPrefixCache }) => takesPrefixCache)
  .map(({ name }) => name)
  .join(', ');

const NO_STEPS: ReadonlySet<string> = new Set(['trace-io/no-rows', 'trace-io/too-many-idle-lines']);

/** Whether a log may be read in the hope of steps that come late in it. */
const isSought = (reader: TraceFormat): boolean =>
  reader === stepLog || SERVER_LOGS.some(({ steps }) => steps === reader);

/** A log without a line of steps in it is named as what it is. */
function unfound(error: unknown, reader: TraceFormat, head: Head, file: string): unknown {
  if (!(error instanceof Fault && NO_STEPS.has(error.code) && isSought(reader) && !reader.recognise(head))) {
    return error;
  }
  const server = serverLogOf(head);
  return server === undefined ? unknownFile(head, file) : strangerFault(server, head, file);
}

/** Where a file cannot be read as what it was said to be, the reason is seldom the first thing that the reader missed in it. */
function misnamed(error: unknown, said: TraceFormat, head: Head): unknown {
  const other = said.recognise(head) ? undefined : FORMATS.find((format) => format.recognise(head));
  return error instanceof Fault && other !== undefined
    ? error.with({ hint: `the file looks like ${other.name}, not ${said.name}` })
    : error;
}

function named(name: string, file: string): TraceFormat {
  const found = FORMATS.find((format) => format.name === name);
  if (found) return found;
  throw new Fault('trace-io/unknown-format', {
    what: 'format',
    file,
    value: name,
    rule: `must be auto or one of ${FORMATS.map((format) => format.name).join(', ')}`,
  });
}

/**
 * The format of a file. A log that no format claims is searched to its end for lines of steps.
 *
 * @throws Fault `trace-io/unusable-file`, `trace-io/unknown-format`
 */
function recognised(head: Head, file: string): TraceFormat {
  const stranger = strangerOf(head);
  if (stranger !== undefined) throw strangerFault(stranger, head, file);
  const found = FORMATS.find((format) => format.recognise(head));
  if (found) return found;
  const { text, firstLine, headerNames, keys } = head;
  // An empty file, a phase table with another delimiter, of another encoding or without its header: its reader says so.
  const isTable =
    firstLine.toLowerCase().includes('phase_type') || headerNames.some((name) => !Number.isNaN(decimalNumber(name)));
  if (firstLine === '' || text.includes('\0') || isTable) return phaseCsv;
  const server = serverLogOf(head);
  if (server !== undefined) return server.steps ?? stepLog;
  if (keys.length > 0 || /^[{[]/.test(firstLine)) throw unknownFile(head, file);
  if (headerNames.length > 2 && isHeader(headerNames)) throw unknownFile(head, file);
  return stepLog;
}
