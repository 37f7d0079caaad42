import type { RequestRow } from '../../tables/request-columns.js';
import { type ColumnMap, FOLDED, isServedMap, type MapKey } from './column-map.js';

/** One record of a mapped file: seconds and counts by key, NaN where there is none; lists in seconds. */
export interface MappedRecord {
  readonly number: (key: MapKey) => number;
  readonly name: (key: 'id' | 'instance') => string | undefined;
  readonly list: (key: 'tokens' | 'gaps') => readonly number[];
}

/** A request of a mapped file. */
export interface MappedRequest {
  readonly id: string | undefined;
  readonly row: RequestRow;
  /** When it was sent, and each chunk of its output came; undefined where the mapping does not tell. */
  readonly chunks: { readonly sentSec: number; readonly chunkSec: readonly number[] } | undefined;
}

const known = (...seconds: readonly number[]): number => seconds.find((sec) => !Number.isNaN(sec)) ?? Number.NaN;

/** A request from the moments, durations and counts that a mapping tells of it. */
export function mappedRequest(map: ColumnMap, record: MappedRecord): MappedRequest {
  const { number } = record;
  const isFolded = map.get('queue') === FOLDED;
  const queue = isFolded ? Number.NaN : number('queue');
  const last = number('last');
  const came = known(number('arrival'), isFolded || !isServedMap(map) ? number('start') : Number.NaN);
  const scheduled = known(isFolded ? Number.NaN : number('start'), came + queue);
  const sentSec = known(came, number('start'), last - number('latency'));
  const begun = known(scheduled, sentSec);
  const tokens = record.list('tokens');
  const first = known(number('first'), sentSec + number('ttft'), begun + number('prefill'), tokens[0] ?? Number.NaN);
  const chunkSec = map.has('gaps') ? chunksAfter(first, record.list('gaps')) : tokens;
  const lastSec = known(last, sentSec + number('latency'), first + number('decode'), chunkSec.at(-1) ?? Number.NaN);
  const instance = record.name('instance');
  const cached = number('cached');
  const steps = number('steps');
  const hasChunks = (map.has('tokens') || map.has('gaps')) && chunkSec.length > 0 && !Number.isNaN(chunkSec[0]);
  return {
    id: record.name('id'),
    row: {
      arrivalSec: known(came, map.has('start') ? Number.NaN : sentSec),
      ...(!Number.isNaN(scheduled) && { scheduledSec: scheduled }),
      firstTokenSec: first,
      lastTokenSec: lastSec,
      promptTokens: number('prompt'),
      outputTokens: number('output'),
      ...(map.has('cached') && { cachedTokens: cached }),
      ...(steps > 0 && { decodeSteps: steps }),
      ...(instance !== undefined && { instance }),
    },
    chunks: hasChunks ? { sentSec, chunkSec } : undefined,
  };
}

/** Chunk times from the first and the gaps after it. */
function chunksAfter(firstSec: number, gaps: readonly number[]): readonly number[] {
  let since = 0;
  return [
    firstSec,
    ...gaps.map((gap) => {
      since += gap;
      return firstSec + since;
    }),
  ];
}
