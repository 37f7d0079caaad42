import { Fault } from '@stepclock/faults';
import { checkedStepMap, isStepMap } from '../steps/mapped-steps.js';

/** What a mapping of requests may name, and how it is read: a moment of a clock, a time that something took, a count, a name, a list. */
export const MAP_KEYS = {
  id: 'name',
  arrival: 'moment',
  start: 'moment',
  first: 'moment',
  last: 'moment',
  queue: 'duration',
  prefill: 'duration',
  ttft: 'duration',
  decode: 'duration',
  latency: 'duration',
  prompt: 'count',
  output: 'count',
  cached: 'count',
  steps: 'count',
  instance: 'name',
  tokens: 'list',
  gaps: 'list',
} as const;
export type MapKey = keyof typeof MAP_KEYS;

/** The field in which a request's own part of a mapping stands. */
export type ColumnMap = ReadonlyMap<MapKey, string>;

/** `queue=folded`: `start` is when the request came, not when it was scheduled. */
export const FOLDED = 'folded';

const isKey = <K extends string>(keys: Readonly<Record<K, string>>, key: string): key is K => Object.hasOwn(keys, key);

const bad = (file: string, value: string, rule: string): Fault =>
  new Fault('trace-io/bad-map', { what: 'map', file, value, rule });

/**
 * A mapping of requests, checked.
 *
 * @throws Fault `trace-io/bad-map`
 */
export function checkedMap(map: Readonly<Record<string, string>>, file: string): ColumnMap {
  const checked = new Map<MapKey, string>();
  for (const [key, name] of Object.entries(map)) {
    if (!isKey(MAP_KEYS, key) || typeof name !== 'string' || name === '') {
      throw bad(
        file,
        `${key}=${String(name)}`,
        `must be pairs of one of ${Object.keys(MAP_KEYS).join(', ')} and a column (of a table of steps: seconds, prefill_tokens, decode_seqs and others)`,
      );
    }
    checked.set(key, name);
  }
  const has = (...keys: readonly MapKey[]): boolean => keys.some((key) => checked.has(key));
  const isSent = has('start', 'arrival') || (has('last') && has('latency'));
  const isServed = isServedMap(checked);
  if (!has('prompt') || !has('output') || !isSent || (isServed && !(hasFirst(checked) && hasLast(checked)))) {
    const rule =
      'must name prompt, output and start or arrival; for latencies also first (or ttft, prefill) and last (or latency, decode), or tokens';
    throw bad(file, [...checked.keys()].join(', '), rule);
  }
  return checked;
}

const hasFirst = (map: ColumnMap): boolean =>
  map.has('first') || map.has('ttft') || map.has('prefill') || map.has('tokens');
const hasLast = (map: ColumnMap): boolean =>
  map.has('last') || map.has('latency') || map.has('decode') || map.has('tokens') || map.has('gaps');

/** Whether a mapping tells of latencies, not of arrivals alone. */
export const isServedMap = (map: ColumnMap): boolean => hasFirst(map) || map.has('gaps');

/**
 * A mapping from its text, as on a command line or, a pair a line, in a file: `start=t0,first=t1,last=t2,prompt=in,output=out`.
 *
 * @throws Fault `trace-io/bad-map`
 */
export function columnMapOf(text: string): Readonly<Record<string, string>> {
  const pairs = text
    .split(/[,\n]/)
    .map((pair) => pair.replace(/^\s*#.*/, '').trim())
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? [pair, ''] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    });
  const map = Object.fromEntries(pairs.filter(([key]) => key !== '__proto__')) as Record<string, string>;
  if (isStepMap(map)) checkedStepMap(map, '<map>');
  else checkedMap(map, '<map>');
  return map;
}
