import { ExitCode } from '@stepclock/faults';
import { predictStepTime, seriousRemarks } from '@stepclock/step-time';
import { positiveCount, properFraction } from '../../options/number-rules.js';
import { alias, jsonOption, list, number, required } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { usageFault } from '../../session/errors.js';
import { durationText } from '../../text/quantity.js';
import { readStepTimeModel } from './input.js';
import { modelOption } from './options.js';

/** `prefilling=0.5` as a pair. */
const featureValue = (text: string): readonly [string, number] => {
  const at = text.indexOf('=');
  const value = at < 1 || text.slice(at + 1).trim() === '' ? Number.NaN : Number(text.slice(at + 1));
  if (!Number.isFinite(value)) throw usageFault('--feature', 'must be name=number', text);
  return [text.slice(0, at).trim(), value];
};

export const verb = defineVerb({
  options: {
    ...modelOption,
    'batch-size': alias('batch_size', required(number('requests in the step', positiveCount))),
    'sequence-length': alias(
      ['sequence_length', 'avg-seq-len', 'avg_seq_len'],
      required(number('their mean context, tokens', positiveCount)),
    ),
    feature: list("the model's further features, as name=value"),
    level: number('of the interval [0.95]', properFraction),
    ...jsonOption,
  },
  examples: [['$0 step-time predict --model llama-8b.json --batch-size 32 --sequence-length 1024', '']],
  run: async (args, session) => {
    const { model: path, batchSize, sequenceLength, level = 0.95 } = args;
    const further = Object.fromEntries(args.feature.map(featureValue));
    const model = await readStepTimeModel(path, session);
    const foreign = Object.keys(further).find((name) => !model.features.includes(name));
    if (foreign !== undefined) {
      throw usageFault(
        '--feature',
        `must be one that the model uses (${model.features.join(', ') || 'none'})`,
        foreign,
      );
    }
    const { stepTimeSec, interval, extrapolated, outside } = predictStepTime(
      model,
      { batchSize, sequenceLength, further },
      level,
    );
    const warnings = [
      ...seriousRemarks(model),
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
  },
});
