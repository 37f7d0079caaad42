#!/usr/bin/env node
import { ExitCode } from '@stepclock/faults';
import { removeUnfinished } from './files/unfinished.js';
import { run } from './run.js';
import { verdictOn } from './session/errors.js';
import { processIo } from './session/io.js';

const exit = (code: ExitCode): never => {
  removeUnfinished();
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

/** What a signal ends the program with, and what it says. */
const SIGNALS = {
  SIGINT: [ExitCode.interrupted, 'interrupted'],
  SIGTERM: [ExitCode.terminated, 'terminated'],
  SIGHUP: [ExitCode.hangup, 'its terminal is gone'],
} as const;
for (const [signal, [code, what]] of Object.entries(SIGNALS)) {
  process.once(signal, () => {
    process.stderr.write(`\nstepclock: ${what}; no output was written half\n`);
    exit(code);
  });
}

process.exitCode = await run(process.argv.slice(2), processIo());
