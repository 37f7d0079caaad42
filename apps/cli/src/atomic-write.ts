import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a whole file aside and renames it into place: readers see the old file or the new one, never half of one. Missing
 * folders are made.
 */
export const writeFileAtomically = async (path: string, content: string | Uint8Array): Promise<void> => {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const aside = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.partial`);
  try {
    const file = await open(aside, 'wx');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    // The name of the side file would mean nothing to the user.
    if (error instanceof Error && 'path' in error) Object.assign(error, { path });
    throw error;
  }
};
