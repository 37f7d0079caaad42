import { Fault } from '@stepclock/faults';

/** What is thrown, to compare code, place, value and rule with. */
export const refusalOf = (run: () => unknown): Fault => {
  try {
    run();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};
