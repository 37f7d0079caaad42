import { UNITS_PER_SEC } from '../../bounds/clock-range.js';
import type { Input } from '../../bytes/input.js';
import { RequestBuilder } from '../../requests/request-builder.js';
import type { ServedFacts, Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';
import { type ColumnMap, checkedMap, FOLDED, isServedMap } from './column-map.js';
import { readMappedJson } from './mapped-json.js';
import { type MappedRecord, mappedRequest } from './mapped-request.js';
import { readMappedTable } from './mapped-table.js';
import { Moments } from './moments.js';

/**
 * Any CSV, TSV, JSON lines or JSON file of one request a row, told by a mapping which column is which. Moments: `arrival`, `start` (of the
 * prefill), `first` and `last` token, as numbers in the given unit or as dates. What took so long, in the unit: `queue` (from arrival to start), `prefill`
 * (from start to first token), `ttft` and `latency` (from arrival, or from start where there is none), `decode` (from first to last token); `last` and
 * `latency` alone tell when a request came. Counts: `prompt`, `output` (first token included), `cached`, `steps` (of the decode). Names: `id`,
 * `instance`. In JSON a name may be a path, `tokens` a list of the times of every chunk, `gaps` one of the gaps between them. Without `start` the prefill
 * starts at `arrival` and the queue is folded in, as it is with `queue=folded`; without a first token it is a workload.
 */
export const mapped: TraceFormat = {
  name: 'mapped',
  description: 'any CSV or JSON of one request a row, with --map start=...,first=...,last=...,prompt=...,output=...',
  takesTimeUnit: true,
  recognise: () => false,
  read: (input, options) =>
    readMapped(input, options, options.map ?? options.columns, {
      format: 'mapped',
      clock: 'as mapped',
      timeUnit: options.timeUnit,
      settings: options.settings,
    }),
};

const DURATIONS = ['queue', 'prefill', 'ttft', 'decode', 'latency', 'gaps'] as const;

/** What a mapped file's format says of it. */
type MappedFacts = Pick<ServedFacts, 'format' | 'clock' | 'timeUnit' | 'settings'> & {
  /** Where the mapping alone does not tell. */
  readonly queueInPrefill?: ServedFacts['queueInPrefill'];
};

/** Reads a file of requests by a mapping, which its reader may know itself. */
export async function readMapped(
  input: Input,
  options: ReadOptions,
  mapping: Readonly<Record<string, string>>,
  facts: MappedFacts,
): Promise<Trace> {
  const map = checkedMap(mapping, input.file);
  const builder = new RequestBuilder(input.file, DURATIONS.some((key) => map.has(key)) ? 'snapped' : 'as-given');
  const unitsPerSec = UNITS_PER_SEC[facts.timeUnit];
  const moments = new Moments(unitsPerSec);
  const isServed = isServedMap(map);
  const take = (record: MappedRecord, line: number, own = String(line)): void => {
    const { id = own, row, chunks } = mappedRequest(map, record);
    if (chunks !== undefined) builder.addChunks(line, { ...row, sentSec: chunks.sentSec }, chunks.chunkSec);
    const isOpen = Number.isNaN(row.lastTokenSec ?? Number.NaN);
    const isCut =
      (row.firstTokenSec ?? Number.NaN) > -Infinity && (isOpen ? row.outputTokens > 1 : !(row.outputTokens > 0));
    if (isServed && isCut) builder.addCut(isOpen ? 'unfinished' : 'aborted', id, line, row);
    else if (isServed) builder.add(id, line, row);
    else builder.addArrival(id, line, row);
  };
  const { head } = options;
  if (/^[{[]/.test(head.firstLine)) await readMappedJson(input, head, map, moments, unitsPerSec, take);
  else await readMappedTable(input, options, map, moments, unitsPerSec, take);
  const { queueInPrefill = queueOf(map), ...rest } = facts;
  const told = { ...rest, ...(moments.originSec !== undefined && { originSec: moments.originSec }) };
  if (!isServed) return builder.workload(told);
  return builder.trace({
    ...told,
    queueInPrefill,
    firstTokenWithPrefill: true,
  });
}

function queueOf(map: ColumnMap): ServedFacts['queueInPrefill'] {
  if (map.has('queue')) return map.get('queue') === FOLDED ? 'yes' : 'no';
  return map.has('start') ? 'unknown' : 'yes';
}
