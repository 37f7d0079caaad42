import { normalised } from '../../delimited/header.js';
import type { ServedFacts } from '../../trace.js';
import type { MapKey } from '../mapped/column-map.js';
import { readMapped } from '../mapped/mapped.js';
import type { Head, TraceFormat } from '../trace-format.js';

/** A table or a list of requests of which a mapping tells all: CSV, JSON lines, a JSON list, or a list `data` in a document. */
interface KnownTable extends Pick<ServedFacts, 'clock' | 'timeUnit'> {
  readonly name: string;
  readonly description: string;
  /** Fields that tell the format: every file has them. */
  readonly needs: readonly string[];
  /** The fields that a mapping may take, best first; what a file lacks is left out. */
  readonly map: Readonly<Partial<Record<MapKey, readonly string[]>>>;
  /** Where the mapping alone does not tell. */
  readonly queueInPrefill?: ServedFacts['queueInPrefill'];
}

/** The format of a table that is known. */
export const knownTable = (table: KnownTable): TraceFormat => ({
  name: table.name,
  description: table.description,
  recognise: (head) => {
    const has = fieldsIn(head).has;
    return table.needs.every(has);
  },
  read: (input, options) => {
    const { name: format, clock, timeUnit, queueInPrefill } = table;
    return readMapped(input, options, mapOf(table, options.head), {
      format,
      clock,
      timeUnit,
      settings: options.settings,
      ...(queueInPrefill && { queueInPrefill }),
    });
  },
});

/** Whether a file has a field, by its name or the first part of its path, and what stands before the name in a mapping. */
function fieldsIn({ headerNames, keys, text }: Head): {
  readonly has: (path: string) => boolean;
  readonly before: string;
} {
  if (headerNames.length > 0) return { has: (path) => headerNames.includes(normalised(path)), before: '' };
  const top = (path: string): string => path.split('.')[0] ?? path;
  if (keys.includes('data')) return { has: (path) => text.includes(`"${top(path)}"`), before: 'data[].' };
  return { has: (path) => keys.includes(top(path)), before: '' };
}

function mapOf({ map }: KnownTable, head: Head): Readonly<Record<string, string>> {
  const { has, before } = fieldsIn(head);
  return Object.fromEntries(
    Object.entries(map).flatMap(([key, names]) => {
      const found = names.find(has);
      return found === undefined ? [] : [[key, before + found]];
    }),
  );
}
