import { join } from 'node:path';
import type { NamedFigure } from '@stepclock/charts';
import {
  configurationFor,
  deviceModelToJSON,
  inspectPowerRuns,
  loadPowerSamples,
  METRIC_FACTS,
  type TrainedDevice,
  type TrainOptions,
  trainDevice,
} from '@stepclock/token2metrics';
import type { Token2MetricsTrainArgs } from '../commands/token2metrics.js';
import { UsageError } from '../errors.js';
import { ExitCode } from '../exit-code.js';
import { allBytes, openInput } from '../input.js';
import { checkOutputs, refuseOverwriting } from '../output-paths.js';
import type { Session } from '../session.js';
import { candidatesText, modelText } from '../text/token2metrics-text.js';
import { given } from './given.js';
import { factsOf, type MeasurementInput, readMeasurements, tableOf } from './token2metrics-input.js';
import { MODEL_FOLDER, modelFileName } from './token2metrics-models.js';
import { type TrainedForReport, trainingReport } from './token2metrics-report.js';

/** The models to train, by the name of their file. */
const wanted = (args: Token2MetricsTrainArgs, input: MeasurementInput): readonly string[] => {
  if (args.model !== undefined) return [configurationFor(args.model, input.configurations)?.name ?? args.model];
  const names = [...input.tables.keys()];
  if (!args.allModels && names.length > 1) {
    throw new UsageError(`--model: must say which, or --all-models; ${input.name} has ${names.join(', ')}`);
  }
  if (names.includes('')) throw new UsageError(`--model: must give the name of the model that ${input.name} is of`);
  return names;
};

const checkPowerSamples = async (
  path: string,
  session: Session,
): Promise<readonly { code: string; message: string }[]> => {
  const input = await openInput(path, session.io);
  return inspectPowerRuns(await loadPowerSamples(await allBytes(input), path)).findings.map(({ code, message }) => ({
    code,
    message,
  }));
};

/** A line on a terminal that says what is being trained. */
const showing = (session: Session, text: string): void => {
  if (session.io.stderr.isTTY) session.io.stderr.write(`\r\x1b[2K${text}`);
};

/** `stepclock token2metrics train`. */
export const runToken2MetricsTrain = async (args: Token2MetricsTrainArgs, session: Session): Promise<ExitCode> => {
  if (args.allModels && args.model !== undefined) throw new UsageError('--model: must not be given with --all-models');
  const folder = args.output ?? MODEL_FOLDER;
  await checkOutputs(
    {
      streams: { json: args.json },
      files: { report: args.report },
      folders: { output: folder, figures: args.figures || undefined },
    },
    args.data === undefined ? [] : [args.data],
  );
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
      directTotal: args.directTotal,
      dropOutliers: args.dropOutliers,
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
    refuseOverwriting({ output: path }, args.data === undefined ? [] : [args.data]);
    const file = { ...deviceModelToJSON(trained.model), input: input.name, stepclock_version: session.version };
    await session.writeJson(path, file);
    const findings = [...trained.model.findings, ...samples];
    const charts = await chartsOf(name, trained, options, args, session);
    const figures = args.figures === false ? [] : await draw(args.figures ?? folder, charts, session);
    drawn.push({ trained, findings, charts });
    summaries.push({ ...summaryOf(trained), file: path, figures, findings });
    texts.push(trainingText(trained, findings, [path, ...figures], args.dropOutliers));
  }
  if (args.report !== undefined) {
    const { writeModelReport } = await import('../reports/model-report.js');
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
};

/** The figures of a training, named after its model; none where nothing is to be drawn. */
const chartsOf = async (
  name: string,
  trained: TrainedDevice,
  options: TrainOptions,
  { figures, report }: Token2MetricsTrainArgs,
  session: Session,
): Promise<readonly NamedFigure[]> => {
  if (figures === false && report === undefined) return [];
  showing(session, `${name}: drawing figures`);
  const { trainingFigures } = await import('./token2metrics-charts.js');
  const prefix = modelFileName(name).slice(0, -'.json'.length);
  const charts = trainingFigures(trained, options).map((chart) => ({ ...chart, name: `${prefix}_${chart.name}` }));
  showing(session, '');
  return charts;
};

const draw = async (folder: string, charts: readonly NamedFigure[], session: Session): Promise<readonly string[]> => {
  const { writeFigures } = await import('../figure-files.js');
  return writeFigures(folder, charts, session);
};

const summaryOf = ({ model }: TrainedDevice): object => ({
  model: model.name,
  rows: model.source.rows,
  metrics: Object.values(model.metrics).map(({ metric, method, validation, candidates }) => ({
    metric,
    method,
    held_out_mape_percent: validation?.mapePercent ?? null,
    interval: validation?.interval
      ? { level: validation.interval.level, relative_radius: validation.interval.relativeRadius }
      : null,
    candidates: candidates.map(({ regressor, mapePercent }) => ({ regressor, mape_percent: mapePercent })),
  })),
});

const trainingText = (
  { model }: TrainedDevice,
  findings: readonly { readonly code: string; readonly message: string }[],
  files: readonly string[],
  dropped: boolean,
): string => {
  const parts = [`${model.name}: ${model.source.rows} rows`, modelText(model)];
  const compared = candidatesText(model);
  if (compared !== '') parts.push(compared);
  if (findings.length > 0) {
    parts.push(
      [
        `In the data${dropped ? ' (outliers left out)' : ''}:`,
        ...findings.map(({ code, message }) => `- ${code}: ${message}`),
      ].join('\n'),
    );
  }
  parts.push(`Wrote ${files[0]}${files.length > 1 ? ` and ${files.length - 1} figure files beside it` : ''}.`);
  return parts.join('\n\n');
};
