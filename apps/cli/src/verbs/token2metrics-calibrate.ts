import { join } from 'node:path';
import {
  type Calibration,
  calibrate,
  type DeviceModel,
  deviceModelToJSON,
  METRICS,
  metricRows,
  type Suggestion,
  sourcePhysics,
  suggestSamples,
} from '@stepclock/token2metrics';
import type { Token2MetricsCalibrateArgs } from '../commands/token2metrics.js';
import { InputError, UsageError } from '../errors.js';
import { ExitCode } from '../exit-code.js';
import { checkOutputs, refuseOverwriting } from '../output-paths.js';
import type { Session } from '../session.js';
import { calibrationText, modelText, suggestionText } from '../text/token2metrics-text.js';
import { given } from './given.js';
import { factsOf, readMeasurements, tableOf } from './token2metrics-input.js';
import { modelFileName, readModel } from './token2metrics-models.js';

const CALIBRATED_FOLDER = 'token2metrics-calibrated';

const rangeOf = (
  option: string,
  texts: readonly string[] | undefined,
  otherwise: readonly [number, number],
): readonly [number, number] => {
  if (texts === undefined || texts.length === 0) return otherwise;
  const [low = Number.NaN, high = Number.NaN, ...more] = texts.map(Number);
  if (Number.isSafeInteger(low) && Number.isSafeInteger(high) && low >= 1 && high > low && more.length === 0)
    return [low, high];
  throw new UsageError(`--${option}: must be low,high with 1 <= low < high; got '${texts.join(',')}'`);
};

/** The samples of the target, or undefined when only a suggestion is asked for. */
const samplesOf = async (args: Token2MetricsCalibrateArgs, source: DeviceModel, session: Session) => {
  if (args.data === undefined) return undefined;
  return tableOf(await readMeasurements(args, session, source.name), source.name, session);
};

const suggestionsFor = (
  args: Token2MetricsCalibrateArgs,
  source: DeviceModel,
  measured: Awaited<ReturnType<typeof samplesOf>>,
): Suggestion[] => {
  // The longest run is what a model is asked about most: total latency, or what there is of it.
  const metric = (['total', 'decode', ...METRICS] as const).find((name) => sourcePhysics(source, name) !== undefined);
  const physics = metric && sourcePhysics(source, metric);
  if (!metric || !physics)
    throw new InputError(`${source.name}: must have a physics form of a metric to suggest samples; got none`);
  const [input, output] = source.metrics[metric]?.range.features ?? [];
  const rows = measured && metricRows(measured, metric);
  return suggestSamples(physics, rows && rows.target.length > 0 ? rows.tokens : undefined, {
    ...given({ count: args.suggest }),
    inputTokens: rangeOf('input-range', args.inputRange, [
      Math.max(1, input?.min ?? 1),
      Math.max(2, input?.max ?? 4096),
    ]),
    outputTokens: rangeOf('output-range', args.outputRange, [
      Math.max(1, output?.min ?? 1),
      Math.max(2, output?.max ?? 4096),
    ]),
  });
};

const calibrationJson = ({ metrics, left }: Calibration): object => ({
  metrics: metrics.map(({ metric, samples, choice }) => ({
    metric,
    samples,
    method: choice.method,
    reason: choice.reason,
    leave_one_out: choice.trials.map(({ method, looMapePercent }) => ({ method, mape_percent: looMapePercent })),
  })),
  not_carried_over: left,
});

/** `stepclock token2metrics calibrate`. */
export const runToken2MetricsCalibrate = async (
  args: Token2MetricsCalibrateArgs,
  session: Session,
): Promise<ExitCode> => {
  if (args.data === undefined && args.suggest === undefined) {
    throw new UsageError('--data: must name samples measured on the target, or --suggest must ask which to measure');
  }
  const folder = args.output ?? CALIBRATED_FOLDER;
  const data = args.data === undefined ? [] : [args.data];
  await checkOutputs({ streams: { json: args.json }, folders: { output: folder } }, data);
  const { model: source, path } = await readModel(args);
  const samples = await samplesOf(args, source, session);
  const calibration =
    samples &&
    calibrate(source, samples, {
      name: source.name,
      facts: factsOf(args),
      ...given({ method: args.method, level: args.level }),
    });
  const suggestions = args.suggest === undefined ? [] : suggestionsFor(args, source, samples);
  const target = join(folder, modelFileName(source.name));
  refuseOverwriting({ output: target, json: args.json }, [path, ...data]);
  if (calibration) {
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
    ...(calibration ? calibrationJson(calibration) : { metrics: [], not_carried_over: [] }),
    suggestions: suggestions.map((s) => ({
      input_tokens: s.inputTokens,
      output_tokens: s.outputTokens,
      uncertainty_before: s.uncertaintyBefore,
      uncertainty_after: s.uncertaintyAfter,
    })),
  });
  if (!taken) {
    const parts = calibration ? [calibrationText(calibration), modelText(calibration.model), `Wrote ${target}.`] : [];
    if (suggestions.length > 0) parts.push(suggestionText(suggestions));
    session.print(parts.join('\n\n'));
  }
  return ExitCode.ok;
};
