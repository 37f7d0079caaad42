import { evaluateStepTime, missedJSON, readStepTimes } from '@stepclock/step-time';
import type { StepTimeEvaluateArgs } from '../commands/step-time.js';
import { ExitCode } from '../exit-code.js';
import { checkOutputs } from '../output-paths.js';
import type { Session } from '../session.js';
import { percent, significant } from '../text/quantity.js';
import { missedText } from '../text/step-time-text.js';
import { readTidyFile } from '../tidy-input.js';
import { DEFAULT_THRESHOLD_PERCENT, readStepTimeModel } from './step-time-input.js';

/** Missed points that go into the JSON at most. */
const LISTED = 100;

/** `stepclock step-time evaluate`. */
export const runStepTimeEvaluate = async (args: StepTimeEvaluateArgs, session: Session): Promise<ExitCode> => {
  const { model: modelPath = '-', dataPath = '-', filter = [] } = args;
  const thresholdPercent = args.errorThreshold ?? DEFAULT_THRESHOLD_PERCENT;
  await checkOutputs({ streams: { json: args.json } }, [modelPath, dataPath]);
  const model = await readStepTimeModel(modelPath, session);
  const { table, name, sha256 } = await readTidyFile(dataPath, session);
  const times = readStepTimes(table, { features: model.features, filter });
  const { metrics, intervalCoverage, extrapolatedRows, missed } = evaluateStepTime(model, times, thresholdPercent);
  const warnings =
    extrapolatedRows === 0
      ? []
      : [
          {
            code: 'extrapolation',
            message: `${extrapolatedRows} of ${times.length} rows lie outside of what the fit has seen`,
          },
        ];
  for (const { code, message } of warnings) session.log.warn(`${message} [${code}]`);
  const taken = await session.writeJson(args.json, {
    schema: 'stepclock/step-time-evaluation@1',
    model_name: model.name,
    units: { errors: 'ms', mape: 'percent', mse: 'ms^2' },
    statistics: {
      n: metrics.n,
      r2: metrics.r2,
      explained_variance: metrics.explainedVariance,
      mse: metrics.mse,
      rmse: metrics.rmse,
      mae: metrics.mae,
      mape: metrics.mapePercent,
      bias: metrics.bias,
      max_error: metrics.maxAbsoluteError,
      median_abs_error: metrics.medianAbsoluteError,
      '90th_percentile_error': metrics.p90AbsoluteError,
      '95th_percentile_error': metrics.p95AbsoluteError,
      '99th_percentile_error': metrics.p99AbsoluteError,
    },
    prediction_interval_coverage: intervalCoverage,
    extrapolated_rows: extrapolatedRows,
    points_over_threshold: {
      threshold_percent: thresholdPercent,
      count: missed.length,
      points: missed.slice(0, LISTED).map((point) => missedJSON(times, point)),
    },
    input: { file: name, sha256, rows: times.length, filter },
    warnings,
    stepclock_version: session.version,
  });
  if (!taken) {
    const r2 = metrics.r2 === null ? 'not defined (all times are the same)' : significant(metrics.r2, 4);
    const mape = metrics.mapePercent === null ? '-' : significant(metrics.mapePercent, 4);
    session.print(
      [
        `${model.name} on ${times.length} steps: r2 ${r2}, RMSE ${significant(metrics.rmse, 4)} ms, MAE ${significant(metrics.mae, 4)} ms, ` +
          `MAPE ${mape} %, bias ${significant(metrics.bias, 3)} ms`,
        ...(intervalCoverage === null
          ? []
          : [`${percent(intervalCoverage, 1)} of the steps lie in their 95 % prediction intervals`]),
        missedText(times, missed, thresholdPercent),
      ].join('\n'),
    );
  }
  return ExitCode.ok;
};
