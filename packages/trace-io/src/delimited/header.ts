import { didYouMean, Fault } from '@stepclock/faults';
import { decimalNumber } from '../bytes/decimal-number.js';

/** Columns that a file may have: a few hundred are many. */
const MOST_COLUMNS = 2 ** 16;

/** A column that a format knows: its name, and other names that files give it. Names are compared without case. */
export interface KnownColumn<Key extends string> {
  readonly key: Key;
  readonly names: readonly string[];
  readonly required: boolean;
}

/**
 * Which known column each column of a header is. `mapping` (key to name in this file) goes before the known names.
 *
 * @throws Fault `no-header`, `duplicate-column`, `ambiguous-column`, `missing-column`, `unknown-mapping`
 */
export function resolveHeader<Key extends string>(
  header: readonly string[],
  known: readonly KnownColumn<Key>[],
  mapping: Readonly<Record<string, string>>,
  place: { readonly file: string; readonly line: number },
): (Key | undefined)[] {
  if (header.length > MOST_COLUMNS) {
    const rule = `must have at most ${MOST_COLUMNS} columns`;
    throw new Fault('trace-io/too-many-columns', { what: 'header', ...place, value: header.length, rule });
  }
  const names = header.map(normalised);
  refuseData(header, place);
  refuseDuplicates(header, place);
  const mapped = new Map(Object.entries(mapping));
  for (const key of mapped.keys()) {
    if (known.some((column) => column.key === key)) continue;
    throw new Fault('trace-io/unknown-mapping', {
      what: 'column mapping',
      ...place,
      value: key,
      rule: `must be one of ${known.map((column) => column.key).join(', ')}`,
    });
  }
  const resolved: (Key | undefined)[] = header.map(() => undefined);
  const taken = new Set<string>([...mapped.values()].map(normalised));
  for (const { key, names: aliases, required } of known) {
    const own = mapped.get(key);
    const wanted = own === undefined ? aliases.filter((alias) => !taken.has(alias)) : [normalised(own)];
    const found = names.flatMap((name, i) => (wanted.includes(name) ? [i] : []));
    const [index, another] = found;
    if (another !== undefined) {
      throw new Fault('trace-io/ambiguous-column', {
        what: 'header',
        ...place,
        column: header[another],
        value: found.map((i) => header[i]).join(', '),
        rule: `must have one column for ${key}`,
        hint: 'choose with a column mapping',
      });
    }
    if (index !== undefined) resolved[index] = key;
    else if (required || own !== undefined) throw missing(own ?? key, header, place);
  }
  return resolved;
}

function missing(name: string, header: readonly string[], place: { file: string; line: number }): Fault {
  return new Fault('trace-io/missing-column', {
    what: 'header',
    ...place,
    column: name,
    value: header.join(','),
    rule: `must have a column ${name}`,
    hint: wrongDelimiter(header) ?? didYouMean(name, header).hint,
  });
}

function wrongDelimiter(header: readonly string[]): string | undefined {
  const [only] = header;
  return header.length === 1 && only !== undefined && /[;|\s]/.test(only)
    ? 'cells are separated by commas or tabs'
    : undefined;
}

function refuseData(header: readonly string[], place: { file: string; line: number }): void {
  if (!header.some((name) => !Number.isNaN(decimalNumber(name)))) return;
  throw new Fault('trace-io/no-header', {
    what: 'header',
    ...place,
    value: header.join(','),
    rule: 'must hold the names of the columns',
  });
}

function refuseDuplicates(header: readonly string[], place: { file: string; line: number }): void {
  const seen = new Set<string>();
  for (const name of header) {
    if (seen.has(name)) {
      throw new Fault('trace-io/duplicate-column', {
        what: 'header',
        ...place,
        column: name,
        value: name,
        rule: 'must have every column name once',
      });
    }
    seen.add(name);
  }
}

/** Column names are compared trimmed and without case. */
export function normalised(name: string): string {
  return name.trim().toLowerCase();
}
