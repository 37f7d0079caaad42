export { closest, didYouMean } from './closest.js';
export { ExitCode } from './exit-code.js';
export { Fault, type FaultCode, type FaultParts, isFault, type Place } from './fault.js';
export { MOST_LEVELS, nestsTooDeep } from './nesting.js';
export { listed, nothing, printable, shareText, shown } from './shown.js';
export type { Warning } from './warning.js';
