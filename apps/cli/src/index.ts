export { ExitCode } from '@stepclock/faults';
export { run } from './run.js';
export type { Io, TextSink } from './session/io.js';
