import { headOf } from '../head.js';

/** What a mapping may mean, and the names by which fields of logs are known; best names first, and no field twice. */
type Meanings = readonly (readonly [string, readonly RegExp[]])[];

const OF_REQUESTS: Meanings = [
  ['id', [/^(?:request|req)_?id$/i, /^id$/i]],
  ['arrival', [/arriv|queued|received|created|submit/i]],
  ['start', [/^start|start(?:ed)?_?(?:time|at|ts)?$|sched|sent|begin/i]],
  ['first', [/first.*(?:token|time|ts|at)|^first$/i]],
  ['last', [/last.*(?:token|time|ts|at)|^last$/i, /^end|_end$|finish|complet(?:ed|ion)_?(?:time|at|ts)/i]],
  ['cached', [/cached.*(?:tok|len)|^cached$/i]],
  ['prompt', [/(?:prompt|input|prefill|context).*(?:tok|len)/i, /^prompt$/i]],
  ['output', [/(?:output|completion|generat|decode).*(?:tok|len)/i, /^output$/i]],
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
}

const LONGEST_NAME = 24;
/** A name as messages show it; a mapping names none that is cut. */
export const cutName = (name: string): string =>
  name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}...` : name;

const found = (meanings: Meanings, names: readonly string[]): ReadonlyMap<string, string> => {
  const map = new Map<string, string>();
  for (const [key, patterns] of meanings) {
    const free = names.filter(
      (name) => cutName(name) === name && !/[,=\s]/.test(name) && ![...map.values()].includes(name),
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
    return { of: 'step', pairs: Object.fromEntries(steps), missing: [] };
  const requests = found(OF_REQUESTS, names);
  if (!(requests.has('prompt') && requests.has('output'))) return undefined;
  const missing = [...(requests.has('arrival') || requests.has('start') ? [] : ['arrival']), 'first', 'last'];
  return {
    of: 'request',
    pairs: Object.fromEntries(requests),
    missing: missing.filter((key) => !requests.has(key)),
  };
}

/**
 * The mapping by which a file of no known format may be read, from its first bytes; undefined where its names do not tell enough. A guess:
 * whether it reads shows when it is tried.
 */
export function mapFor(bytes: Uint8Array): Readonly<Record<string, string>> | undefined {
  const { keys, headerNames } = headOf(bytes);
  const map = suggestedMap(keys.length > 0 ? keys : headerNames);
  return map === undefined || map.missing.length > 0 ? undefined : map.pairs;
}
