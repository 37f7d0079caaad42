import { phaseCsv } from './formats/phase-csv.js';
import { requestLog } from './formats/request-log.js';
import type { TraceFormat } from './trace-format.js';

/** Every format that is read, in the order in which recognition asks them: the more particular ones first. */
export const FORMATS: readonly TraceFormat[] = [requestLog, phaseCsv];
