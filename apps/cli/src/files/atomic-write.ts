import { createHash, randomBytes } from 'node:crypto';
import { open, readdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { codeOf } from '../session/errors.js';
import { makeFolders } from './folders.js';
import { unfinished } from './unfinished.js';

/** A file's content; large ones in pieces, so that they never stand in memory whole. */
export type Content = string | Uint8Array | Iterable<string>;

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

/** Tells the machine apart where a folder is shared, since process numbers are its own. */
const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const PARTIAL = /^\..*\.([0-9a-f]{8})-(\d+)-[0-9a-f]{12}\.partial$/s;
/** A write takes no day: what is older was left behind, on whatever machine. */
const LEFT_BEHIND_MS = 24 * 60 * 60 * 1000;

const runs = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
};

/** Removes the side files in a folder whose program was killed. */
const sweep = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder).catch((): string[] => [])) {
    const [, host, pid] = PARTIAL.exec(name) ?? [];
    if (host === undefined) continue;
    const path = join(folder, name);
    const facts = await stat(path).catch(() => undefined);
    if (facts === undefined) continue;
    const dead = host === HOST ? !runs(Number(pid)) : Date.now() - facts.mtimeMs > LEFT_BEHIND_MS;
    if (dead) await rm(path, { force: true }).catch(() => {});
  }
};

/** A file that is written aside and not yet in its place. */
export interface StagedFile {
  /** The path as it was given. */
  readonly path: string;
  readonly commit: () => Promise<void>;
  readonly discard: () => Promise<void>;
}

/**
 * Writes a whole file aside; `commit` renames it into place: readers see the old file or the new one, never half of one. Missing folders are
 * made, and what killed programs left beside it is swept. A pipe or a device is written to at once, and never replaced.
 */
export const stageFile = async (path: string, content: Content): Promise<StagedFile> => {
  const { file: target, kind } = await targetOf(path);
  if (kind !== 'regular') {
    const pieces = Readable.from(typeof content === 'string' ? [content] : content);
    await writeFile(path, pieces).catch((error: unknown) => Promise.reject(placed(error, path)));
    return { path, commit: async () => {}, discard: async () => {} };
  }
  const folder = dirname(target);
  await makeFolders(folder);
  await sweep(folder);
  const owner = `${HOST}-${process.pid}-${randomBytes(6).toString('hex')}`;
  // A file's name may be as long as names can be.
  const aside = join(folder, `.${basename(target).slice(0, 100)}.${owner}.partial`);
  const discard = async (): Promise<void> => {
    await rm(aside, { force: true });
    unfinished.delete(aside);
  };
  unfinished.add(aside);
  try {
    const file = await open(aside, 'wx');
    try {
      await writeFile(file, typeof content === 'string' || content instanceof Uint8Array ? content : inBlocks(content));
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await discard();
    throw placed(error, path);
  }
  const commit = async (): Promise<void> => {
    await rename(aside, target).catch((error: unknown) => Promise.reject(placed(error, path)));
    unfinished.delete(aside);
  };
  return { path, commit, discard };
};

/** A failed write names no file, and a failed rename the side file, which would mean nothing to the user. */
const placed = (error: unknown, path: string): unknown =>
  error instanceof Error && codeOf(error) !== '' ? Object.assign(error, { path }) : error;
