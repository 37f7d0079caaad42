import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A folder for the tests of one file, gone after them. */
export const ownFolder = (
  name: string,
): { readonly home: string; readonly at: (...parts: string[]) => string; readonly emptied: () => void } => {
  const home = mkdtempSync(join(tmpdir(), `stepclock-${name}-`));
  const gone = (): void => rmSync(home, { recursive: true, force: true });
  afterAll(gone);
  return {
    home,
    at: (...parts) => join(home, ...parts),
    emptied: () => {
      gone();
      mkdirSync(home);
    },
  };
};
