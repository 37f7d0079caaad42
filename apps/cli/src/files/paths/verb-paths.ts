import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { camel, type Found, type OptionSet, type Role } from '../../options/option.js';
import type { Verb } from '../../options/verb.js';
import { isStdin } from '../input.js';
import type { Outputs } from '../output-paths.js';
import { settingsPathOf } from '../settings-file.js';
import { tableFiles } from './table-files.js';
import { tracePaths } from './trace-paths.js';

/** The options of one role that name a path, with the path. */
const named = ({ options, positionals }: Verb, args: Found, role: Role): readonly (readonly [string, string])[] =>
  Object.entries<OptionSet[string]>({ ...positionals, ...options })
    .filter(([, option]) => option.role === role)
    .flatMap(([name]) =>
      [args[camel(name)]].flat().flatMap((path) => (typeof path === 'string' ? [[name, path] as const] : [])),
    );

const pathsOf = (verb: Verb, args: Found, role: Role): readonly string[] =>
  named(verb, args, role)
    .map(([, path]) => path)
    .filter((path) => !isStdin(path));

/** The models that a folder offers: any of them may be read. */
const filesIn = async (path: string): Promise<readonly string[]> => {
  const facts = await stat(path).catch(() => undefined);
  if (facts?.isDirectory() !== true) return [path];
  return (await readdir(path)).filter((name) => name.endsWith('.json')).map((name) => join(path, name));
};

/** Every file that a verb reads, those that no option names among them: a trace's settings, a folder's models. */
export const inputPaths = async (verb: Verb, args: Found): Promise<readonly string[]> => {
  const traces = await tracePaths(pathsOf(verb, args, 'trace'));
  const meta = pathsOf(verb, args, 'input');
  const settings = await Promise.all(traces.map((trace) => settingsPathOf(trace, undefined)));
  const tables = await tableFiles(pathsOf(verb, args, 'tables'));
  const models = await Promise.all(pathsOf(verb, args, 'models').map(filesIn));
  return [...traces, ...tables, ...meta, ...settings.filter((path) => path !== undefined), ...models.flat()];
};

/** Every place that a verb writes to, by the option that names it. */
export const outputsOf = (verb: Verb, args: Found, own: Outputs, logFile: string | undefined): Outputs => ({
  streams: { ...Object.fromEntries(named(verb, args, 'stream')), ...own.streams },
  files: { ...Object.fromEntries(named(verb, args, 'file')), ...own.files, 'log-file': logFile },
  folders: { ...Object.fromEntries(named(verb, args, 'folder')), ...own.folders },
});
