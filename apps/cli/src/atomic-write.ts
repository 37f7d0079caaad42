import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';

/** Side files of writes under way. */
const partials = new Set<string>();

/** Removes the side files of writes under way, at once: for a process that is about to end. */
export const removePartials = (): void => {
  for (const path of partials) rmSync(path, { force: true });
};

type Content = string | Uint8Array | Iterable<string>;

const BLOCK_CHARACTERS = 1 << 18;

/** Pieces gathered into blocks: a line at a time would be a system call a line. */
export function* inBlocks(pieces: Iterable<string>): Generator<string> {
  let block: string[] = [];
  let characters = 0;
  for (const piece of pieces) {
    block.push(piece);
    characters += piece.length;
    if (characters < BLOCK_CHARACTERS) continue;
    yield block.join('');
    block = [];
    characters = 0;
  }
  if (characters > 0) yield block.join('');
}

/** What stands at a path now: nothing, a regular file (links followed), or something that cannot be renamed over. */
const targetOf = async (path: string): Promise<{ readonly file: string; readonly special: boolean }> => {
  try {
    return { file: await realpath(path), special: !(await stat(path)).isFile() };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { file: path, special: false };
    throw error;
  }
};

/**
 * Writes a whole file aside and renames it into place: readers see the old file or the new one, never half of one. Missing
 * folders are made. Content may come in pieces, so that a large file never stands in memory whole.
 */
export const writeFileAtomically = async (path: string, content: Content): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  const { file: target, special } = await targetOf(path);
  // A pipe or a device is written to, never replaced.
  if (special) {
    const pieces = Readable.from(typeof content === 'string' ? [content] : content);
    return writeFile(path, pieces).catch((error: unknown) => {
      throw placed(error, path);
    });
  }
  const aside = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.partial`);
  partials.add(aside);
  try {
    const file = await open(aside, 'wx');
    try {
      await writeFile(file, typeof content === 'string' || content instanceof Uint8Array ? content : inBlocks(content));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, target);
  } catch (error) {
    await rm(aside, { force: true });
    throw placed(error, path);
  } finally {
    partials.delete(aside);
  }
};

/** A failed write names no file, and a failed rename the side file, which would mean nothing to the user. */
const placed = (error: unknown, path: string): unknown =>
  error instanceof Error && 'code' in error ? Object.assign(error, { path }) : error;
