import { join } from 'node:path';
import type { NamedFigure } from '@stepclock/charts';
import { ExitCode } from '@stepclock/faults';
import {
  COMPARED,
  configurationFor,
  deviceModelToJSON,
  inspectPowerRuns,
  loadPowerSamples,
  METRIC_FACTS,
  type TrainedDevice,
  type TrainedForReport,
  type TrainOptions,
  trainDevice,
  trainingFigures,
  trainingJson,
  trainingReport,
  trainingText,
} from '@stepclock/token2metrics';
import { allBytes, openInput } from '../../files/input.js';
import { given } from '../../options/given.js';
import {
  positive,
  positiveInteger,
  positiveIntegerUpTo,
  properFraction,
  wholeNumber,
} from '../../options/number-rules.js';
import { type ArgsOf, alias, flag, jsonOption, number, text } from '../../options/option.js';
import { pictureOptions } from '../../options/picture-options.js';
import { defineVerb } from '../../options/verb.js';
import { usageFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';
import { factsOf, type MeasurementInput, readMeasurements, tableOf } from './input.js';
import { announceReplaced, MODEL_FOLDER, modelFileName } from './models.js';
import { dataOptions, factOptions, regressorOption } from './options.js';

const options = {
  'all-models': alias('all_models', flag('every model in the data')),
  model: text('one model: 1.5B, 8B, 14B, one of --config, or as the data calls it'),
  regression: regressorOption(
    ['auto', 'all'],
    `how to predict; auto takes the smallest held-out error, all keeps every one of those compared: ${COMPARED.join(', ')} [auto]`,
  ),
  output: text('folder of the model files and figures [token2metrics]', 'folder'),
  ...dataOptions,
  'direct-total': flag('model total latency by itself, not as prefill + decode'),
  'drop-outliers': flag('leave out rows that the quality checks call outliers'),
  'power-samples': text('samples of the power meter (CSV), to be checked for idle ones', 'input'),
  'power-sample-period': number('seconds between two power samples [1]', positive),
  padding: number('prompts are padded to a multiple of so many tokens [128]', positiveInteger),
  degree: number('of the polynomial, at most 10 [2]', positiveIntegerUpTo(10)),
  trees: number('of the forest and of boosting, at most 10000 [100]', positiveIntegerUpTo(10_000)),
  level: number('of the intervals [0.9]', properFraction),
  seed: number('of the trees and the learning curve [0]', wholeNumber),
  ...factOptions,
  ...pictureOptions,
  ...jsonOption,
};

type TrainArgs = ArgsOf<typeof options>;

/** The models to train, by the name of their file. */
const wanted = (args: TrainArgs, input: MeasurementInput): readonly string[] => {
  if (args.model !== undefined) return [configurationFor(args.model, input.configurations)?.name ?? args.model];
  const names = [...input.tables.keys()];
  if (args.allModels !== true && names.length > 1) {
    throw usageFault('--model', `must say which, or --all-models; ${input.name} has ${names.join(', ')}`);
  }
  if (names.includes('')) throw usageFault('--model', `must give the name of the model that ${input.name} is of`);
  return names;
};

const checkPowerSamples = async (
  path: string,
  session: Session,
): Promise<readonly { code: string; message: string }[]> => {
  const input = await openInput(path, session);
  return inspectPowerRuns(await loadPowerSamples(await allBytes(input), path)).findings.map(({ code, message }) => ({
    code,
    message,
  }));
};

/** A line on a terminal that says what is being trained. */
const showing = (session: Session, text: string): void => {
  if (session.io.stderr.isTTY) session.io.stderr.write(`\r\x1b[2K${text}`);
};

export const verb = defineVerb({
  options,
  examples: [
    ['$0 token2metrics train --all-models --output models', 'the bundled synthetic set'],
    ['$0 token2metrics train --model 1.5B --regression linear --output models --data sheet.xlsx', ''],
  ],
  outputs: ({ output }) => ({ folders: { output: output ?? MODEL_FOLDER } }),
  run: async (args, session) => {
    if (args.allModels === true && args.model !== undefined)
      throw usageFault('--model', 'must not be given with --all-models');
    const folder = args.output ?? MODEL_FOLDER;
    const input = await readMeasurements(args, session, args.model);
    const samples = args.powerSamples === undefined ? [] : await checkPowerSamples(args.powerSamples, session);
    const summaries: object[] = [];
    const texts: string[] = [];
    const drawn: TrainedForReport[] = [];
    for (const name of wanted(args, input)) {
      const table = tableOf(input, name, session);
      const configuration = configurationFor(name, input.configurations);
      const options: TrainOptions = {
        name,
        facts: factsOf(args),
        directTotal: args.directTotal === true,
        dropOutliers: args.dropOutliers === true,
        padding: args.padding ?? configuration?.promptPaddingTokens ?? 128,
        ...given({
          regression: args.regression,
          powerSamplePeriodSec: args.powerSamplePeriod,
          degree: args.degree,
          trees: args.trees,
          level: args.level,
          seed: args.seed,
        }),
        onMetric: (metric) => showing(session, `${name}: training ${METRIC_FACTS[metric].title}`),
      };
      const trained = trainDevice(table, options);
      showing(session, '');
      const path = join(folder, modelFileName(name));
      await announceReplaced(path, trained.model, session);
      const file = { ...deviceModelToJSON(trained.model), input: input.name, stepclock_version: session.version };
      await session.writeJson(path, file);
      const findings = [...trained.model.findings, ...samples];
      const charts = await chartsOf(name, trained, options, args, session);
      const figures = args.figures === false ? [] : await draw(args.figures ?? folder, charts, session);
      drawn.push({ trained, findings, charts });
      summaries.push({ ...trainingJson(trained.model), file: path, figures, findings });
      const beside = figures.length > 0 ? ` and ${figures.length} figure files beside it` : '';
      texts.push(`${trainingText(trained.model, findings, args.dropOutliers === true)}\n\nWrote ${path}${beside}.`);
    }
    if (args.report !== undefined) {
      const { writeModelReport } = await import('../../reports/model-report.js');
      await writeModelReport(args.report, trainingReport(drawn, input, args.seed), session);
    }
    const taken = await session.writeJson(args.json, {
      schema: 'stepclock/token2metrics-training@1',
      input: input.name,
      models: summaries,
      stepclock_version: session.version,
    });
    if (!taken) session.print(texts.join('\n\n'));
    return ExitCode.ok;
  },
});

/** The figures of a training, named after its model; none where nothing is to be drawn. */
const chartsOf = async (
  name: string,
  trained: TrainedDevice,
  options: TrainOptions,
  { figures, report }: TrainArgs,
  session: Session,
): Promise<readonly NamedFigure[]> => {
  if (figures === false && report === undefined) return [];
  showing(session, `${name}: drawing figures`);
  const prefix = modelFileName(name).slice(0, -'.json'.length);
  const charts = trainingFigures(trained, options).map((chart) => ({ ...chart, name: `${prefix}_${chart.name}` }));
  showing(session, '');
  return charts;
};

const draw = async (folder: string, charts: readonly NamedFigure[], session: Session): Promise<readonly string[]> => {
  const { writeFigures } = await import('../../reports/figure-files.js');
  return writeFigures(folder, charts, session);
};
