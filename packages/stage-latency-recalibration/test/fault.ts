import { StageError, type StageFault } from '../src/index.js';

/** Runs something and reads what refused it: the code, and these of the error's fields. */
export const faultWith =
  <F extends 'message' | keyof StageFault>(...fields: readonly F[]) =>
  (run: () => unknown): Pick<StageError, 'code' | F> | 'no error' => {
    try {
      run();
    } catch (error) {
      if (!(error instanceof StageError)) throw error;
      const parts = fields.map((field) => [field, error[field]]);
      return { code: error.code, ...Object.fromEntries(parts) };
    }
    return 'no error';
  };
