#!/usr/bin/env node
import { removePartials } from './atomic-write.js';
import { ExitCode } from './exit-code.js';
import { processIo } from './io.js';
import { run } from './run.js';

const interrupt = new AbortController();

// A reader that has seen enough (`stepclock ... | head`) is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? ExitCode.ok : ExitCode.badInput);
  });
}
process.once('SIGINT', () => {
  interrupt.abort();
  removePartials();
  process.stderr.write('\nstepclock: interrupted; no output was written half\n');
  process.exit(ExitCode.interrupted);
});

process.exitCode = await run(process.argv.slice(2), processIo(interrupt.signal));
