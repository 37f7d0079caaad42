import { type BetasFile, parseBetasFile } from '@stepclock/step-model';
import { openInput } from '../input.js';
import type { Session } from '../session.js';

/** Reads the file of `--betas`. */
export const readBetasFile = async (path: string, session: Session): Promise<BetasFile> => {
  const input = await openInput(path, session.io);
  const parts: Uint8Array[] = [];
  for await (const part of input.bytes) parts.push(part);
  return parseBetasFile(Buffer.concat(parts).toString('utf8'), input.name);
};
