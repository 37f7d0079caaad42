import { dirname, join } from 'node:path';
import { columnMapOf, readTrace, type Trace } from '@stepclock/trace-io';
import { isStdin, openInput, readTextIfThere } from './input.js';
import { byteProgress } from './progress.js';
import type { Session } from './session.js';

/** A trace with where it came from. */
export interface TraceInput {
  readonly trace: Trace;
  /** The path, or `<stdin>`. */
  readonly name: string;
  /** SHA-256 of the bytes as stored, for provenance. */
  readonly sha256: string;
}

/** What the options of a trace-reading verb say. */
export interface TraceArgs {
  readonly format?: string | undefined;
  readonly meta?: string | undefined;
  readonly map?: string | undefined;
  readonly timeUnit?: 's' | 'ms' | 'us' | 'ns' | undefined;
}

/** The engine's settings: the named file, or `meta.json` beside the trace. */
const metaText = async (path: string, args: TraceArgs): Promise<string | undefined> => {
  if (args.meta !== undefined) {
    const text = await readTextIfThere(args.meta);
    if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT', path: args.meta });
    return text;
  }
  return isStdin(path) ? undefined : readTextIfThere(join(dirname(path), 'meta.json'));
};

/** Opens and reads one trace. */
export const readTraceFile = async (path: string, args: TraceArgs, session: Session): Promise<TraceInput> => {
  const input = await openInput(path, session.io);
  const meta = await metaText(path, args);
  const progress = byteProgress(session.io.stderr, `reading ${input.name}`, input.size);
  try {
    const trace = await readTrace(input.bytes, {
      fileName: input.name,
      onProgress: (bytes) => progress.update(bytes),
      ...(input.size === undefined ? {} : { sizeBytes: input.size }),
      ...(args.format === undefined ? {} : { format: args.format }),
      ...(meta === undefined ? {} : { metaJson: meta }),
      ...(args.map === undefined ? {} : { map: columnMapOf(args.map) }),
      ...(args.timeUnit === undefined ? {} : { timeUnit: args.timeUnit }),
    });
    return { trace, name: input.name, sha256: await input.sha256() };
  } finally {
    progress.finish();
  }
};
