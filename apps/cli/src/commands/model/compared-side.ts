import { open } from 'node:fs/promises';
import { betasFileOf, type ComparedLog, comparedLogOf, comparedLogOfWindows } from '@stepclock/step-model';
import { isStdin, readWhole } from '../../files/input.js';
import { tracePaths } from '../../files/paths/trace-paths.js';
import { readTraceFile, type TraceInput } from '../../files/trace-input.js';
import type { TraceArgs } from '../../options/trace-options.js';
import { about, inputFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';
import { joinedEngines } from '../estimate/engines.js';
import { runEstimator } from '../estimate/estimators.js';
import { tokenEstimate } from '../estimate/token-evidence.js';
import { readBetasFile } from './betas-input.js';

/** A file of ours says what it is in its first field. */
const HEAD_BYTES = 4096;
const OURS = /"schema"\s*:\s*"stepclock\/(betas|windows)@/;

/** Which of our files a path leads to; undefined for anything else, which is a log then. */
const ownKind = async (path: string): Promise<string | undefined> => {
  if (isStdin(path)) return 'betas';
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return OURS.exec(buffer.toString('latin1', 0, bytesRead))?.[1];
  } finally {
    await file.close();
  }
};

/** The model of a log, by the best evidence that it has. */
const estimated = (input: TraceInput, args: TraceArgs, session: Session): ComparedLog => {
  const { name } = input;
  const ofTokens = tokenEstimate([input], args, session);
  const found =
    ofTokens ??
    about(name, () => {
      const { phases, input: joined } = joinedEngines([input], args);
      return runEstimator('step-clock', phases, joined.trace.facts, args);
    });
  for (const { code, message } of found.warnings) session.log.warn(`${name}: ${message} [${code}]`);
  const requests = input.requests ?? ofTokens?.clock.requests ?? null;
  return comparedLogOf({ ...betasFileOf(found), input: { files: [{ requests }] } }, name);
};

/** The logs of one side: files of models or windows, or logs, each estimated; several are runs of one engine. */
export const comparedSide = async (
  named: readonly string[],
  args: TraceArgs,
  session: Session,
  onLog: () => void,
): Promise<readonly ComparedLog[]> => {
  const logs: ComparedLog[] = [];
  for (const path of await tracePaths(named)) {
    onLog();
    const kind = await ownKind(path);
    if (kind === 'betas') logs.push(comparedLogOf(await readBetasFile(path, session), path));
    else if (kind === 'windows') {
      const { text, name } = await readWhole(path, session);
      logs.push(comparedLogOfWindows(parsed(text, name), name));
    } else logs.push(estimated(await readTraceFile(path, args, session), args, session));
  }
  return logs;
};

const parsed = (text: string, name: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw inputFault(name, 'must be JSON', undefined, { cause: error });
  }
};
