import { commands } from '../src/commands/index.js';
import type { Entry } from '../src/options/verb.js';

/** Every verb with its words: `estimate`, `stage train`. */
export const everyVerb: readonly (readonly [words: string, entry: Entry])[] = commands.flatMap((entry) =>
  'verbs' in entry
    ? entry.verbs.map((inner) => [`${entry.command} ${inner.command}`, inner] as const)
    : [[entry.command.split(' ')[0] ?? '', entry] as const],
);
