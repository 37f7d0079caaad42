import { Fault, listed, MOST_LEVELS, nestsTooDeep } from '@stepclock/faults';
import { isObject } from '../../json/json-record.js';
import type { Head } from '../trace-format.js';
import { HTTP_TESTERS } from './http-testers.js';
import { JSON_STRANGERS } from './json-strangers.js';
import { A_LOG, type Stranger } from './stranger.js';
import { cutName, isHeader, namesOf, suggestedMap } from './suggested-map.js';
import { SERVER_LOGS, TEXT_STRANGERS, TEXTS_BESIDE_LOGS } from './text-strangers.js';

/** What a file is that no format reads, and what to do. */
export function unknownFile(head: Head, file: string): Fault {
  if (/^[{[]/.test(head.firstLine) && nestsTooDeep(head.firstLine)) {
    const rule = `must have at most ${MOST_LEVELS} levels of nesting`;
    return new Fault('trace-io/bad-json', { what: 'file', file, line: 1, rule });
  }
  const stranger = strangerOf(head) ?? TEXTS_BESIDE_LOGS.find(({ recognise }) => recognise(head));
  if (stranger !== undefined) return strangerFault(stranger, head, file);
  const { kind, names } = looksOf(head);
  if (isSummary(names)) return strangerFault({ ...SUMMARY, recognise: () => true }, head, file);
  const hint =
    names.length === 0
      ? `it looks like ${kind}; give a log of requests (JSON lines, CSV, what a load client writes) or of an engine's steps; docs/collecting-logs.md has the flags that write one`
      : `it looks like ${kind} (${listed(names.map(cutName), 10)}); ${mapExample(names)}`;
  return new Fault('trace-io/unknown-format', {
    what: 'file',
    file,
    line: 1,
    rule: 'must be a log of a known format',
    hint,
  });
}

const SUMMARY = {
  is: 'a summary of requests (means, percentiles, rates)',
  instead: `it has nothing of each request: ${A_LOG}`,
} as const;

/** Whether names are those of means and percentiles of many requests, at least two of them. */
const isSummary = (names: readonly string[]): boolean =>
  names.filter(
    (name) =>
      /(?:^|[_ ])(?:mean|median|avg|average|std|p\d\d)(?:[_ ]|$)/i.test(name) ||
      /throughput|(?:requests|tokens)_per_second/i.test(name),
  ).length > 1;

/** The kind of file that is known and cannot serve. */
export const strangerOf = (head: Head): Stranger | undefined =>
  [...JSON_STRANGERS, ...HTTP_TESTERS, ...TEXT_STRANGERS].find(({ recognise }) => recognise(head));

/** The server whose log this may be; whether it has steps shows when it is read to its end. */
export const serverLogOf = (head: Head): Stranger | undefined =>
  head.keys.length > 0 ? undefined : SERVER_LOGS.find(({ recognise }) => recognise(head));

const CAN_SERVE = 'must be a log that can serve, not ';

export const strangerFault = ({ is, instead, tells }: Stranger, head: Head, file: string): Fault => {
  const told = tells?.(head);
  const hint = told === undefined ? instead : `${instead}; ${told}`;
  return new Fault('trace-io/unusable-file', { what: 'file', file, line: 1, rule: `${CAN_SERVE}${is}`, hint });
};

/** What a refused file is, in words, where it is known: `the summary of AIPerf`. */
export const refusedAs = ({ rule }: Fault): string | undefined =>
  rule.startsWith(CAN_SERVE) ? rule.slice(CAN_SERVE.length) : undefined;

function looksOf(head: Head): { kind: string; names: readonly string[] } {
  const { text, firstLine, firstObject, keys } = head;
  const names = namesOf(head);
  if (firstObject !== undefined) return { kind: 'JSON lines with the fields', names: keysOfLines(head) };
  if (firstLine.startsWith('['))
    return { kind: keys.length > 0 ? 'a JSON list of objects with the fields' : 'a JSON list', names: keys };
  if (firstLine.startsWith('{'))
    return { kind: keys.length > 0 ? 'a JSON document with the fields' : 'no sound JSON', names: keys };
  if (names.length > 2 && isHeader(names)) return { kind: 'a table with the columns', names };
  return { kind: /[^\p{L}\p{N}\p{P}\p{S}\s]/u.test(text.slice(0, 1000)) ? 'no text' : 'plain text', names: [] };
}

/** The fields of JSON lines; where the first line is a head with others, those of the second. */
function keysOfLines({ text, keys }: Head): readonly string[] {
  const second = text.split('\n', 2)[1] ?? '';
  let other: readonly string[] = [];
  try {
    const value: unknown = JSON.parse(second);
    if (isObject(value)) other = Object.keys(value);
  } catch {
    // Cut, or no JSON: the first line tells.
  }
  const shared = other.filter((key) => keys.includes(key)).length;
  return 2 * shared < Math.min(other.length, keys.length) ? other : keys;
}

/** How `--map` would name the fields of this file; `?` where none offers itself. */
function mapExample(names: readonly string[]): string {
  const map = suggestedMap(names);
  if (map === undefined) {
    return 'where each of them is a request, --map arrival=NAME,first=NAME,last=NAME,prompt=NAME,output=NAME reads it';
  }
  const isWorkload = map.of === 'request' && map.missing.join() === 'first,last';
  const given = Object.entries(map.pairs).map(([key, name]) => `${key}=${name}`);
  const pairs = [...given, ...(isWorkload ? [] : map.missing.map((key) => `${key}=?`))].join(',');
  const tried = `where each of them is a ${map.of}, try --map ${/[^\w=,.?-]/.test(pairs) ? `"${pairs}"` : pairs}`;
  const unit = /_(ns|us|ms)$/.exec(map.pairs.arrival ?? map.pairs.start ?? '')?.[1];
  if (isWorkload)
    return `${tried}${unit === undefined ? '' : ` --time-unit ${unit}`}: a workload without latencies, which simulate and replay take`;
  return map.hasDurations ? `${tried}, with all times in one unit (--time-unit ms)` : tried;
}
