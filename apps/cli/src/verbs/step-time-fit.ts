import { join } from 'node:path';
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
import type { StepTimeFitArgs } from '../commands/step-time.js';
import { UsageError } from '../errors.js';
import { ExitCode } from '../exit-code.js';
import { checkOutputs, refuseOverwriting } from '../output-paths.js';
import type { Session } from '../session.js';
import { readTidyFile } from '../tidy-input.js';
import { DEFAULT_THRESHOLD_PERCENT } from './step-time-input.js';

/** A model's name as a file name: hub names such as `org/model` keep both parts. */
const fileNameOf = (name: string): string => {
  const safe = name.trim().replaceAll(/[/\\]+/g, '--');
  if (safe === '' || safe.startsWith('.')) {
    throw new UsageError(`--model-name: must be a name for a file, without a leading dot; got '${name}'`);
  }
  return safe;
};

/** `stepclock step-time fit`. */
export const runStepTimeFit = async (args: StepTimeFitArgs, session: Session): Promise<ExitCode> => {
  const { modelName = '', dataPath = '-', features = [], filter = [], seed = 42, level = 0.95 } = args;
  const thresholdPercent = args.errorThreshold ?? DEFAULT_THRESHOLD_PERCENT;
  const fileName = fileNameOf(modelName);
  const folder = args.output ?? join('step-time', fileName);
  const target = join(folder, `${fileName}.json`);
  await checkOutputs(
    {
      streams: { json: args.json },
      files: { report: args.report },
      folders: { output: folder, figures: args.figures || undefined },
    },
    [dataPath],
  );
  refuseOverwriting({ output: target }, [dataPath]);

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
      const { writeFigures } = await import('../figure-files.js');
      written.push(...(await writeFigures(args.figures ?? folder, charts, session)));
    }
    if (args.report !== undefined) {
      const { writeModelReport } = await import('../reports/model-report.js');
      await writeModelReport(args.report, stepTimeReport(file, charts, { name, sha256, rows: times.length }), session);
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
};
