import { ExitCode } from '@stepclock/faults';
import { evaluateStepTime, evaluationJSON, evaluationText, readStepTimes, seriousRemarks } from '@stepclock/step-time';
import { readTidyFile } from '../../files/tidy-input.js';
import { jsonOption } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { DEFAULT_THRESHOLD_PERCENT, readStepTimeModel } from './input.js';
import { dataOptions, modelOption } from './options.js';

export const verb = defineVerb({
  options: { ...modelOption, ...dataOptions, ...jsonOption },
  examples: [['$0 step-time evaluate --model llama-8b.json --data-path later.jsonl', '']],
  run: async (args, session) => {
    const { model: modelPath, dataPath, filter } = args;
    const thresholdPercent = args.errorThreshold ?? DEFAULT_THRESHOLD_PERCENT;
    const model = await readStepTimeModel(modelPath, session);
    const { table, name, sha256 } = await readTidyFile(dataPath, session);
    const times = readStepTimes(table, { features: model.features, filter });
    const evaluation = evaluateStepTime(model, times, thresholdPercent);
    const outside = `${evaluation.extrapolatedRows} of ${times.length} rows lie outside of what the fit has seen`;
    const warnings = [
      ...seriousRemarks(model),
      ...(evaluation.extrapolatedRows === 0 ? [] : [{ code: 'extrapolation', message: outside }]),
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
  },
});
