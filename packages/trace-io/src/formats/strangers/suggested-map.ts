import { normalised } from '../../delimited/header.js';
import { headOf } from '../head.js';
import type { Head } from '../trace-format.js';

/** What a mapping may mean, and the names by which fields of logs are known; best names first, and no field twice. */
type Meanings = readonly (readonly [string, readonly RegExp[]])[];

const OF_REQUESTS: Meanings = [
  ['id', [/^(?:request|req)[_ ]?id$/i, /^id$/i]],
  ['arrival', [/arriv|queued|received|created|submit|(?:^|_)sent/i]],
  ['start', [/^start|start(?:ed)?_?(?:time|at|ts)?$|sched|begin/i]],
  ['ttft', [/\bttft|^ttft|time_to_first|time to first/i]],
  ['first', [/first.*(?:token|time|ts|at)|^first$/i]],
  [
    'last',
    [/last.*(?:token|time|ts|at)|^last$/i, /^end|_end$|finish(?!_?reason|$)|complet(?:ed|ion)_?(?:time|at|ts)/i],
  ],
  ['latency', [/^(?:total|e2e|end_to_end|request)?[_ ]?(?:latency|duration)(?![_ ]*per)|^total[_ ]time/i]],
  ['queue', [/^queued?_?s(?:ec)?$/i]],
  ['prefill', [/^prefill_?s(?:ec)?$/i]],
  ['decode', [/^decode_?s(?:ec)?$/i]],
  ['cached', [/cached.*(?:tok|len)|^(?:n_)?cached$/i]],
  ['prompt', [/(?:prompt|input|prefill|context).*(?:tok|len)/i, /^(?:n_)?prompt$/i]],
  ['output', [/(?:output|completion|generat|decode).*(?:tok|len)/i, /^output$|^n_(?:gen|output)$/i]],
];
const OF_STEPS: Meanings = [
  ['seconds', [/^(?:exec|elapsed|duration|step(?:_?time)?|latency)_?s(?:ec(?:onds)?)?$/i]],
  ['end', [/^(?:ts|end|end_?(?:time|ts|at))$/i]],
  ['prefill_tokens', [/(?:ctx|context|prefill|prompt)_?tok/i]],
  ['decode_seqs', [/(?:gen(?:eration)?|decode)_?(?:tok|seq|req)/i]],
];

/** How `--map` would name the fields of a file. */
interface SuggestedMap {
  readonly of: 'request' | 'step';
  readonly pairs: Readonly<Record<string, string>>;
  /** What is needed beside them, and offers itself under no name. */
  readonly missing: readonly string[];
  /** Whether times since the start are among them: their unit may be another than that of the moments. */
  readonly hasDurations: boolean;
}

/** Whether names are short and different, as those of columns are, and no sentence with commas; pandas gives its index none. */
export const isHeader = (names: readonly string[]): boolean =>
  new Set(names).size === names.length &&
  names.every((name, i) => (i === 0 && name === '') || /^[\w .()/%-]{1,60}$/.test(name));

/** The names of a file's fields; a spreadsheet writes `;` between cells where the comma is the decimal point. */
export const namesOf = ({ firstLine, keys, headerNames }: Head): readonly string[] => {
  if (keys.length > 0) return keys;
  const cells = firstLine.split(';').map((name) => normalised(name.replace(/^"(.*)"$/, '$1')));
  return cells.length > headerNames.length ? cells : headerNames;
};

const LONGEST_NAME = 24;
/** A name as messages show it; a mapping names none that is cut. */
export const cutName = (name: string): string =>
  name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}...` : name;

const found = (meanings: Meanings, names: readonly string[]): Map<string, string> => {
  const map = new Map<string, string>();
  for (const [key, patterns] of meanings) {
    const free = names.filter(
      (name) => cutName(name) === name && !/[,="]/.test(name) && ![...map.values()].includes(name),
    );
    const name = patterns.flatMap((pattern) => free.filter((candidate) => pattern.test(candidate)))[0];
    if (name !== undefined) map.set(key, name);
  }
  return map;
};

/** The mapping that the names of a file's fields suggest; undefined where they are neither a request's nor a step's. */
export function suggestedMap(names: readonly string[]): SuggestedMap | undefined {
  const steps = found(OF_STEPS, names);
  if (['seconds', 'prefill_tokens', 'decode_seqs'].every((key) => steps.has(key)))
    return { of: 'step', pairs: Object.fromEntries(steps), missing: [], hasDurations: false };
  const requests = found(OF_REQUESTS, names);
  if (!(requests.has('prompt') && requests.has('output'))) return undefined;
  // A moment says more than the time since another.
  for (const [moment, since] of [
    ['first', 'ttft'],
    ['last', 'latency'],
  ])
    if (requests.has(moment)) requests.delete(since);
  const hasStart = requests.has('arrival') || requests.has('start');
  const missing = [
    ...(hasStart ? [] : ['arrival']),
    ...(requests.has('first') || requests.has('ttft') || requests.has('prefill') ? [] : ['first']),
    ...(requests.has('last') || requests.has('latency') || requests.has('decode') ? [] : ['last']),
  ];
  const hasDurations = requests.has('ttft') || requests.has('latency');
  // A time to the first token counts from when a client asked.
  const isClients = requests.has('ttft') && !requests.has('arrival');
  const pairs = [...requests].map(([key, name]) => [isClients && key === 'start' ? 'arrival' : key, name]);
  return { of: 'request', pairs: Object.fromEntries(pairs), missing, hasDurations };
}

/**
 * The mapping by which a file of no known format may be read, from its first bytes; undefined where its names do not tell enough. A guess:
 * whether it reads shows when it is tried.
 */
export function mapFor(bytes: Uint8Array): Readonly<Record<string, string>> | undefined {
  const map = suggestedMap(namesOf(headOf(bytes)));
  return map === undefined || map.missing.length > 0 || map.hasDurations ? undefined : map.pairs;
}
