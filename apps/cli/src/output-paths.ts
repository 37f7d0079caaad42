import { constants } from 'node:fs';
import { access, mkdtemp, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { targetOf } from './atomic-write.js';
import { InputError, systemFault, UsageError } from './errors.js';
import { folderPath, unmakeable } from './folders.js';
import { isStdin } from './input.js';

/** Paths by the name of their option; undefined where it is not given. */
type Paths = Readonly<Record<string, string | undefined>>;

/** Where a verb is to write. */
interface Outputs {
  /** Files, or standard output for `-`. */
  readonly streams?: Paths;
  readonly files?: Paths;
  readonly folders?: Paths;
}

type Entry = readonly [flag: string, path: string];

const given = (paths: Paths = {}): readonly Entry[] =>
  Object.entries(paths).filter((entry): entry is [string, string] => entry[1] !== undefined);

/** Refuses an output path that is one of the inputs: `--json trace.csv` for `trace.csv --json` must not eat the trace. */
export const refuseOverwriting = (outputs: Paths, inputs: readonly string[]): void => {
  const taken = new Set(inputs.filter((path) => !isStdin(path)).map((path) => resolve(path)));
  for (const [flag, path] of given(outputs)) {
    if (path !== '-' && taken.has(resolve(path))) {
      throw new UsageError(`--${flag}: must not be an input file; got '${path}'`);
    }
  }
};

const refuseEmpty = (entries: readonly Entry[]): void => {
  for (const [flag, path] of entries) if (path === '') throw new UsageError(`--${flag}: must be a path; got none`);
};

const refuseDashes = (entries: readonly Entry[], what: string): void => {
  for (const [flag, path] of entries) {
    if (path === '-') throw new UsageError(`--${flag}: must be the path of a ${what}; it cannot go to standard output`);
  }
};

/** The second of two files would replace the first. */
const refuseTwice = (entries: readonly Entry[]): void => {
  const seen = new Map<string, string>();
  for (const [flag, path] of entries) {
    const before = seen.get(resolve(path));
    if (before !== undefined) throw new UsageError(`--${flag}: must not be the file of --${before}; got '${path}'`);
    seen.set(resolve(path), flag);
  }
};

const refuse = ([flag, path]: Entry, why: string): never => {
  throw new InputError(`--${flag}: must be a path that can be written to; got '${path}': ${why}`);
};

/** Whether a folder takes new files is known for certain only by making something there; it is taken away again. */
const tryFolder = async (folder: string): Promise<void> => rmdir(await mkdtemp(join(folder, '.stepclock-')));

/** Checks that a folder is there or can be made, and that files can be made in it. `tried` are folders that passed. */
const checkFolder = async (entry: Entry, folder: string, tried: Set<string>): Promise<void> => {
  const { standing, isFolder } = await folderPath(folder);
  if (!isFolder) return refuse(entry, `${standing} is a file, not a folder`);
  if (tried.has(standing)) return;
  await tryFolder(standing).catch((error: unknown) => refuse(entry, unmakeable(standing, error)));
  tried.add(standing);
};

const checkFile = async (entry: Entry, tried: Set<string>): Promise<'special' | 'regular'> => {
  const { file, kind } = await targetOf(entry[1]);
  if (kind === 'folder') return refuse(entry, 'it is a folder, not a file');
  if (kind === 'regular') await checkFolder(entry, dirname(file), tried);
  else await access(file, constants.W_OK);
  return kind;
};

/** A fault of the system while a path is looked at, such as a name that is too long. */
const looking = async <T>(entry: Entry, look: () => Promise<T>): Promise<T> => {
  try {
    return await look();
  } catch (error) {
    const fault = systemFault(error);
    return fault === undefined ? Promise.reject(error) : refuse(entry, fault);
  }
};

/**
 * Checks every path that a verb is going to write to, before it reads anything: a result is not half written, nor computed for nothing, because
 * the last of its files has no place.
 *
 * @throws UsageError for a path that is an input, `-` where standard output does not take it, or one file for two options
 * @throws InputError for a path that cannot be written to
 */
export const checkOutputs = async (
  { streams, files, folders }: Outputs,
  inputs: readonly string[] = [],
): Promise<void> => {
  refuseEmpty([streams, files, folders].flatMap(given));
  refuseDashes(given(files), 'file');
  refuseDashes(given(folders), 'folder');
  refuseOverwriting({ ...streams, ...files }, inputs);
  const tried = new Set<string>();
  const regular: Entry[] = [];
  for (const entry of [...given(streams), ...given(files)].filter(([, path]) => path !== '-')) {
    if ((await looking(entry, () => checkFile(entry, tried))) === 'regular') regular.push(entry);
  }
  refuseTwice(regular);
  for (const entry of given(folders)) await looking(entry, () => checkFolder(entry, entry[1], tried));
};
