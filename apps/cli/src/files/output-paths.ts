import { constants } from 'node:fs';
import { access, mkdtemp, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inputFault, systemFault, usageFault } from '../session/errors.js';
import type { Io } from '../session/io.js';
import { targetOf } from './atomic-write.js';
import { folderPath, unmakeable } from './folders.js';
import { identityOf } from './identity.js';
import { unfinished } from './unfinished.js';

/** Paths by the name of their option; undefined where it is not given. */
type Paths = Readonly<Record<string, string | undefined>>;

/** Where a verb is to write. */
export interface Outputs {
  /** Files, or standard output for `-`. */
  readonly streams?: Paths;
  readonly files?: Paths;
  readonly folders?: Paths;
}

type Entry = readonly [flag: string, path: string];

const given = (paths: Paths = {}): readonly Entry[] =>
  Object.entries(paths).filter((entry): entry is [string, string] => entry[1] !== undefined);

/** Which files a verb reads, by what tells a file from any other. */
export type Inputs = ReadonlySet<string>;

/** The files that some paths lead to. */
export const inputsOf = async (paths: readonly string[]): Promise<Inputs> =>
  new Set(await Promise.all(paths.map(identityOf)));

/**
 * Refuses to write over what is read: `--json trace.csv` for `trace.csv --json` must not eat the trace, nor may a link to it.
 *
 * @throws Fault `cli/usage`
 */
export const refuseInputs = async (entries: readonly Entry[], inputs: Inputs): Promise<void> => {
  if (inputs.size === 0) return;
  for (const [what, path] of entries) {
    if (inputs.has(await identityOf(path))) throw usageFault(what, 'must not be an input file', path);
  }
};

/** The same for what the shell does: `convert trace.csv ... >> trace.csv` would read what it writes. */
export const refuseStandardOutputs = ({ stdout, stderr }: Pick<Io, 'stdout' | 'stderr'>, inputs: Inputs): void => {
  for (const [name, { file }] of Object.entries({ stdout, stderr })) {
    if (file !== undefined && inputs.has(file)) throw usageFault(`<${name}>`, 'must not go into an input file');
  }
};

const refuseDashes = (entries: readonly Entry[], what: string): void => {
  for (const [flag, path] of entries) {
    if (path === '') throw usageFault(`--${flag}`, 'must be a path; got none');
    if (path === '-') throw usageFault(`--${flag}`, `must be the path of a ${what}; it cannot go to standard output`);
  }
};

/** The second of two files would replace the first. */
const refuseTwice = async (entries: readonly Entry[]): Promise<void> => {
  const seen = new Map<string, string>();
  for (const [flag, path] of entries) {
    const file = await identityOf(path);
    const before = seen.get(file) ?? flag;
    if (before !== flag) throw usageFault(`--${flag}`, `must not be the file of --${before}`, path);
    seen.set(file, flag);
  }
};

const refuse = ([flag, path]: Entry, why: string): never => {
  throw inputFault(`--${flag}`, 'must be a path that can be written to', path).with({ hint: why });
};

/** Whether a folder takes new files is known for certain only by making something there; it is taken away again. */
const tryFolder = async (folder: string): Promise<void> => {
  const trial = await mkdtemp(join(folder, '.stepclock-'));
  unfinished.add(trial);
  await rmdir(trial);
  unfinished.delete(trial);
};

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
 * @throws Fault `cli/usage` for a path that is an input, `-` where standard output does not take it, or one file for two options
 * @throws Fault `cli/input` for a path that cannot be written to
 */
export const checkOutputs = async (outputs: Outputs, inputs: Inputs): Promise<void> => {
  const [streams, files, folders] = [outputs.streams, outputs.files, outputs.folders].map(given);
  const named = [...streams.filter(([, path]) => path !== '-'), ...files];
  refuseDashes(
    named.filter(([, path]) => path === ''),
    'file',
  );
  refuseDashes(files, 'file');
  refuseDashes(folders, 'folder');
  await refuseInputs(
    named.map(([flag, path]) => [`--${flag}`, path] as const),
    inputs,
  );
  const tried = new Set<string>();
  for (const entry of folders) await looking(entry, () => checkFolder(entry, entry[1], tried));
  const regular: Entry[] = [];
  for (const entry of named) {
    if ((await looking(entry, () => checkFile(entry, tried))) === 'regular') regular.push(entry);
  }
  await refuseTwice(regular);
};
