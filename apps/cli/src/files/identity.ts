import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { systemFault } from '../session/errors.js';

/** Which file a path leads to, whatever its name and however many links lie between; for one that is not there yet, its path. */
export const identityOf = async (path: string): Promise<string> => {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    if (systemFault(error) === undefined) throw error;
    return resolve(path);
  }
};
