import { type BetasFile, parseBetasFile } from '@stepclock/step-model';
import { readWhole } from '../../files/input.js';
import type { Session } from '../../session/session.js';

/** Reads the file of `--betas`. */
export const readBetasFile = async (path: string, session: Session): Promise<BetasFile> => {
  const { text, name } = await readWhole(path, session);
  return parseBetasFile(text, name);
};
