import { join } from 'node:path';
import { ExitCode } from '@stepclock/faults';
import {
  CALIBRATION_METHODS,
  calibrate,
  calibrationJson,
  calibrationText,
  type DeviceModel,
  deviceModelToJSON,
  modelText,
  suggestFor,
  suggestionsJson,
  suggestionText,
} from '@stepclock/token2metrics';
import { given } from '../../options/given.js';
import { positiveIntegerUpTo, properFraction } from '../../options/number-rules.js';
import { type ArgsOf, choice, jsonOption, list, number, text } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { usageFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';
import { factsOf, readMeasurements, tableOf } from './input.js';
import { announceReplaced, modelFileName, readModel } from './models.js';
import { dataOptions, factOptions, modelOptions } from './options.js';

const CALIBRATED_FOLDER = 'token2metrics-calibrated';

const options = {
  ...modelOptions,
  ...dataOptions,
  data: text('samples measured on the target', 'input'),
  method: choice(['auto', ...CALIBRATION_METHODS], 'how to carry it over [auto: by leaving settings out]'),
  suggest: number('name so many token counts to measure next, at most 1000', positiveIntegerUpTo(1000)),
  'input-range': list('prompts that will be asked about, as low,high [the training range]'),
  'output-range': list('answers that will be asked about, as low,high [the training range]'),
  output: text('folder of the calibrated model file [token2metrics-calibrated]', 'folder'),
  level: number('of the intervals [0.9]', properFraction),
  ...factOptions,
  ...jsonOption,
};

type CalibrateArgs = ArgsOf<typeof options>;

const rangeOf = (option: string, texts: readonly string[]): readonly [number, number] | undefined => {
  if (texts.length === 0) return undefined;
  const [low = Number.NaN, high = Number.NaN, ...more] = texts.map(Number);
  if (Number.isSafeInteger(low) && Number.isSafeInteger(high) && low >= 1 && high > low && more.length === 0)
    return [low, high];
  throw usageFault(`--${option}`, 'must be low,high with 1 <= low < high', texts.join(','));
};

/** The samples of the target, or undefined when only a suggestion is asked for. */
const samplesOf = async (args: CalibrateArgs, source: DeviceModel, session: Session) => {
  if (args.data === undefined) return undefined;
  return tableOf(await readMeasurements(args, session, source.name), source.name, session);
};

export const verb = defineVerb({
  options,
  examples: [
    ['$0 token2metrics calibrate --model 8B --model-path server --data orin-samples.csv --output orin', ''],
    ['$0 token2metrics calibrate --model 8B --model-path server --suggest 3', 'what to measure next'],
  ],
  outputs: ({ output }) => ({ folders: { output: output ?? CALIBRATED_FOLDER } }),
  run: async (args, session) => {
    if (args.data === undefined && args.suggest === undefined) {
      throw usageFault('--data', 'must name samples measured on the target, or --suggest must ask which to measure');
    }
    const { model: source, path } = await readModel(args, session);
    const samples = await samplesOf(args, source, session);
    const calibration =
      samples &&
      calibrate(source, samples, {
        name: source.name,
        facts: factsOf(args),
        ...given({ method: args.method, level: args.level }),
      });
    const asked = given({
      count: args.suggest,
      inputTokens: rangeOf('input-range', args.inputRange),
      outputTokens: rangeOf('output-range', args.outputRange),
    });
    const suggestions = args.suggest === undefined ? [] : suggestFor(source, samples, asked);
    const target = join(args.output ?? CALIBRATED_FOLDER, modelFileName(source.name));
    if (calibration) {
      await announceReplaced(target, calibration.model, session);
      await session.writeJson(target, {
        ...deviceModelToJSON(calibration.model),
        source_model: path,
        stepclock_version: session.version,
      });
    }
    const taken = await session.writeJson(args.json, {
      schema: 'stepclock/token2metrics-calibration@1',
      model: source.name,
      source: path,
      file: calibration ? target : null,
      ...(calibration ? calibrationJson(calibration) : { metrics: [], not_carried_over: [], findings: [] }),
      suggestions: suggestionsJson(suggestions),
    });
    if (!taken) {
      const parts = calibration ? [calibrationText(calibration), modelText(calibration.model), `Wrote ${target}.`] : [];
      if (suggestions.length > 0) parts.push(suggestionText(suggestions));
      session.print(parts.join('\n\n'));
    }
    return ExitCode.ok;
  },
});
