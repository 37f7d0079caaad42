import { type FitStepsOptions, type ReadingOptions, type RollingFit, RollingFitter } from '@stepclock/step-model';
import { columnMapOf, readTrace } from '@stepclock/trace-io';
import { followed } from '../../files/followed.js';
import { isStdin } from '../../files/input.js';
import type { TraceArgs } from '../../options/trace-options.js';
import { about } from '../../session/errors.js';
import type { Session } from '../../session/session.js';

/** Windows that a rolling fit is of. */
const WINDOWS = 10;
/** A log that is followed may become as long as it likes. */
const ENDLESS = Number.MAX_SAFE_INTEGER;

const lineOf = ({ engine: { name, fit, reading }, change, level }: RollingFit): object => {
  const { nSteps, stalls, meanDurationSeconds, relativeRmse } = fit.diagnostics;
  return {
    schema: 'stepclock/rolling-fit@1',
    ...(name !== '' && { engine: name }),
    time: reading.time,
    steps: nSteps,
    stalls,
    mean_step_seconds: meanDurationSeconds,
    change,
    level,
    relative_rmse: relativeRmse,
    betas: fit.betas,
  };
};

/** Reads a step log as it grows and prints a fit of its last windows, a JSON line a window. */
export const followSteps = async (
  path: string,
  args: TraceArgs,
  options: FitStepsOptions & ReadingOptions,
  window: number,
  session: Session,
): Promise<void> => {
  const fitter = new RollingFitter(WINDOWS, options);
  await readTrace(isStdin(path) ? session.io.stdin : followed(path), {
    fileName: path,
    maxBytes: ENDLESS,
    stepsAtOnce: window,
    onSteps: (block) => {
      for (const fit of about(path, () => fitter.add(block))) session.print(JSON.stringify(lineOf(fit)));
    },
    ...(args.format === undefined ? {} : { format: args.format }),
    ...(args.map === undefined ? {} : { map: columnMapOf(args.map) }),
    ...(args.timeUnit === undefined ? {} : { timeUnit: args.timeUnit }),
  });
};
