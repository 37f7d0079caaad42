import { Fault } from '@stepclock/faults';
import type { Input } from '../../bytes/input.js';
import { eachJsonLine } from '../../json/json-lines.js';
import type { JsonRecord } from '../../json/json-record.js';
import { type CutRequest, pressing } from '../../requests/cut-requests.js';
import { Exclusions } from '../../requests/exclusions.js';
import { checkCounts } from '../../requests/request-counts.js';
import { requestFacts } from '../../requests/request-facts.js';
import { phasesOfRequests } from '../../requests/request-phases.js';
import { checkTimes } from '../../requests/request-times.js';
import { RequestColumns } from '../../tables/request-columns.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';

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
  recognise: ({ keys }) => TIMES.some((name) => keys.includes(name)),
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const requests = new RequestColumns();
  const exclusions = new Exclusions();
  const cut: CutRequest[] = [];
  const lineOfRequest = new Map<string, number>();
  const namesIn = fieldNames(options.columns, input.file);
  let folded = false;
  let workload: boolean | undefined;
  let lastLine = 1;
  await eachJsonLine(input, (record, line) => {
    lastLine = line;
    const names = namesIn(record);
    workload ??= TIMES.every((field) => field === 'queued_ts' || !Object.hasOwn(record.object, names[field]));
    folded ||= record.raw('queue_in_prefill') === true;
    const id = record.name(names.request_id);
    const instance = record.has(names.instance_id) ? record.name(names.instance_id) : undefined;
    refuseSecond(lineOfRequest, id, instance, line, names.request_id, input.file);
    const entry = { record, id, instance, line, file: input.file, names };
    if (workload) addArrival(entry, requests, exclusions);
    else addRequest(entry, requests, exclusions, cut);
  });
  if (requests.length === 0) {
    throw new Fault('trace-io/no-requests', {
      what: 'file',
      file: input.file,
      line: lastLine,
      rule: 'must have at least one request with tokens',
      hint: exclusions.count > 0 ? `left out: ${exclusions.count}` : undefined,
    });
  }
  const table = requests.table(input.file);
  const facts = {
    format: 'request-log',
    clock: "the engine's monotonic clock, seconds",
    timeUnit: 's',
    settings: options.settings,
    has: requestFacts(table),
  } as const;
  if (workload) return { kind: 'workload', facts, requests: table, exclusions: exclusions.list() };
  const phases = phasesOfRequests(table, undefined, undefined, cut);
  for (const { reason } of pressing(phases, cut, table.length)) exclusions.addLoad(reason);
  return {
    kind: 'phases',
    facts: { ...facts, queueInPrefill: folded ? 'yes' : 'no', firstTokenWithPrefill: true },
    phases,
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
  readonly names: Names;
}

function addRequest(entry: LogLine, requests: RequestColumns, exclusions: Exclusions, cut: CutRequest[]): void {
  const { record, id, instance, line, names, file } = entry;
  const promptTokens = record.count(names.input_toks);
  const outputTokens = record.count(names.output_toks);
  const cachedTokens = record.count(names.cached_toks, true);
  if (isUnmarked(record, names)) {
    const open = openRequest(entry, promptTokens, cachedTokens);
    if (open === undefined)
      exclusions.add('no-tokens', `requests without ${TIMES.join(', ')} (failed, aborted or unfinished)`, line);
    else {
      exclusions.add('unfinished', 'requests that had not finished', line);
      cut.push(open);
    }
    return;
  }
  if (outputTokens === 0) {
    exclusions.add('no-output', 'requests without output tokens', line);
    return;
  }
  const queued = record.number(names.queued_ts);
  const scheduled = record.number(names.scheduled_ts);
  const first = record.number(names.first_token_ts);
  const last = record.number(names.last_token_ts);
  if (!(scheduled >= queued))
    throw late(entry, 'scheduled_ts', scheduled, `must be at or after ${names.queued_ts} ${queued}`);
  if (!(first > scheduled))
    throw late(entry, 'first_token_ts', first, `must be after ${names.scheduled_ts} ${scheduled}`);
  if (!(outputTokens > 1 ? last > first : last >= first)) {
    const rule = `must be ${outputTokens > 1 ? 'after' : 'at or after'} ${names.first_token_ts} ${first}`;
    throw late(entry, 'last_token_ts', last, rule);
  }
  if (cachedTokens > promptTokens) {
    throw record.fault(names.cached_toks, cachedTokens, `must be at most the prompt tokens, ${promptTokens}`);
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
    decodeSteps: record.count(names.decode_steps, true),
    preemptions: record.count(names.num_preemptions, true),
    ...(instance !== undefined && { instance }),
  };
  checkTimes(row, { file, line }, (time) => names[FIELD_OF_TIME[time]]);
  checkCounts(row, { file, line });
  requests.add(id, row, line);
}

/** A request with a first token and no last one: it goes on beyond the log's end, as far as the log tells. */
function openRequest(
  { record, id, instance, line, names }: LogLine,
  promptTokens: number,
  cached: number,
): CutRequest | undefined {
  const arrivalSec = record.number(names.queued_ts, true);
  const scheduledSec = record.number(names.scheduled_ts, true);
  const firstTokenSec = record.number(names.first_token_ts, true);
  const startSec = Number.isNaN(scheduledSec) ? arrivalSec : scheduledSec;
  if (!(firstTokenSec > startSec && promptTokens > 0)) return undefined;
  const cachedTokens = Number.isNaN(cached) ? 0 : cached;
  const endSec = record.number(names.last_token_ts, true);
  return {
    id,
    line,
    reason: 'unfinished',
    arrivalSec,
    scheduledSec,
    firstTokenSec,
    endSec,
    promptTokens,
    cachedTokens,
    instance,
    hasChunks: false,
  };
}

function isUnmarked(record: JsonRecord, names: Names): boolean {
  for (const field of TIMES) if (record.raw(names[field]) === null) return true;
  return false;
}

function late({ file, line, names }: LogLine, field: Field, value: number, rule: string): Fault {
  const column = names[field];
  return new Fault('trace-io/time-order', { what: column, file, line, column, value, rule });
}

function addArrival(entry: LogLine, requests: RequestColumns, exclusions: Exclusions): void {
  const { record, id, instance, line, names, file } = entry;
  const outputTokens = record.count(names.output_toks);
  const row = {
    arrivalSec: record.number(names.queued_ts),
    promptTokens: record.count(names.input_toks),
    cachedTokens: record.count(names.cached_toks, true),
    outputTokens,
    ...(instance !== undefined && { instance }),
  };
  checkTimes(row, { file, line }, (time) => names[FIELD_OF_TIME[time]]);
  checkCounts(row, { file, line });
  if (outputTokens === 0) exclusions.add('no-output', 'requests without output tokens', line);
  else requests.add(id, row, line);
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
    throw new Fault('trace-io/duplicate-request', {
      what: 'request',
      file,
      line,
      column,
      value: id,
      rule: `must have one line a request (the first is line ${earlier})`,
    });
  }
  lineOfRequest.set(identity, line);
}

type Names = Readonly<Record<Field, string>>;

/**
 * The name of every field in a record: the mapped one, or the first of the known names that the record has. Lines of a log have the same fields in the same
 * order, so what was found for one line serves the next.
 */
function fieldNames(columns: Readonly<Record<string, string>>, file: string): (record: JsonRecord) => Names {
  const mapped = new Map(Object.entries(columns));
  for (const key of mapped.keys()) {
    if (!Object.hasOwn(FIELDS, key)) {
      throw new Fault('trace-io/unknown-mapping', {
        what: 'column mapping',
        file,
        value: key,
        rule: `must be one of ${Object.keys(FIELDS).join(', ')}`,
      });
    }
  }
  const nameIn = (keys: readonly string[], field: Field): string =>
    mapped.get(field) ?? FIELDS[field].find((name) => keys.includes(name)) ?? field;
  let lastKeys: readonly string[] = [];
  let last: Names | undefined;
  return ({ object }) => {
    const keys = Object.keys(object);
    if (last !== undefined && sameNames(keys, lastKeys)) return last;
    const fields = Object.keys(FIELDS) as Field[];
    last = Object.fromEntries(fields.map((field) => [field, nameIn(keys, field)])) as Record<Field, string>;
    lastKeys = keys;
    return last;
  };
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
