export { ExitCode } from './exit-code.js';
export type { Io, TextSink } from './io.js';
export { run } from './run.js';
