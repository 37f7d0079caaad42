import { attempted, type Input } from '../../bytes/input.js';
import { fieldAt } from '../../json/field-at.js';
import { readJsonDocuments } from '../../json/json-documents.js';
import { eachJsonLine } from '../../json/json-lines.js';
import { isObject, JsonRecord, numberOf } from '../../json/json-record.js';
import type { Head } from '../trace-format.js';
import { type ColumnMap, FOLDED, MAP_KEYS, type MapKey } from './column-map.js';
import type { MappedRecord } from './mapped-request.js';
import type { Moments } from './moments.js';

const REQUIRED: ReadonlySet<MapKey> = new Set(['prompt', 'output']);
/** Stands in a path for the elements of a list: `requests[].start`. */
const ELEMENTS = '[].';

/** Takes a request; `own` is a name for it where the mapping has none: several may stand in one line. */
type Take = (record: MappedRecord, line: number, own?: string) => void;

/**
 * Reads JSON of requests by a mapping: lines of one request each, a list of them, a list inside an object (`requests[].start`), or an object
 * of lists as long as the requests. A name may be a path (`timings.first`).
 */
export async function readMappedJson(
  input: Input,
  head: Head,
  map: ColumnMap,
  moments: Moments,
  unitsPerSec: number,
  take: Take,
): Promise<void> {
  const recordOf = (record: JsonRecord, names: ColumnMap) => mappedRecord(record, names, moments, unitsPerSec);
  const inList = [...map.values()].find((name) => name.includes(ELEMENTS));
  if (inList !== undefined || head.firstLine.startsWith('[')) {
    const list = inList?.slice(0, inList.indexOf(ELEMENTS)) ?? '';
    const names = new Map([...map].map(([key, name]) => [key, name.replace(`${list}${ELEMENTS}`, '')] as const));
    const path = ['$', ...(list === '' ? [] : [list]), '*'].join('.');
    await readJsonDocuments(input, [path], {
      value: ({ value, path: at, line }) => {
        const record = new JsonRecord(isObject(value) ? value : {}, input.file, line, `${list}[${at.at(-1)}]`);
        attempted(input, line, () => take(recordOf(record, names), line, String(at.at(-1))));
      },
    });
  } else if (head.firstObject === undefined || hasLists(head.firstObject, map)) {
    await readColumns(input, map, (record, index) => take(recordOf(record, OWN_NAMES), index + 1));
  } else await eachJsonLine(input, (record, line) => take(recordOf(record, map), line));
}

const OWN_NAMES: ColumnMap = new Map((Object.keys(MAP_KEYS) as MapKey[]).map((key) => [key, key]));

const hasLists = (object: Readonly<Record<string, unknown>>, map: ColumnMap): boolean => {
  const [record, name] = fieldAt(new JsonRecord(object, '', 1), map.get('prompt') ?? '');
  return Array.isArray(record.raw(name));
};

/** Hands out the requests of an object of lists, each as a record by the mapping's own keys. */
async function readColumns(
  input: Input,
  map: ColumnMap,
  take: (record: JsonRecord, index: number) => void,
): Promise<void> {
  const keys = [...map].filter(([, name]) => name !== FOLDED);
  const columns = new Map<MapKey, unknown[]>(keys.map(([key]) => [key, []]));
  const keyOf = new Map(keys.map(([key, name]) => [name, key]));
  await readJsonDocuments(
    input,
    keys.map(([, name]) => `$.${name}.*`),
    {
      value: ({ value, path }) => {
        const key = keyOf.get(path.slice(0, -1).join('.'));
        if (key !== undefined) columns.get(key)?.push(value);
      },
      documentEnd: (line) => {
        const length = columns.get('prompt')?.length ?? 0;
        for (let i = 0; i < length; i++) {
          const object = Object.fromEntries([...columns].map(([key, column]) => [key, column[i]]));
          attempted(input, i + 1, () => take(new JsonRecord(object, input.file, line, `[${i}]`), i));
        }
        for (const column of columns.values()) column.length = 0;
      },
    },
  );
}

function mappedRecord(record: JsonRecord, map: ColumnMap, moments: Moments, unitsPerSec: number): MappedRecord {
  const at = (key: MapKey): [JsonRecord, string] | undefined => {
    const path = map.get(key);
    return path === undefined || path === FOLDED ? undefined : fieldAt(record, path);
  };
  const momentOf = (owner: JsonRecord, name: string, value: unknown): number => {
    if (value === undefined || value === null) return Number.NaN;
    const sec = typeof value === 'string' || typeof value === 'number' ? moments.secOf(value) : Number.NaN;
    if (Number.isFinite(sec)) return sec;
    throw owner.fault(name, value, 'must be a finite number or a date such as 2026-01-31T12:00:00.5Z');
  };
  return {
    name: (key) => {
      const found = at(key);
      return found?.[0].has(found[1]) ? found[0].name(found[1]) : undefined;
    },
    number: (key) => {
      const found = at(key);
      if (found === undefined) return Number.NaN;
      const [owner, name] = found;
      const kind = MAP_KEYS[key];
      if (kind === 'count') return owner.count(name, !REQUIRED.has(key));
      if (kind === 'duration') return owner.number(name, true) / unitsPerSec;
      return momentOf(owner, name, owner.raw(name));
    },
    list: (key) => {
      const found = at(key);
      if (found === undefined) return [];
      const [owner, name] = found;
      const values = owner.raw(name);
      if (values === undefined || values === null) return [];
      if (!Array.isArray(values)) throw owner.fault(name, values, 'must be a list of times');
      return values.map((value: unknown, i) => {
        if (key === 'tokens' && typeof value === 'string') return momentOf(owner, `${name}[${i}]`, value);
        const seconds = numberOf(value) / unitsPerSec;
        if (!Number.isFinite(seconds)) throw owner.fault(`${name}[${i}]`, value, 'must be a finite time');
        return seconds;
      });
    },
  };
}
