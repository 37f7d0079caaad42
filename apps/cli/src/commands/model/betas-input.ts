import { type BetasFile, parseBetasFile } from '@stepclock/step-model';
import { allBytes, openInput } from '../../files/input.js';
import type { Session } from '../../session/session.js';

/** Reads the file of `--betas`. */
export const readBetasFile = async (path: string, session: Session): Promise<BetasFile> => {
  const input = await openInput(path, session);
  return parseBetasFile((await allBytes(input)).toString('utf8'), input.name);
};
