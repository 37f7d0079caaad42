import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { codeOf, inputFault, systemFault } from '../session/errors.js';

/** What of a folder's path is there, and what is not. */
export interface FolderPath {
  /** The deepest part that exists. */
  readonly standing: string;
  /** Whether that part is a folder. */
  readonly isFolder: boolean;
  /** The folders below it, outermost first. */
  readonly missing: readonly string[];
}

/** Walks up from a folder to what exists of its path. */
export const folderPath = async (folder: string): Promise<FolderPath> => {
  const missing: string[] = [];
  for (let at = resolve(folder); ; at = dirname(at)) {
    const facts = await stat(at).catch((error: unknown) => {
      // ENOTDIR: a file stands further up.
      if (at !== dirname(at) && ['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return undefined;
      throw error;
    });
    if (facts !== undefined) return { standing: at, isFolder: facts.isDirectory(), missing };
    missing.unshift(at);
  }
};

/** Why nothing can be made in a folder, from the error of trying. */
export const unmakeable = (folder: string, error: unknown): string => {
  const fault = systemFault(error);
  // The folder itself is there, so that "no such file" would mislead: /proc says so.
  const why = fault === undefined || codeOf(error) === 'ENOENT' ? '' : ` (${fault})`;
  return `nothing can be made in ${folder}${why}`;
};

/**
 * Makes a folder with those above it, one by one. (`mkdir` of Node with `recursive` never ends where a file system answers that a folder's parent is not
 * there although it is, as /proc does.)
 *
 * @throws InputError where one cannot be made
 */
export const makeFolders = async (folder: string): Promise<void> => {
  const { standing, isFolder, missing } = await folderPath(folder);
  if (!isFolder) throw inputFault(folder, `must be a folder; ${standing} is a file`);
  for (const path of missing) {
    await mkdir(path).catch((error: unknown) => {
      // Another process may have made it since.
      if (codeOf(error) !== 'EEXIST') throw inputFault(folder, unmakeable(dirname(path), error));
    });
  }
};
