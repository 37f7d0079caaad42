import { Exclusions } from '../exclusions.js';
import type { Input } from '../input.js';
import { jsonLinesOf } from '../json-lines.js';
import type { JsonRecord } from '../json-record.js';
import { RequestColumns } from '../request-columns.js';
import { requestFacts } from '../request-facts.js';
import { phasesOfRequests } from '../request-phases.js';
import { checkTimes } from '../request-times.js';
import type { Trace } from '../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';
import { TraceIoError } from '../trace-io-error.js';

/** Canonical fields and the names that logs give them, first come first taken. */
const FIELDS = {
  request_id: ['request_id', 'req_id', 'id'],
  input_toks: ['input_toks', 'input_tokens', 'prompt_tokens', 'num_prompt_tokens'],
  output_toks: ['output_toks', 'output_tokens', 'completion_tokens', 'num_generation_tokens'],
  queued_ts: ['queued_ts'],
  scheduled_ts: ['scheduled_ts'],
  first_token_ts: ['first_token_ts'],
  last_token_ts: ['last_token_ts'],
  cached_toks: ['cached_toks', 'cached_tokens', 'num_cached_tokens'],
  instance_id: ['instance_id', 'instance', 'engine_id'],
  decode_steps: ['decode_steps'],
  num_preemptions: ['num_preemptions', 'preemptions'],
} as const;
type Field = keyof typeof FIELDS;

const TIMES = ['queued_ts', 'scheduled_ts', 'first_token_ts', 'last_token_ts'] as const;
const FIELD_OF_TIME = {
  arrivalSec: 'queued_ts',
  scheduledSec: 'scheduled_ts',
  firstTokenSec: 'first_token_ts',
  lastTokenSec: 'last_token_ts',
} as const;

/**
 * The engine's own request log, JSON lines, one request a line: `request_id, input_toks, output_toks, queued_ts, scheduled_ts,
 * first_token_ts, last_token_ts`, seconds on the engine's monotonic clock; optionally `cached_toks`, `decode_steps`, `num_preemptions` and
 * `instance_id`. Other fields (such as arrival_time, which runs on another clock) are not used.
 *
 * Requests that never gave a token (null marks, or no output) are excluded and counted. `queue_in_prefill: true` says that scheduled_ts is only the
 * arrival again, `arrival_unknown: true` the reverse; a first line without any mark but `queued_ts` makes the file a workload. They are what `formatRequestsJsonl` writes for requests of
 * formats that know no more.
 */
export const requestLog: TraceFormat = {
  name: 'request-log',
  description: 'engine request log as JSON lines: queued, scheduled, first and last token of each request, seconds',
  recognise: ({ firstObject }) => firstObject !== undefined && TIMES.some((name) => Object.hasOwn(firstObject, name)),
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const requests = new RequestColumns();
  const exclusions = new Exclusions();
  const lineOfRequest = new Map<string, number>();
  const nameOf = fieldNames(options.columns, input.file);
  let folded = false;
  let workload: boolean | undefined;
  let lastLine = 1;
  for await (const { line, record } of jsonLinesOf(input)) {
    lastLine = line;
    workload ??= TIMES.every((field) => field === 'queued_ts' || !Object.hasOwn(record.object, nameOf(record, field)));
    folded ||= record.raw('queue_in_prefill') === true;
    const id = record.name(nameOf(record, 'request_id'));
    const instanceName = nameOf(record, 'instance_id');
    const instance = record.has(instanceName) ? record.name(instanceName) : undefined;
    refuseSecond(lineOfRequest, id, instance, line, nameOf(record, 'request_id'), input.file);
    const take = workload ? addArrival : addRequest;
    take(
      { record, id, instance, line, file: input.file, nameOf: (field) => nameOf(record, field) },
      requests,
      exclusions,
    );
  }
  if (requests.length === 0) {
    throw new TraceIoError('trace-io/no-requests', 'file', {
      file: input.file,
      line: lastLine,
      expected: `at least one request with tokens${exclusions.count > 0 ? `; left out: ${exclusions.count}` : ''}`,
    });
  }
  const table = requests.table();
  return {
    facts: {
      format: 'request-log',
      clock: "the engine's monotonic clock, seconds",
      timeUnit: 's',
      queueInPrefill: workload ? 'unknown' : folded ? 'yes' : 'no',
      firstTokenWithPrefill: true,
      settings: options.settings,
      has: requestFacts(table),
    },
    ...(!workload && { phases: phasesOfRequests(table) }),
    requests: table,
    exclusions: exclusions.list(),
  };
}

interface LogLine {
  readonly record: JsonRecord;
  readonly id: string;
  readonly instance: string | undefined;
  readonly line: number;
  readonly file: string;
  readonly nameOf: (field: Field) => string;
}

function addRequest(entry: LogLine, requests: RequestColumns, exclusions: Exclusions): void {
  const { record, id, instance, line, nameOf, file } = entry;
  const promptTokens = record.count(nameOf('input_toks'));
  const outputTokens = record.count(nameOf('output_toks'));
  const cachedTokens = record.count(nameOf('cached_toks'), true);
  const unmarked = TIMES.filter((field) => record.raw(nameOf(field)) === null);
  if (unmarked.length > 0) {
    exclusions.add('no-tokens', `requests without ${TIMES.join(', ')} (failed, aborted or unfinished)`, line);
    return;
  }
  if (outputTokens === 0) {
    exclusions.add('no-output', 'requests without output tokens', line);
    return;
  }
  const [queued, scheduled, first, last] = TIMES.map((field) => record.number(nameOf(field))) as [
    number,
    number,
    number,
    number,
  ];
  const late = (field: Field, value: number, expected: string) =>
    new TraceIoError('trace-io/time-order', nameOf(field), { file, line, column: nameOf(field), value, expected });
  if (!(scheduled >= queued)) throw late('scheduled_ts', scheduled, `at or after ${nameOf('queued_ts')} ${queued}`);
  if (!(first > scheduled)) throw late('first_token_ts', first, `after ${nameOf('scheduled_ts')} ${scheduled}`);
  if (!(outputTokens > 1 ? last > first : last >= first)) {
    throw late(
      'last_token_ts',
      last,
      `${outputTokens > 1 ? 'after' : 'at or after'} ${nameOf('first_token_ts')} ${first}`,
    );
  }
  if (cachedTokens > promptTokens) {
    throw record.fault(nameOf('cached_toks'), cachedTokens, `at most the prompt tokens, ${promptTokens}`);
  }
  const row = {
    ...(record.raw('arrival_unknown') !== true && { arrivalSec: queued }),
    // A log that folds the queue repeats the arrival here: then it is not known when the request was scheduled.
    ...(record.raw('queue_in_prefill') !== true && { scheduledSec: scheduled }),
    firstTokenSec: first,
    lastTokenSec: last,
    promptTokens,
    cachedTokens,
    outputTokens,
    decodeSteps: record.count(nameOf('decode_steps'), true),
    preemptions: record.count(nameOf('num_preemptions'), true),
    ...(instance !== undefined && { instance }),
  };
  checkTimes(row, { file, line }, (time) => nameOf(FIELD_OF_TIME[time]));
  requests.add(id, row);
}

function addArrival(entry: LogLine, requests: RequestColumns, exclusions: Exclusions): void {
  const { record, id, instance, line, nameOf, file } = entry;
  const outputTokens = record.count(nameOf('output_toks'));
  const row = {
    arrivalSec: record.number(nameOf('queued_ts')),
    promptTokens: record.count(nameOf('input_toks')),
    cachedTokens: record.count(nameOf('cached_toks'), true),
    outputTokens,
    ...(instance !== undefined && { instance }),
  };
  checkTimes(row, { file, line }, (time) => nameOf(FIELD_OF_TIME[time]));
  if (outputTokens === 0) exclusions.add('no-output', 'requests without output tokens', line);
  else requests.add(id, row);
}

function refuseSecond(
  lineOfRequest: Map<string, number>,
  id: string,
  instance: string | undefined,
  line: number,
  column: string,
  file: string,
): void {
  const identity = instance === undefined ? id : `${instance}\n${id}`;
  const earlier = lineOfRequest.get(identity);
  if (earlier !== undefined) {
    throw new TraceIoError('trace-io/duplicate-request', 'request', {
      file,
      line,
      column,
      value: id,
      expected: `one line a request (the first is line ${earlier})`,
    });
  }
  lineOfRequest.set(identity, line);
}

/** The name of a field in a record: the mapped one, or the first of the known names that the record has. */
function fieldNames(columns: Readonly<Record<string, string>>, file: string) {
  const mapped = new Map(Object.entries(columns));
  for (const key of mapped.keys()) {
    if (!Object.hasOwn(FIELDS, key)) {
      throw new TraceIoError('trace-io/unknown-mapping', 'column mapping', {
        file,
        value: key,
        expected: `one of ${Object.keys(FIELDS).join(', ')}`,
      });
    }
  }
  return (record: JsonRecord, field: Field): string =>
    mapped.get(field) ?? FIELDS[field].find((name) => Object.hasOwn(record.object, name)) ?? field;
}
