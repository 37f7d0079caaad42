import { join } from 'node:path';
import { ExitCode } from '@stepclock/faults';
import {
  compareEstimators,
  fitStepTime,
  pointsOverThreshold,
  readStepTimes,
  stepTimeCharts,
  stepTimeFile,
  stepTimeFitText,
  stepTimeReport,
} from '@stepclock/step-time';
import { readTidyFile } from '../../files/tidy-input.js';
import { properFraction, wholeNumber } from '../../options/number-rules.js';
import {
  type ArgsOf,
  alias,
  choice,
  jsonOption,
  list,
  number,
  required,
  text,
  withDefault,
} from '../../options/option.js';
import { pictureOptions } from '../../options/picture-options.js';
import { defineVerb } from '../../options/verb.js';
import { usageFault } from '../../session/errors.js';
import { DEFAULT_THRESHOLD_PERCENT } from './input.js';
import { dataOptions } from './options.js';

/** A model's name as a file name: hub names such as `org/model` keep both parts. */
const fileNameOf = (name: string): string => {
  const safe = name.trim().replaceAll(/[/\\]+/g, '--');
  if (safe === '' || safe.startsWith('.')) {
    throw usageFault('--model-name', 'must be a name for a file, without a leading dot', name);
  }
  return safe;
};

const options = {
  'model-name': alias('model_name', required(text('names the output: NAME.json'))),
  ...dataOptions,
  target: withDefault('decode', choice(['decode'], 'which steps these are')),
  features: list('further features by name, where the data has them: prefilling, kv_tokens'),
  output: text('folder of NAME.json and the figures [step-time/NAME]', 'folder'),
  seed: number('of the folds, the split and the random estimators [42]', wholeNumber),
  level: number('of the intervals [0.95]', properFraction),
  ...pictureOptions,
  ...jsonOption,
};

/** Where the fit goes: its folder, and NAME.json in it. */
const placeOf = ({ modelName, output }: ArgsOf<typeof options>) => {
  const fileName = fileNameOf(modelName);
  const folder = output ?? join('step-time', fileName);
  return { folder, target: join(folder, `${fileName}.json`) };
};

export const verb = defineVerb({
  options,
  examples: [['$0 step-time fit --model-name llama-8b --data-path steps.jsonl --target decode', '']],
  outputs: (args) => {
    const { folder, target } = placeOf(args);
    return { folders: { output: folder }, files: { output: target } };
  },
  run: async (args, session) => {
    const { modelName, dataPath, features, filter, seed = 42, level = 0.95 } = args;
    const thresholdPercent = args.errorThreshold ?? DEFAULT_THRESHOLD_PERCENT;
    const { folder, target } = placeOf(args);
    const { table, name, sha256 } = await readTidyFile(dataPath, session);
    const times = readStepTimes(table, { features, filter });
    const fit = fitStepTime(times, { name: modelName, features, seed, level });
    const comparison = compareEstimators(times, { features, seed });
    const file = stepTimeFile(fit, comparison, { thresholdPercent });
    for (const { code, message } of file.warnings) {
      // The text begins with it.
      if (code !== 'dominant-points' || args.json === '-') session.log.warn(`${message} [${code}]`);
    }

    const saved = {
      ...file,
      input: { file: name, sha256, rows: times.length, filter },
      stepclock_version: session.version,
    };
    await session.writeJson(target, saved);
    const written = [target];
    if (args.figures !== false || args.report !== undefined) {
      const charts = stepTimeCharts(fit, comparison, file);
      if (args.figures !== false) {
        const { writeFigures } = await import('../../reports/figure-files.js');
        written.push(...(await writeFigures(args.figures ?? folder, charts, session)));
      }
      if (args.report !== undefined) {
        const { writeModelReport } = await import('../../reports/model-report.js');
        await writeModelReport(
          args.report,
          stepTimeReport(file, charts, { name, sha256, rows: times.length }),
          session,
        );
        written.push(args.report);
      }
    }
    const taken = await session.writeJson(args.json, saved);
    if (!taken) {
      const missed = pointsOverThreshold(
        times.stepTimeSec.map((sec) => 1000 * sec),
        fit.leastSquares.fitted,
        thresholdPercent,
      );
      session.print(stepTimeFitText(fit, comparison, file, missed));
      session.print(`\nWrote ${written[0]}${written.length > 1 ? ` and ${written.length - 1} more files` : ''}.`);
    }
    return ExitCode.ok;
  },
});
