import { isFault } from '@stepclock/faults';

/** The code and the message of the fault that a call throws. */
export const thrownBy = (call: () => unknown): { code: string; message: string } => {
  try {
    call();
  } catch (error) {
    if (isFault(error)) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('nothing was thrown');
};
