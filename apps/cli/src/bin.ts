#!/usr/bin/env node
import { removePartials } from './atomic-write.js';
import { verdictOn } from './errors.js';
import { ExitCode } from './exit-code.js';
import { processIo } from './io.js';
import { run } from './run.js';

const interrupt = new AbortController();

const exit = (code: ExitCode): never => {
  removePartials();
  process.exit(code);
};

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough (`stepclock ... | head`) is no error.
  if (error.code === 'EPIPE') exit(ExitCode.ok);
  const { exitCode, line } = verdictOn(Object.assign(error, { path: '<stdout>' }));
  process.stderr.write(`stepclock: ${line}\n`);
  exit(exitCode);
});
// Nobody is left to tell.
process.stderr.on('error', (error: NodeJS.ErrnoException) =>
  exit(error.code === 'EPIPE' ? ExitCode.ok : ExitCode.badInput),
);
process.once('SIGINT', () => {
  interrupt.abort();
  process.stderr.write('\nstepclock: interrupted; no output was written half\n');
  exit(ExitCode.interrupted);
});

process.exitCode = await run(process.argv.slice(2), processIo(interrupt.signal));
