import {
  betasOfFile,
  compareWithSteps,
  type EngineFit,
  type EnginesLog,
  engineSteps,
  enginesSpread,
  type FitStepsOptions,
  fitWindowLines,
  intervalsOfFile,
  pooledFit,
  type ReadingOptions,
  readSteps,
  snakeCaseFields,
  snakeCaseKeys,
} from '@stepclock/step-model';
import type { WindowTrace } from '@stepclock/trace-io';
import type { TraceInput } from '../../files/trace-input.js';
import { about, usageFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';
import { grouped, percent } from '../../text/quantity.js';
import { enginesText, stepFitText } from '../../text/step-fit-text.js';
import { comparisonText } from '../../text/steps-comparison-text.js';
import { type Possible, readingJson, stepModelOf, warnOfStepFacts } from './step-model-of.js';
import { readStepReference } from './step-reference.js';

export interface StepLogRequest {
  readonly options: FitStepsOptions & ReadingOptions;
  /** Null where the engines cannot be pooled. */
  readonly pool: boolean | null;
  readonly against: string | undefined;
  readonly json: string | undefined;
  readonly possible: Possible;
}

const warn = (
  session: Session,
  name: string,
  warnings: readonly { readonly code: string; readonly message: string }[],
) => {
  for (const { code, message } of warnings) session.log.warn(`${name === '' ? '' : `${name}: `}${message} [${code}]`);
};

/** Shows the fits of a log's engines. @param log the whole table, where it was kept */
export const showStepLog = async (
  fitted: () => readonly EngineFit[],
  log: EnginesLog | undefined,
  input: TraceInput,
  request: StepLogRequest,
  session: Session,
): Promise<void> => {
  const { name } = input;
  const { pool, against, json, possible, options } = request;
  warnOfStepFacts(input, session.log);
  const fits = about(name, fitted);
  const [first] = fits;
  const steps = fits.reduce((sum, { fit }) => sum + fit.diagnostics.nSteps, 0);
  if (first === undefined) return;
  const { version } = session;
  if (fits.length > 1) {
    const spread = enginesSpread(fits);
    for (const engine of fits) warn(session, engine.name, engine.warnings);
    if (against !== undefined) {
      throw usageFault('--against', `takes the log of one engine; this one has ${fits.map((f) => f.name).join(', ')}`);
    }
    const pooled = pool && log !== undefined ? about(name, () => pooledFit(log, fits, options)) : undefined;
    const engines = { engines_spread: snakeCaseFields(spread), stepclock_version: version };
    const taken = await session.writeJson(
      json,
      pooled === undefined
        ? {
            schema: 'stepclock/engine-steps@1',
            engines: fits.map((engine) => ({
              engine: engine.name,
              ...stepModelOf(engine.fit, engine.warnings, possible).json,
              ...readingJson(engine),
            })),
            ...engines,
          }
        : { ...stepModelOf(pooled, [], possible).json, ...readingJson(first), ...engines },
    );
    if (taken) return;
    const parts = [`${name}: ${grouped(steps)} steps of ${fits.length} engines`, enginesText(fits, spread)];
    if (pooled === undefined) {
      const more = pool === null ? '' : '; --pool gives coefficients for an engine like them';
      parts.push(`each engine is fitted apart${more}`);
    } else
      parts.push(
        '',
        stepFitText(
          'pooled, each engine by its error and what lies between engines',
          pooled,
          first.reading.time,
          session.paint,
        ),
      );
    session.print(parts.join('\n'));
    return;
  }
  const { fit, reading, warnings } = first;
  const file = stepModelOf(fit, warnings, possible);
  warn(session, '', file.warnings);
  const reference = against === undefined ? undefined : await readStepReference(against, session);
  if (reference?.kind === 'steps') throw usageFault('--against', 'must be a betas file for a step log', against);
  const betas = reference?.betas;
  // Several engines with one fit are ranks in lockstep.
  const own = log && engineSteps(log, true)[0]?.steps;
  const comparison =
    betas && own && compareWithSteps(betasOfFile(betas), fit, readSteps(own, reading), intervalsOfFile(betas));
  const taken = await session.writeJson(json, {
    ...file.json,
    ...readingJson(first),
    ...(comparison && { against: { file: against, ...(snakeCaseKeys(comparison) as object) } }),
    stepclock_version: version,
  });
  if (taken) return;
  const parts = [stepFitText(`${name}: ${grouped(steps)} steps`, fit, reading.time, session.paint), ...file.text];
  if (fit.halves !== null) {
    const { differenceSec, withinSec, firstSec } = fit.halves;
    parts.push(
      `  the mean step takes ${percent(differenceSec / firstSec)} more by the second half of the log than by the first; halves that are alike stay within ${percent(withinSec / firstSec)}`,
    );
  }
  if (comparison !== undefined) parts.push('', `against ${against}`, comparisonText(comparison));
  session.print(parts.join('\n'));
};

/** Fits windows that a query made of steps, and shows them as those steps' own fit. */
export const showWindows = async (
  { windows }: WindowTrace,
  input: TraceInput,
  request: Omit<StepLogRequest, 'pool' | 'against' | 'options'> & { readonly options: FitStepsOptions },
  session: Session,
): Promise<void> =>
  showStepLog(
    () => fitWindowLines(windows, request.options, input.name),
    undefined,
    input,
    { ...request, pool: null, against: undefined },
    session,
  );
