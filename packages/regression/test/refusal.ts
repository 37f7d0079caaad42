import { RegressionError } from '../src/index.js';

/** What is thrown, to compare code, place, value and rule with. */
export const refusalOf = (run: () => unknown): RegressionError => {
  try {
    run();
  } catch (error) {
    if (error instanceof RegressionError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};
