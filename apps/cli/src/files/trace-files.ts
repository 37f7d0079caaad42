import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { unpackPhases } from '@stepclock/trace-io';
import type { TraceArgs } from '../options/trace-options.js';
import { byteProgress } from '../session/progress.js';
import type { Session } from '../session/session.js';
import { inThreads } from '../session/thread-tasks.js';
import type { ReadResult, ReadTask } from '../trace-reader-worker.js';
import { isStdin } from './input.js';
import { readTraceFile, type TraceInput, warnOfUnreadable } from './trace-input.js';

/** Stands beside this module in the built program. */
const ENTRY = new URL('./trace-reader-worker.js', import.meta.url);
/** Smaller files together are read before threads for them would have started. */
const WORTH_THREADS = 50e6;

/**
 * Reads several traces, large ones in threads, each taking the next file when it is done with one. A file reads the same wherever it is read, so any number of
 * threads gives the same.
 *
 * @param workers threads at most; undefined is one a core, and none for files that are not worth it
 */
export const readTraceFiles = async (
  paths: readonly string[],
  args: TraceArgs,
  workers: number | undefined,
  session: Session,
): Promise<TraceInput[]> => {
  const read: ReadFiles = new Map();
  if (paths.length > 1 && workers !== 1 && !paths.some(isStdin))
    await readInThreads(paths, args, workers, session, read);
  const inputs: TraceInput[] = [];
  // In the order of the files, whichever was read first. What no thread could read is read here: the first fault is the one that is told.
  for (const path of paths) {
    const byThread = read.get(path);
    const input = byThread?.input ?? (await readTraceFile(path, args, session));
    for (const text of byThread?.infos ?? []) session.log.info(text);
    if (byThread !== undefined) warnOfUnreadable(input.trace, input.name, session.log);
    inputs.push(input);
  }
  return inputs;
};

/** What threads have read, by path, and what the log is to be told of it. */
type ReadFiles = Map<string, { readonly input: TraceInput; readonly infos: readonly string[] }>;

const readInThreads = async (
  paths: readonly string[],
  { format, meta, map, mapFile, maxBad, timeUnit }: TraceArgs,
  workers: number | undefined,
  session: Session,
  read: ReadFiles,
): Promise<void> => {
  // A file that is not there has no size, and its fault is told where it is read.
  const sizes = new Map(await Promise.all(paths.map(async (path) => [path, await sizeOf(path)] as const)));
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  if (workers === undefined && total < WORTH_THREADS) return;
  const progress = byteProgress(session.io.stderr, `reading ${paths.length} files`, total);
  let done = 0;
  await inThreads<ReadTask, ReadResult>({
    entry: ENTRY,
    threads: workers ?? availableParallelism(),
    tasks: paths.map((path) => ({
      path,
      args: { format, meta, map, mapFile, maxBad, timeUnit },
      maxBytes: session.maxBytes,
    })),
    onResult: (result, { path }) => {
      done += sizes.get(path) ?? 0;
      progress.update(done);
      if (result === undefined) return;
      const { facts, exclusions, phases, requests, name, sha256, infos } = result;
      const input = {
        trace: { kind: 'phases' as const, facts, exclusions, phases: unpackPhases(phases) },
        requests,
        name,
        sha256,
      };
      read.set(path, { input, infos });
    },
  });
  progress.finish();
  session.log.debug('files read in threads', { files: read.size, of: paths.length });
};

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );
