import { readTidyTable, type TidyTable } from '@stepclock/trace-io';
import { byteProgress } from '../session/progress.js';
import type { Session } from '../session/session.js';
import { openInput } from './input.js';

/** A table of measurements with where it came from. */
export interface TidyInput {
  readonly table: TidyTable;
  /** The path, or `<stdin>`. */
  readonly name: string;
  /** SHA-256 of the bytes as stored, for provenance. */
  readonly sha256: string;
}

/** Opens and reads a table: CSV, TSV or JSON lines, packed or not. */
export const readTidyFile = async (path: string, session: Session): Promise<TidyInput> => {
  const input = await openInput(path, session);
  const progress = byteProgress(session.io.stderr, `reading ${input.name}`, input.size);
  try {
    const table = await readTidyTable(input.bytes, {
      fileName: input.name,
      onProgress: (bytes) => progress.update(bytes),
    });
    return { table, name: input.name, sha256: await input.sha256() };
  } finally {
    progress.finish();
  }
};
