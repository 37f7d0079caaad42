import { betasFileOf, compareWithSteps, fitSteps, snakeCaseKeys } from '@stepclock/step-model';
import type { StepsArgs } from '../commands/steps.js';
import { about, InputError } from '../errors.js';
import { ExitCode } from '../exit-code.js';
import { checkOutputs } from '../output-paths.js';
import type { Session } from '../session.js';
import { betasText, diagnosticsText } from '../text/estimate-text.js';
import { grouped, percent, significant } from '../text/quantity.js';
import { tableText } from '../text/table.js';
import { readTraceFile } from '../trace-input.js';
import { readBetasFile } from './betas-input.js';
import { given } from './given.js';

const comparisonText = ({
  coefficients,
  meanAbsoluteError,
  totalTimeError,
}: ReturnType<typeof compareWithSteps>): string =>
  [
    tableText([
      ['', 'estimate s', 'its interval', 'step log s', 'error', 'interval holds it'],
      ...coefficients.map(({ coefficient, estimate, reference, error, interval, holdsReference }) => [
        coefficient,
        significant(estimate),
        interval === null ? '-' : interval.map((end) => significant(end)).join(' to '),
        significant(reference),
        error === null ? '-' : percent(error),
        holdsReference === null ? '-' : holdsReference ? 'yes' : 'no',
      ]),
    ]),
    `steps predicted within ${percent(meanAbsoluteError)} on average, their total time off by ${percent(totalTimeError)}`,
  ].join('\n');

/** `stepclock steps`. */
export const runSteps = async (args: StepsArgs, session: Session): Promise<ExitCode> => {
  const inputs = [args.log, ...(args.against === undefined ? [] : [args.against])];
  await checkOutputs({ streams: { json: args.json } }, inputs);
  const { trace, name } = await readTraceFile(args.log, {}, session);
  if (trace.steps === undefined) {
    throw new InputError(
      `${name}: must have step lines such as 'Iteration(1): ... iteration elapsed time: 10.99 ms', or be a CSV with duration_sec, prefill_tokens and decode_tokens; got a ${trace.facts.format} file`,
    );
  }
  const { steps } = trace;
  const fit = about(name, () => fitSteps(steps, given({ model: args.model, level: args.ci })));
  for (const { code, message } of fit.warnings) session.log.warn(`${message} [${code}]`);
  const estimate = args.against === undefined ? undefined : await readBetasFile(args.against, session);
  const comparison = estimate && compareWithSteps(estimate.betas, fit, trace.steps, estimate.intervals);
  const taken = await session.writeJson(args.json, {
    ...betasFileOf(fit),
    ...(comparison && { against: { file: args.against, ...(snakeCaseKeys(comparison) as object) } }),
    stepclock_version: session.version,
  });
  if (!taken) {
    const parts = [
      `${name}: ${grouped(trace.steps.length)} steps`,
      '',
      betasText(fit, session.paint),
      '',
      diagnosticsText(fit.diagnostics),
    ];
    if (comparison !== undefined) parts.push('', `against ${args.against}`, comparisonText(comparison));
    session.print(parts.join('\n'));
  }
  return ExitCode.ok;
};
