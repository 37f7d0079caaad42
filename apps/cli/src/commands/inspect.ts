import { defineVerb, jsonOption } from '../verb.js';
import { traceOptions } from './trace-options.js';

export const inspect = defineVerb({
  command: 'inspect <trace>',
  describe: 'what a file is, what it holds, what is left out and why, and what an estimate could tell from it',
  examples: [['$0 inspect requests.jsonl', '']],
  options: (yargs) =>
    yargs
      .positional('trace', { type: 'string', demandOption: true, describe: 'the file; - is standard input' })
      .options({ ...traceOptions, ...jsonOption }),
  run: async (args, session) => (await import('../verbs/inspect.js')).runInspect(args, session),
});

/** What `inspect` is given. */
export interface InspectArgs {
  readonly trace: string;
  readonly format?: string | undefined;
  readonly meta?: string | undefined;
  readonly map?: string | undefined;
  readonly timeUnit?: 's' | 'ms' | 'us' | 'ns' | undefined;
  readonly json?: string | undefined;
}
