import { Fault } from '@stepclock/faults';
import { decimalNumber } from '../../bytes/decimal-number.js';
import type { Input } from '../../bytes/input.js';
import { normalised } from '../../delimited/header.js';
import { type RequestColumn, readRequestRows } from '../../delimited/request-rows.js';
import type { ReadOptions } from '../trace-format.js';
import { type ColumnMap, FOLDED, MAP_KEYS, type MapKey } from './column-map.js';
import type { MappedRecord } from './mapped-request.js';
import type { Moments } from './moments.js';

const DATE = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d/;
const REQUIRED: ReadonlySet<MapKey> = new Set(['id', 'prompt', 'output']);
const NO_THOUSANDS = 'without separators of thousands';

/** `;` between cells, as spreadsheets write where the comma is the decimal point. */
const isSemicolons = (firstLine: string, map: ColumnMap): boolean => {
  const names = firstLine.split(';').map(normalised);
  return [...map.values()].filter((name) => name !== FOLDED).every((name) => names.includes(normalised(name)));
};

/** Reads a delimited file of one request a row by a mapping. */
export async function readMappedTable(
  input: Input,
  options: ReadOptions,
  map: ColumnMap,
  moments: Moments,
  unitsPerSec: number,
  take: (record: MappedRecord, line: number) => void,
): Promise<void> {
  const listed = (['tokens', 'gaps'] as const).find((key) => map.has(key));
  if (listed !== undefined) {
    const rule = 'must name a list of times in JSON; a delimited file has none';
    throw new Fault('trace-io/bad-map', { what: 'map', file: input.file, value: listed, rule });
  }
  const { head } = options;
  const hasCommas = isSemicolons(head.firstLine, map);
  // Plain numbers are read faster as such.
  const isPlain = !hasCommas && !DATE.test(head.text);
  const numberIn = (text: string): number => decimalNumber(hasCommas ? text.replace(',', '.') : text);
  const kindOf = (key: MapKey): RequestColumn<MapKey>['kind'] => {
    const kind = MAP_KEYS[key];
    if (kind === 'name') return 'name';
    if (kind === 'count') return 'count';
    if (isPlain) return 'number';
    if (kind === 'duration') return { parse: numberIn, rule: `must be a number, ${NO_THOUSANDS}` };
    const parse = (text: string): number => {
      const number = numberIn(text);
      return moments.secOf(Number.isNaN(number) ? text : number);
    };
    return { parse, rule: `must be a number, ${NO_THOUSANDS}, or a date such as 2026-01-31T12:00:00.5Z` };
  };
  const columns = [...map]
    .filter(([, name]) => name !== FOLDED)
    .map(
      ([key, name]): RequestColumn<MapKey> => ({
        key,
        names: [name],
        required: true,
        kind: kindOf(key),
        emptyAllowed: !REQUIRED.has(key),
      }),
    );
  const mapping = Object.fromEntries(columns.map(({ key }) => [key, map.get(key) ?? key]));
  const delimiter = hasCommas ? ';' : head.delimiter;
  await readRequestRows(input, { delimiter, path: options.path, mapping }, columns, (cells, line) =>
    take(
      {
        name: (key) => cells.name(key),
        list: () => [],
        number: (key) => {
          const value = cells.number(key);
          const kind = MAP_KEYS[key];
          if (kind === 'count') return value;
          return kind === 'duration' || isPlain ? value / unitsPerSec : value;
        },
      },
      line,
    ),
  );
}
