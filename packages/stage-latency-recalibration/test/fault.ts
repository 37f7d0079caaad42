import { Fault } from '@stepclock/faults';

/** Runs something and reads what refused it: the code, and these of the fault's fields. */
export const faultWith =
  <F extends 'message' | 'value' | 'file' | 'line' | 'column' | 'row' | 'hint'>(...fields: readonly F[]) =>
  (run: () => unknown): Pick<Fault, 'code' | F> | 'no error' => {
    try {
      run();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const parts = fields.map((field) => [field, error[field]]);
      return { code: error.code, ...Object.fromEntries(parts) };
    }
    return 'no error';
  };
