import { predictStepTime } from '@stepclock/step-time';
import type { StepTimePredictArgs } from '../commands/step-time.js';
import { UsageError } from '../errors.js';
import { ExitCode } from '../exit-code.js';
import { checkOutputs } from '../output-paths.js';
import type { Session } from '../session.js';
import { durationText } from '../text/quantity.js';
import { readStepTimeModel } from './step-time-input.js';

/** `prefilling=0.5` as a pair. */
const featureValue = (text: string): readonly [string, number] => {
  const at = text.indexOf('=');
  const value = at < 1 || text.slice(at + 1).trim() === '' ? Number.NaN : Number(text.slice(at + 1));
  if (!Number.isFinite(value)) throw new UsageError(`--feature: must be name=number; got '${text}'`);
  return [text.slice(0, at).trim(), value];
};

/** `stepclock step-time predict`. */
export const runStepTimePredict = async (args: StepTimePredictArgs, session: Session): Promise<ExitCode> => {
  const { model: path = '-', batchSize = Number.NaN, sequenceLength = Number.NaN, level = 0.95 } = args;
  await checkOutputs({ streams: { json: args.json } }, [path]);
  const further = Object.fromEntries((args.feature ?? []).map(featureValue));
  const model = await readStepTimeModel(path, session);
  const foreign = Object.keys(further).find((name) => !model.features.includes(name));
  if (foreign !== undefined) {
    throw new UsageError(
      `--feature: must be one that the model uses (${model.features.join(', ') || 'none'}); got '${foreign}'`,
    );
  }
  const { stepTimeSec, interval, extrapolated, outside } = predictStepTime(
    model,
    { batchSize, sequenceLength, further },
    level,
  );
  const warnings = [
    ...(extrapolated
      ? [{ code: 'extrapolation', message: `outside of what the fit has seen: ${outside.join('; ')}` }]
      : []),
    ...(stepTimeSec > 0 ? [] : [{ code: 'negative-prediction', message: 'a step cannot take less than no time' }]),
  ];
  for (const { code, message } of warnings) session.log.warn(`${message} [${code}]`);
  const taken = await session.writeJson(args.json, {
    schema: 'stepclock/step-time-prediction@1',
    model_name: model.name,
    batch_size: batchSize,
    sequence_length: sequenceLength,
    ...further,
    step_time_seconds: stepTimeSec,
    step_time_ms: 1000 * stepTimeSec,
    prediction_interval_seconds: interval,
    interval_level: level,
    extrapolated,
    warnings,
  });
  if (!taken) {
    const within =
      interval === null
        ? ''
        : `, ${+(100 * level).toFixed(2)} % prediction interval ${durationText(interval[0])} to ${durationText(interval[1])}`;
    session.print(`${durationText(stepTimeSec)} per step${within}`);
  }
  return ExitCode.ok;
};
