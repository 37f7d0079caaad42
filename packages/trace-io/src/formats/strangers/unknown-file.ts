import { Fault, listed, MOST_LEVELS, nestsTooDeep } from '@stepclock/faults';
import type { Head } from '../trace-format.js';
import { JSON_STRANGERS } from './json-strangers.js';
import type { Stranger } from './stranger.js';
import { SERVER_LOGS, TEXT_STRANGERS, TEXTS_BESIDE_LOGS } from './text-strangers.js';

/** Which field of a log a mapping may mean, best names first. */
const MEANINGS: readonly (readonly [string, readonly RegExp[]])[] = [
  ['id', [/^(?:request|req)_?id$/i, /^id$/i]],
  ['arrival', [/arriv|queued|received|created|submit/i]],
  ['start', [/^start|start(?:ed)?_?(?:time|at|ts)?$|sched|sent|begin/i]],
  ['first', [/first.*(?:token|time|ts|at)|^first$/i]],
  ['last', [/last.*(?:token|time|ts|at)|^last$/i, /^end|_end$|finish|complet(?:ed|ion)_?(?:time|at|ts)/i]],
  ['prompt', [/(?:prompt|input|prefill|context).*(?:tok|len)/i]],
  ['output', [/(?:output|completion|generat|decode).*(?:tok|len)/i]],
];
const NEEDED = ['arrival or start', 'first', 'last', 'prompt', 'output'];

const LONGEST_NAME = 24;
const cut = (name: string): string => (name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}...` : name);

/** What a file is that no format reads, and what to do. */
export function unknownFile(head: Head, file: string): Fault {
  if (/^[{[]/.test(head.firstLine) && nestsTooDeep(head.firstLine)) {
    const rule = `must have at most ${MOST_LEVELS} levels of nesting`;
    return new Fault('trace-io/bad-json', { what: 'file', file, line: 1, rule });
  }
  const stranger = strangerOf(head) ?? TEXTS_BESIDE_LOGS.find(({ recognise }) => recognise(head));
  if (stranger !== undefined) return strangerFault(stranger, file);
  const { kind, names } = looksOf(head);
  const hint =
    names.length === 0
      ? `it looks like ${kind}; give a log of requests (JSON lines, CSV, what a load client writes) or of an engine's steps`
      : `it looks like ${kind} (${listed(names.map(cut), 10)}); ${mapExample(names)}`;
  return new Fault('trace-io/unknown-format', {
    what: 'file',
    file,
    line: 1,
    rule: 'must be a log of a known format',
    hint,
  });
}

/** The kind of file that is known and cannot serve. */
export const strangerOf = (head: Head): Stranger | undefined =>
  [...JSON_STRANGERS, ...TEXT_STRANGERS].find(({ recognise }) => recognise(head));

/** The server whose log this may be; whether it has steps shows when it is read to its end. */
export const serverLogOf = (head: Head): Stranger | undefined =>
  head.keys.length > 0 ? undefined : SERVER_LOGS.find(({ recognise }) => recognise(head));

export const strangerFault = ({ is, instead }: Stranger, file: string): Fault =>
  new Fault('trace-io/unusable-file', {
    what: 'file',
    file,
    line: 1,
    rule: `must be a log that can serve, not ${is}`,
    hint: instead,
  });

function looksOf({ text, firstLine, firstObject, keys, headerNames }: Head): {
  kind: string;
  names: readonly string[];
} {
  if (firstObject !== undefined) return { kind: 'JSON lines with the fields', names: keys };
  if (firstLine.startsWith('['))
    return { kind: keys.length > 0 ? 'a JSON list of objects with the fields' : 'a JSON list', names: keys };
  if (firstLine.startsWith('{'))
    return { kind: keys.length > 0 ? 'a JSON document with the fields' : 'no sound JSON', names: keys };
  if (headerNames.length > 2 && isHeader(headerNames)) return { kind: 'a table with the columns', names: headerNames };
  return { kind: /[^\p{L}\p{N}\p{P}\p{S}\s]/u.test(text.slice(0, 1000)) ? 'no text' : 'plain text', names: [] };
}

/** Whether names are short and different, as those of columns are, and no sentence with commas. */
export const isHeader = (names: readonly string[]): boolean =>
  new Set(names).size === names.length && names.every((name) => /^[\w .()/%-]{1,60}$/.test(name));

/** How `--map` would name the fields of this file; `?` where none offers itself. */
function mapExample(names: readonly string[]): string {
  const found = new Map<string, string>();
  for (const [key, patterns] of MEANINGS) {
    const free = names.filter(
      (name) => cut(name) === name && !/[,=\s]/.test(name) && ![...found.values()].includes(name),
    );
    const name = patterns.flatMap((pattern) => free.filter((candidate) => pattern.test(candidate)))[0];
    if (name !== undefined) found.set(key, name);
  }
  if (!(found.has('prompt') && found.has('output'))) {
    return 'where each of them is a request, --map arrival=NAME,first=NAME,last=NAME,prompt=NAME,output=NAME reads it';
  }
  const given = [...found].map(([key, name]) => `${key}=${name}`);
  const missing = NEEDED.filter((key) => !key.split(' or ').some((either) => found.has(either)));
  return `where each of them is a request, try --map ${[...given, ...missing.map((key) => `${key.split(' or ')[0]}=?`)].join(',')}`;
}
