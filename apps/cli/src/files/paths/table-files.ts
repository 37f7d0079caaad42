import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { inputFault } from '../../session/errors.js';
import { isStdin } from '../input.js';
import { expandPaths } from './expand-paths.js';

const TABLE = /\.(csv|tsv|json|jsonl|ndjson)(\.gz)?$/i;

/**
 * The files of measurements that paths name: files, patterns, and folders with the tables in them, in order of their names.
 *
 * @throws Fault for a pattern or a folder without a file
 */
export const tableFiles = async (paths: readonly string[]): Promise<readonly string[]> => {
  const expanded = await Promise.all(
    (await expandPaths(paths)).map(async (path) => {
      const facts = isStdin(path) ? undefined : await stat(path).catch(() => undefined);
      if (facts?.isDirectory() !== true) return [path];
      const names = (await readdir(path)).filter((name) => TABLE.test(name) && !name.startsWith('.')).sort();
      if (names.length === 0) throw inputFault(path, 'no CSV or JSON file in this folder');
      return names.map((name) => join(path, name));
    }),
  );
  return expanded.flat();
};
