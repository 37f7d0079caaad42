import { rmSync } from 'node:fs';

/** Files that are written aside, and folders made to see whether one can be: gone when the verb is done. */
export const unfinished = new Set<string>();

/** Removes them at once: for a process that is about to end. */
export const removeUnfinished = (): void => {
  for (const path of unfinished) rmSync(path, { force: true, recursive: true });
};
