import { readFileSync, writeFileSync } from 'node:fs';
import { run } from '../src/index.js';

/**
 * Runs command lines on a model's file with one field after another spoiled, in one process: part of the bundle that the tests start. It writes a JSON line
 * before each case, so that whoever started it knows where it hangs, and one for each fault.
 *
 * argv: the model's file, where the spoiled one goes, the command lines (JSON lists; `MODEL` stands for the spoiled file).
 */
const [modelPath = '', spoiledPath = '', commands = '[]', share = '1'] = process.argv.slice(2);

type Path = readonly (string | number)[];

/** Every field of objects; of lists the first and the last entry. */
const pathsOf = (value: unknown, path: Path = []): Path[] => {
  if (Array.isArray(value)) {
    const ends = [...new Set([0, value.length - 1])].filter((at) => at >= 0);
    return [path, ...ends.flatMap((at) => pathsOf(value[at], [...path, at]))];
  }
  return typeof value === 'object' && value !== null
    ? [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))]
    : [path];
};

const MISSING = Symbol('missing');
const EXTRA = Symbol('extra');
const SPOILED: readonly unknown[] = [null, 'text', 'NaN', 1e308, 1e15, -1, 0, MISSING, EXTRA];

const spoiled = (value: unknown, [key, ...rest]: Path, by: unknown): unknown => {
  if (key === undefined) {
    if (by !== EXTRA) return by;
    if (Array.isArray(value)) return [...value, value[0] ?? 1];
    return typeof value === 'object' && value !== null ? { ...value, further: 'x', __proto__: { toJSON: 1 } } : [value];
  }
  if (Array.isArray(value)) {
    return value
      .map((item: unknown, at) => (at === key ? spoiled(item, rest, by) : item))
      .filter((item) => item !== MISSING);
  }
  const entries = Object.entries(value ?? {}).map(([k, inner]) => [k, k === key ? spoiled(inner, rest, by) : inner]);
  return Object.fromEntries(entries.filter(([, inner]) => inner !== MISSING));
};

const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );

const say = (line: object): void => writeFileSync(1, `${JSON.stringify(line)}\n`);

/** Words that no number of an answer may be; a message may quote what stood in the file. */
const NO_NUMBER = /(?<!must be [^\n]*)\b(?:NaN|Infinity|undefined)\b|\[object|∞/;

const outcome = async (argv: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
  const out = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof out) => ({
    isTTY: false,
    columns: undefined,
    write: (text: string | Uint8Array): void => {
      out[name] += typeof text === 'string' ? text : new TextDecoder().decode(text);
    },
  });
  const code = await run(argv, {
    stdin: (async function* () {})(),
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    env: {},
  });
  return { code, ...out };
};

const model: unknown = JSON.parse(readFileSync(modelPath, 'utf8'));
let [cases, answered] = [0, 0];
let slowest = { ms: 0, of: '' };
let seen = 0;
for (const path of pathsOf(model)) {
  for (const by of SPOILED) {
    // A name may be the word.
    if (by === 'NaN' && typeof at(model, path) === 'string') continue;
    // Of a large file every so-manieth change, spread over all of it.
    seen += Number(share);
    if (seen < 1) continue;
    seen -= 1;
    writeFileSync(spoiledPath, JSON.stringify(spoiled(model, path, by)) ?? '');
    for (const words of JSON.parse(commands) as string[][]) {
      const argv = words.map((word) => (word === 'MODEL' ? spoiledPath : word));
      const of = `${path.join('.')} = ${typeof by === 'symbol' ? by.description : by}: ${argv.join(' ')}`;
      say({ of });
      const start = performance.now();
      const { code, stdout, stderr } = await outcome(argv);
      const ms = performance.now() - start;
      if (ms > slowest.ms) slowest = { ms, of };
      cases++;
      if (code === 0) answered++;
      const faults = [
        ...(code > 4 ? [`exit ${code}`] : []),
        ...(NO_NUMBER.test(stdout) ? ['an answer that is no number'] : []),
        ...(code === 0 && NO_NUMBER.test(stderr) ? ['a message that is no number'] : []),
        ...(code !== 0 &&
        stderr
          .trim()
          .split('\n')
          .filter((line) => line.startsWith('stepclock: ')).length !== 1
          ? ['not one line of error']
          : []),
      ];
      if (faults.length > 0)
        say({ fault: faults.join(', '), of, stdout: stdout.slice(0, 2000), stderr: stderr.slice(0, 600) });
    }
  }
}
say({ done: cases, answered, slowest });
