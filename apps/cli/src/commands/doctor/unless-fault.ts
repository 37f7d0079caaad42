import { isFault } from '@stepclock/faults';

/** What reads, or undefined where it is not for this reader. */
export const unlessFault = async <T>(read: () => Promise<T> | T): Promise<T | undefined> => {
  try {
    return await read();
  } catch (error) {
    if (isFault(error)) return undefined;
    throw error;
  }
};
