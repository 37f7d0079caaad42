import { otlpJsonlChunks, phasesCsvChunks, requestsJsonlChunks, type Trace } from '@stepclock/trace-io';
import type { ConvertArgs } from '../commands/convert.js';
import { InputError } from '../errors.js';
import { ExitCode } from '../exit-code.js';
import { checkOutputs } from '../output-paths.js';
import type { Session } from '../session.js';
import { readTraceFile } from '../trace-input.js';

const needs = (what: string, { facts }: Trace, name: string): never => {
  throw new InputError(
    `${name}: must have ${what} to be written in this format; got a ${facts.format} file without them`,
  );
};

const pieces = (trace: Trace, to: NonNullable<ConvertArgs['to']>, name: string): Iterable<string> => {
  if (to === 'phases.csv') return phasesCsvChunks(trace.phases ?? needs('phases', trace, name));
  const requests = trace.requests ?? needs('requests', trace, name);
  return to === 'otlp.jsonl' ? otlpJsonlChunks(requests) : requestsJsonlChunks(requests);
};

/** `stepclock convert`. */
export const runConvert = async (args: ConvertArgs, session: Session): Promise<ExitCode> => {
  await checkOutputs({ streams: { output: args.output } }, [args.trace]);
  const { trace, name } = await readTraceFile(args.trace, args, session);
  for (const { message, count } of trace.exclusions) session.log.warn(`${count} left out: ${message}`);
  await session.writeText(args.output, pieces(trace, args.to ?? 'requests.jsonl', name));
  return ExitCode.ok;
};
