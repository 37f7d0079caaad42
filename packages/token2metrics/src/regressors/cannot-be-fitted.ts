import { type Fault, isFault } from '@stepclock/faults';

/** Whether a fit failed because its rows or an option do not allow it: a fault of @stepclock/regression. */
export const cannotBeFitted = (error: unknown): error is Fault => isFault(error, 'regression');
