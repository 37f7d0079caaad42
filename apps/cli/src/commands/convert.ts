import { textOption } from '../number-option.js';
import { defineVerb } from '../verb.js';
import { traceOptions } from './trace-options.js';

const TRACE_TARGETS = ['phases.csv', 'requests.jsonl', 'otlp.jsonl'] as const;

export const convert = defineVerb({
  command: 'convert <trace>',
  describe: 'write a trace in another format, exact to the last digit',
  examples: [['$0 convert benchmark.json --to requests.jsonl --output log.jsonl', '']],
  options: (yargs) =>
    yargs
      .positional('trace', { type: 'string', demandOption: true, describe: 'the file; - is standard input' })
      .options({
        ...traceOptions,
        to: { choices: TRACE_TARGETS, requiresArg: true, demandOption: true, describe: 'the format to write' },
        output: textOption('output', 'where it goes; - is standard output [-]'),
      }),
  run: async (args, session) => (await import('../verbs/convert.js')).runConvert(args, session),
});

/** What `convert` is given. */
export interface ConvertArgs {
  readonly trace: string;
  readonly to: (typeof TRACE_TARGETS)[number] | undefined;
  readonly output?: string | undefined;
  readonly format?: string | undefined;
  readonly meta?: string | undefined;
  readonly map?: string | undefined;
  readonly timeUnit?: 's' | 'ms' | 'us' | 'ns' | undefined;
}
