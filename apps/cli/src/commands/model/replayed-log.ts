import type { BetasFile } from '@stepclock/step-model';
import { type EngineSettings, engineSettingsOf, type RequestTable } from '@stepclock/trace-io';
import { readTraceFile } from '../../files/trace-input.js';
import { given } from '../../options/given.js';
import type { TraceArgs } from '../../options/trace-options.js';
import { inputFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';

/** A log of requests that a model is to serve again. */
export interface ReplayedLog {
  readonly requests: RequestTable;
  /** What the log says of its engine, and what the model's file says beside it. */
  readonly settings: EngineSettings;
  /** The path, or `<stdin>`. */
  readonly name: string;
  /** SHA-256 of the bytes as stored. */
  readonly sha256: string;
}

/** Reads the log of `--requests`. Where it tells no arrivals, its starts stand in for them, and that is said. */
export const readReplayedLog = async (
  path: string,
  { input, limits }: BetasFile,
  args: TraceArgs,
  session: Session,
): Promise<ReplayedLog> => {
  const { trace, name, sha256 } = await readTraceFile(path, args, session);
  const { requests, facts } = trace;
  if (requests === undefined)
    throw inputFault(name, `must be a log of requests with arrivals and lengths; got a ${facts.format} table`);
  const settings = { ...engineSettingsOf({ ...input?.settings, ...limits }), ...given(facts.settings) };
  const { arrivalSec, scheduledSec } = requests;
  if (arrivalSec !== undefined || scheduledSec === undefined) return { requests, settings, name, sha256 };
  session.log.warn(
    'the log does not tell when requests arrived: they are replayed from when they were scheduled, and what they waited before is in no figure [starts-for-arrivals]',
  );
  return { requests: { ...requests, arrivalSec: scheduledSec }, settings, name, sha256 };
};
