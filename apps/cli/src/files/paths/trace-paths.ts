import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isFault, listed } from '@stepclock/faults';
import { traceFilesOf } from '@stepclock/trace-io';
import { inputFault } from '../../session/errors.js';
import { isStdin } from '../input.js';
import { expandPaths } from './expand-paths.js';

interface Folder {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

const contentOf = async (path: string): Promise<Folder> => {
  const entries = (await readdir(path, { withFileTypes: true })).filter(({ name }) => !name.startsWith('.'));
  const names = (of: readonly (typeof entries)[number][]): string[] => of.map(({ name }) => name).sort();
  return {
    files: names(entries.filter((entry) => !entry.isDirectory())),
    folders: names(entries.filter((entry) => entry.isDirectory())),
  };
};

/** The traces that lie in a folder itself; the fault where none does. */
const ownTraces = (path: string, { files }: Folder): readonly string[] | Error => {
  try {
    return traceFilesOf(files, path).map((name) => join(path, name));
  } catch (error) {
    if (isFault(error)) return error;
    throw error;
  }
};

/** The traces of a folder, or of the only one of its folders that has some: clients make a folder for each run. */
const folderTraces = async (path: string): Promise<readonly string[]> => {
  const content = await contentOf(path);
  const own = ownTraces(path, content);
  if (!(own instanceof Error)) return own;
  const below = await Promise.all(
    content.folders.map(async (name) => ownTraces(join(path, name), await contentOf(join(path, name)))),
  );
  const found = content.folders.flatMap((name, i) => (below[i] instanceof Error ? [] : [join(path, name)]));
  if (found.length === 0) throw own;
  if (found.length > 1) throw inputFault(path, `must be one run; give one of its folders: ${listed(found)}`);
  return below.flatMap((traces) => (traces instanceof Error ? [] : traces));
};

const isFolder = async (path: string): Promise<boolean> =>
  !isStdin(path) && (await stat(path).catch(() => undefined))?.isDirectory() === true;

/**
 * The files of traces that paths name: files, patterns, and folders as load clients write them.
 *
 * @throws Fault for a pattern that nothing matches, a folder in which it is not plain what the trace is
 */
export const tracePaths = async (paths: readonly string[]): Promise<readonly string[]> => {
  const found = await Promise.all(
    (await expandPaths(paths)).map(async (path) => ((await isFolder(path)) ? folderTraces(path) : [path])),
  );
  return found.flat();
};

/** The file of the one trace that a path names: itself, or the only one of a folder. */
export const traceFileOf = async (path: string): Promise<string> => {
  if (!(await isFolder(path))) return path;
  const found = await folderTraces(path);
  const [file] = found;
  if (found.length === 1 && file !== undefined) return file;
  throw inputFault(path, `must hold one trace; give one of ${listed(found)}`);
};
