import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { inputFault } from '../../session/errors.js';
import { isStdin } from '../input.js';

const isPattern = (text: string): boolean => /[*?]/.test(text);

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** A segment of a pattern as an expression: `*` any characters, `?` one (and `**` folders at any depth); a leading dot must be written out, as in a shell. */
const segmentRule = (segment: string): RegExp => {
  const rule = segment
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${/^[*?]/.test(segment) ? '(?!\\.)' : ''}${rule}$`, 's');
};

/** A folder and all below it, hidden ones apart. */
const foldersUnder = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder === '' ? '.' : folder, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  const below = await Promise.all(folders.map(({ name }) => foldersUnder(join(folder, name))));
  return [folder, ...below.flat()];
};

const matches = async (pattern: string): Promise<string[]> => {
  let found = [pattern.startsWith('/') ? '/' : ''];
  for (const segment of pattern.split('/').filter((part) => part !== '')) {
    if (segment === '**') {
      found = (await Promise.all(found.map(foldersUnder))).flat();
      continue;
    }
    const rule = segmentRule(segment);
    const next = await Promise.all(
      found.map(async (folder) => {
        if (!isPattern(segment)) return [join(folder, segment)];
        const names = await readdir(folder === '' ? '.' : folder).catch((): string[] => []);
        return names.filter((name) => rule.test(name)).map((name) => join(folder, name));
      }),
    );
    found = next.flat();
  }
  const there = await Promise.all(found.map(exists));
  return found.filter((_, i) => there[i]).sort();
};

/**
 * Paths with their patterns (`logs/*.jsonl`, where no shell did it) replaced by the files that they stand for, in order of their names. A
 * path that exists is itself, whatever characters it has.
 *
 * @throws InputError for a pattern that nothing matches
 */
export const expandPaths = async (paths: readonly string[]): Promise<readonly string[]> => {
  const expanded = await Promise.all(
    paths.map(async (path) => {
      if (isStdin(path) || !isPattern(path) || (await exists(path))) return [path];
      const found = await matches(path);
      if (found.length === 0) throw inputFault(path, 'no file matches');
      return found;
    }),
  );
  return expanded.flat();
};
