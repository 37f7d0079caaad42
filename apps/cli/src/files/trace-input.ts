import { listed } from '@stepclock/faults';
import { columnMapOf, readTrace, type StepBlocks, type Trace } from '@stepclock/trace-io';
import { given } from '../options/given.js';
import type { TraceArgs } from '../options/trace-options.js';
import { inputFault, usageFault } from '../session/errors.js';
import { byteProgress } from '../session/progress.js';
import type { Session } from '../session/session.js';
import { isBlisHeader } from './blis-header.js';
import { openInput, readTextIfThere } from './input.js';
import { traceFileOf } from './paths/trace-paths.js';
import { settingsTextOf } from './settings-file.js';

/** A trace with where it came from. */
export interface TraceInput {
  readonly trace: Trace;
  /** How many requests the file tells of; null where it tells of phases only. */
  readonly requests: number | null;
  /** The path, or `<stdin>`. */
  readonly name: string;
  /** SHA-256 of the bytes as stored, for provenance. */
  readonly sha256: string;
}

const isEmpty = (settings: object): boolean => Object.keys(settings).length === 0;

/** Says what was left out because it could not be read. */
export const warnOfUnreadable = ({ exclusions }: Trace, name: string, log: Session['log']): void => {
  for (const { unreadable, count, message, lines } of exclusions) {
    if (unreadable) log.warn(`${name}: ${count} left out: ${message} (lines ${listed(lines)})`);
  }
};

/** The text of the mapping that was given; undefined where none was. */
const mapTextOf = async ({ map, mapFile }: TraceArgs): Promise<string | undefined> => {
  if (mapFile === undefined) return map;
  if (map !== undefined) throw usageFault('--map-file', 'cannot go with --map; give one of them');
  const text = await readTextIfThere(mapFile);
  if (text === undefined) throw inputFault(mapFile, 'no such file');
  return text;
};

/** Opens and reads one trace: a file, or a folder with one in it. @param onSteps takes the steps of a step log, which are not kept then */
export const readTraceFile = async (
  named: string,
  args: TraceArgs,
  session: Pick<Session, 'io' | 'log' | 'maxBytes'>,
  onSteps?: StepBlocks,
): Promise<TraceInput> => {
  const path = await traceFileOf(named);
  const map = await mapTextOf(args);
  const input = await openInput(path, session);
  const meta = await settingsTextOf(path, args.meta);
  if (meta !== undefined) session.log.info(`settings of the engine from ${meta.name}`);
  const progress = byteProgress(session.io.stderr, `reading ${input.name}`, input.size);
  try {
    const trace = await readTrace(input.bytes, {
      fileName: input.name,
      onProgress: (bytes) => progress.update(bytes),
      maxBytes: session.maxBytes,
      ...given({
        sizeBytes: input.size,
        format: args.format,
        metaJson: meta?.text,
        metaJsonName: meta?.name,
        map: map === undefined ? undefined : columnMapOf(map),
        timeUnit: args.timeUnit,
        onSteps,
        maxBad: args.maxBad,
        prefixCacheBlocks: args.prefixCacheBlocks,
      }),
    });
    if (args.meta !== undefined && !isBlisHeader(meta?.text ?? '') && isEmpty(trace.facts.settings)) {
      throw inputFault(args.meta, 'must hold a setting of the engine, such as max_num_batched_tokens; got none');
    }
    warnOfUnreadable(trace, input.name, session.log);
    return { trace, requests: trace.requests?.length ?? null, name: input.name, sha256: await input.sha256() };
  } finally {
    progress.finish();
    await input.close();
  }
};
