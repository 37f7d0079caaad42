import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { codeOf } from './errors.js';
import { makeFolders } from './folders.js';

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

/** Where writing to a path leads. */
interface Target {
  /** The path with its links followed. */
  readonly file: string;
  /** A regular file or nothing yet; a folder; or something that is written to and not replaced: a pipe, a device. */
  readonly kind: 'regular' | 'folder' | 'special';
}

/** What stands at a path now. */
export const targetOf = async (path: string): Promise<Target> => {
  const facts = await stat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  });
  if (facts === undefined) return { file: path, kind: 'regular' };
  if (facts.isFile()) return { file: await realpath(path), kind: 'regular' };
  return { file: path, kind: facts.isDirectory() ? 'folder' : 'special' };
};

/**
 * Writes a whole file aside and renames it into place: readers see the old file or the new one, never half of one. Missing
 * folders are made. Content may come in pieces, so that a large file never stands in memory whole.
 */
export const writeFileAtomically = async (path: string, content: Content): Promise<void> => {
  const { file: target, kind } = await targetOf(path);
  // A pipe or a device is written to, never replaced.
  if (kind !== 'regular') {
    const pieces = Readable.from(typeof content === 'string' ? [content] : content);
    return writeFile(path, pieces).catch((error: unknown) => {
      throw placed(error, path);
    });
  }
  await makeFolders(dirname(target));
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
  error instanceof Error && codeOf(error) !== '' ? Object.assign(error, { path }) : error;
