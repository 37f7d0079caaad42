import { evaluateStepTime, evaluationJSON, evaluationText, readStepTimes } from '@stepclock/step-time';
import type { StepTimeEvaluateArgs } from '../commands/step-time.js';
import { ExitCode } from '../exit-code.js';
import { checkOutputs } from '../output-paths.js';
import type { Session } from '../session.js';
import { readTidyFile } from '../tidy-input.js';
import { DEFAULT_THRESHOLD_PERCENT, readStepTimeModel } from './step-time-input.js';

/** `stepclock step-time evaluate`. */
export const runStepTimeEvaluate = async (args: StepTimeEvaluateArgs, session: Session): Promise<ExitCode> => {
  const { model: modelPath = '-', dataPath = '-', filter = [] } = args;
  const thresholdPercent = args.errorThreshold ?? DEFAULT_THRESHOLD_PERCENT;
  await checkOutputs({ streams: { json: args.json } }, [modelPath, dataPath]);
  const model = await readStepTimeModel(modelPath, session);
  const { table, name, sha256 } = await readTidyFile(dataPath, session);
  const times = readStepTimes(table, { features: model.features, filter });
  const evaluation = evaluateStepTime(model, times, thresholdPercent);
  const warnings =
    evaluation.extrapolatedRows === 0
      ? []
      : [
          {
            code: 'extrapolation',
            message: `${evaluation.extrapolatedRows} of ${times.length} rows lie outside of what the fit has seen`,
          },
        ];
  for (const { code, message } of warnings) session.log.warn(`${message} [${code}]`);
  const taken = await session.writeJson(args.json, {
    ...evaluationJSON(model, times, evaluation),
    input: { file: name, sha256, rows: times.length, filter },
    warnings,
    stepclock_version: session.version,
  });
  if (!taken) session.print(evaluationText(model, times, evaluation));
  return ExitCode.ok;
};
