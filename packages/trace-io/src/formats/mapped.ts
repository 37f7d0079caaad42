import { Fault } from '@stepclock/faults';
import type { Input } from '../bytes/input.js';
import { type RequestColumn, readRequestRows } from '../delimited/request-rows.js';
import { eachJsonLine } from '../json/json-lines.js';
import { type JsonRecord, numberOf } from '../json/json-record.js';
import { RequestBuilder } from '../requests/request-builder.js';
import type { Trace } from '../trace.js';
import { checkedStepMap, isStepMap } from './steps/mapped-steps.js';
import type { ReadOptions, TraceFormat } from './trace-format.js';

const UNITS_PER_SEC = { s: 1, ms: 1e3, us: 1e6, ns: 1e9 } as const;

/** What a mapping may name. */
const MAP_KEYS = [
  'id',
  'arrival',
  'start',
  'first',
  'last',
  'prompt',
  'output',
  'cached',
  'steps',
  'instance',
  'tokens',
] as const;
type MapKey = (typeof MAP_KEYS)[number];
type NumberKey = Exclude<MapKey, 'id' | 'instance' | 'tokens'>;

const COUNTS: readonly MapKey[] = ['prompt', 'output', 'cached', 'steps'];
const NAMES: readonly MapKey[] = ['id', 'instance'];
const REQUIRED: readonly MapKey[] = ['prompt', 'output'];

/**
 * Any CSV, TSV or JSON lines file of one request a row, told by a mapping which column is which: `start` (of the prefill), `first` and `last` token,
 * `prompt` and `output` tokens (first one included), and optionally `id`, `arrival`, `cached`, `steps` (of the decode), `instance`. In JSON lines a name
 * may be a path (`timings.first`), and `tokens` a list with the time of every chunk, from which `first` and `last` follow. Without `start` the prefill starts at `arrival` and the queue is folded in; without `first` it is a workload.
 * Times are numbers in the given unit.
 */
export const mapped: TraceFormat = {
  name: 'mapped',
  description:
    'any CSV or JSON lines of one request a row, with --map start=...,first=...,last=...,prompt=...,output=...',
  recognise: () => false,
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const map = checkedMap(options.map ?? options.columns, input.file);
  const builder = new RequestBuilder(input.file);
  const unit = UNITS_PER_SEC[options.timeUnit];
  const isServed = map.has('first') || map.has('tokens');
  const add = (
    line: number,
    id: string | undefined,
    instance: string | undefined,
    value: (key: NumberKey) => number,
    chunks: readonly number[] = [],
  ): void => {
    const time = (key: NumberKey): number => value(key) / unit;
    const steps = value('steps');
    const arrival = time('arrival');
    const chunkSec = chunks.map((moment) => moment / unit);
    const row = {
      arrivalSec: Number.isNaN(arrival) && !isServed ? time('start') : arrival,
      ...(map.has('start') && { scheduledSec: time('start') }),
      firstTokenSec: map.has('first') ? time('first') : (chunkSec[0] ?? Number.NaN),
      lastTokenSec: map.has('last') ? time('last') : (chunkSec.at(-1) ?? Number.NaN),
      promptTokens: value('prompt'),
      outputTokens: value('output'),
      ...(map.has('cached') && { cachedTokens: value('cached') }),
      ...(steps > 0 && { decodeSteps: steps }),
      ...(instance !== undefined && { instance }),
    };
    if (map.has('tokens')) {
      const sentSec = map.has('arrival') ? arrival : time('start');
      builder.addChunks(line, { ...row, sentSec }, chunkSec);
    }
    if (isServed) builder.add(id ?? String(line), line, row);
    else builder.addArrival(id ?? String(line), line, row);
  };
  if (options.head.firstLine.startsWith('{')) await readLines(input, map, add);
  else if (map.has('tokens')) throw noLists(input.file);
  else await readRows(input, options, map, add);
  const { timeUnit, settings } = options;
  const facts = { format: 'mapped', clock: 'as mapped', timeUnit, settings };
  if (!isServed) return builder.workload(facts);
  return builder.trace({
    ...facts,
    queueInPrefill: map.has('start') ? 'unknown' : 'yes',
    firstTokenWithPrefill: true,
  });
}

type Add = (
  line: number,
  id: string | undefined,
  instance: string | undefined,
  value: (key: NumberKey) => number,
  chunks?: readonly number[],
) => void;

async function readRows(input: Input, options: ReadOptions, map: ReadonlyMap<MapKey, string>, add: Add): Promise<void> {
  const columns = [...map].map(
    ([key, name]): RequestColumn<MapKey> => ({
      key,
      names: [name],
      required: true,
      kind: NAMES.includes(key) ? 'name' : COUNTS.includes(key) ? 'count' : 'number',
      emptyAllowed: !REQUIRED.includes(key) && key !== 'id',
    }),
  );
  const mapping = Object.fromEntries(map);
  await readRequestRows(
    input,
    { delimiter: options.head.delimiter, path: options.path, mapping },
    columns,
    (cells, line) => add(line, cells.name('id'), cells.name('instance'), (key) => cells.number(key)),
  );
}

async function readLines(input: Input, map: ReadonlyMap<MapKey, string>, add: Add): Promise<void> {
  await eachJsonLine(input, (record, line) => {
    const at = (key: MapKey): [JsonRecord, string] | undefined => {
      const path = map.get(key);
      return path === undefined ? undefined : fieldAt(record, path);
    };
    const text = (key: 'id' | 'instance'): string | undefined => {
      const found = at(key);
      return found?.[0].has(found[1]) ? found[0].name(found[1]) : undefined;
    };
    const value = (key: NumberKey): number => {
      const found = at(key);
      if (found === undefined) return Number.NaN;
      const optional = !REQUIRED.includes(key);
      return COUNTS.includes(key) ? found[0].count(found[1], optional) : found[0].number(found[1], optional);
    };
    const list = at('tokens');
    add(line, text('id'), text('instance'), value, list === undefined ? [] : timesOf(...list));
  });
}

/** A list of moments; absent: none. */
function timesOf(record: JsonRecord, name: string): readonly number[] {
  const times = record.raw(name);
  if (times === undefined || times === null) return [];
  if (!Array.isArray(times)) throw record.fault(name, times, 'must be a list of times');
  return times.map((time: unknown, i) => {
    const moment = numberOf(time);
    if (!Number.isFinite(moment)) throw record.fault(`${name}[${i}]`, time, 'must be a finite time');
    return moment;
  });
}

function noLists(file: string): Fault {
  return new Fault('trace-io/bad-map', {
    what: 'map',
    file,
    value: 'tokens',
    rule: 'must name a list of times in JSON lines; a delimited file has none',
  });
}

/** The record and the name that a path such as `timings.first` leads to. */
function fieldAt(record: JsonRecord, path: string): [JsonRecord, string] {
  if (record.has(path)) return [record, path];
  const parts = path.split('.');
  const name = parts.pop() ?? path;
  let at = record;
  for (const part of parts) {
    const inner = at.inner(part);
    if (inner === undefined) return [record, path];
    at = inner;
  }
  return [at, name];
}

function checkedMap(map: Readonly<Record<string, string>>, file: string): ReadonlyMap<MapKey, string> {
  const checked = new Map<MapKey, string>();
  for (const [key, name] of Object.entries(map)) {
    const known = MAP_KEYS.find((candidate) => candidate === key);
    if (known === undefined || typeof name !== 'string' || name === '') {
      throw new Fault('trace-io/bad-map', {
        what: 'map',
        file,
        value: `${key}=${String(name)}`,
        rule: `must be pairs of one of ${MAP_KEYS.join(', ')} and a column`,
      });
    }
    checked.set(known, name);
  }
  const lacking = ['prompt', 'output', ...(checked.has('first') ? ['last'] : [])].filter(
    (key) => !checked.has(key as MapKey),
  );
  if (lacking.length > 0 || !(checked.has('start') || checked.has('arrival'))) {
    throw new Fault('trace-io/bad-map', {
      what: 'map',
      file,
      value: [...checked.keys()].join(', '),
      rule: 'must name prompt, output and start or arrival; first and last, or tokens, for latencies',
    });
  }
  return checked;
}

/**
 * A mapping from its text, as on a command line: `start=t0,first=t1,last=t2,prompt=in,output=out`.
 *
 * @throws Fault `trace-io/bad-map`
 */
export function columnMapOf(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').map((pair) => {
    const at = pair.indexOf('=');
    return at < 0 ? [pair.trim(), ''] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
  });
  const map = Object.fromEntries(pairs.filter(([key]) => key !== '__proto__')) as Record<string, string>;
  if (isStepMap(map)) checkedStepMap(map, '<map>');
  else checkedMap(map, '<map>');
  return map;
}
