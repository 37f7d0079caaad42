import { ExitCode } from '@stepclock/faults';
import {
  otlpJsonlChunks,
  phasesCsvChunks,
  requestsJsonlChunks,
  type Trace,
  vllmBenchChunks,
} from '@stepclock/trace-io';
import { readTraceFile } from '../../files/trace-input.js';
import { choice, required, text } from '../../options/option.js';
import { traceOptions } from '../../options/trace-options.js';
import { defineVerb } from '../../options/verb.js';
import { inputFault } from '../../session/errors.js';

/** The formats that a trace is written in. */
export const TRACE_TARGETS = ['phases.csv', 'requests.jsonl', 'otlp.jsonl', 'vllm-bench'] as const;
export type TraceTarget = (typeof TRACE_TARGETS)[number];

const needs = (what: string, { facts }: Trace, name: string): never => {
  throw inputFault(name, `must have ${what} to be written in this format; got a ${facts.format} file without them`);
};

const pieces = (trace: Trace, to: TraceTarget, name: string): Iterable<string> => {
  if (to === 'phases.csv') return phasesCsvChunks(trace.phases ?? needs('phases', trace, name));
  if (to === 'vllm-bench') return vllmBenchChunks(trace.tokens ?? needs('token times', trace, name));
  const requests = trace.requests ?? needs('requests', trace, name);
  return to === 'otlp.jsonl' ? otlpJsonlChunks(requests) : requestsJsonlChunks(requests);
};

export const verb = defineVerb({
  positionals: { trace: required(text('the file; - is standard input', 'trace')) },
  options: {
    ...traceOptions,
    to: required(choice(TRACE_TARGETS, 'the format to write')),
    output: text('where it goes; - is standard output [-]', 'stream'),
  },
  examples: [['$0 convert benchmark.json --to requests.jsonl --output log.jsonl', '']],
  run: async (args, session) => {
    const { trace, name } = await readTraceFile(args.trace, args, session);
    for (const { message, count, unreadable } of trace.exclusions) {
      if (!unreadable) session.log.warn(`${count} left out: ${message}`);
    }
    await session.writeText(args.output, pieces(trace, args.to, name));
    return ExitCode.ok;
  },
});
