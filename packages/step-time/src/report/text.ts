import { percentText, significantText, textTable } from '@stepclock/charts';
import type { StepTimes } from '../data/step-times.js';
import type { EstimatorComparison } from '../fit/compare-estimators.js';
import type { StepTimeFit } from '../fit/fit-step-time.js';
import { influenceInWords } from '../fit/influence-report.js';
import type { StepTimeEvaluation } from '../model/evaluate-step-time.js';
import type { MissedPoint } from '../model/points-over-threshold.js';
import type { StepTimeModel } from '../model/step-time-model.js';
import type { StepTimeFile } from '../model/step-time-schema.js';

const LISTED = 10;

/** Counts that may be averages: 49, 36.105. */
const plain = (x: number | undefined): string => (x === undefined ? '-' : String(Number(x.toPrecision(6))));

const shown = (x: number | null | undefined, digits = 4): string =>
  x === null || x === undefined ? '-' : significantText(x, digits);

/** A p-value: those that underflow are not 0. */
const pText = (p: number | null): string => (p === null ? '-' : p === 0 ? '< 1e-300' : p.toExponential(1));

const place = (times: StepTimes, row: number): string =>
  times.lines === undefined ? `row ${row + 1}` : `line ${times.lines[row]}`;

/** The rows that were missed by more than the threshold, the worst ones listed. */
const missedText = (times: StepTimes, missed: readonly MissedPoint[], thresholdPercent: number): string => {
  const head = `${missed.length} of ${times.length} points ${missed.length === 1 ? 'is' : 'are'} off by more than ${thresholdPercent} %`;
  if (missed.length === 0) return `${head}.`;
  const rows = missed
    .slice(0, LISTED)
    .map(({ row, stepTimeMs, predictedMs, errorPercent }) => [
      place(times, row),
      plain(times.batchSize[row]),
      plain(times.sequenceLength[row]),
      shown(stepTimeMs),
      shown(predictedMs),
      `${errorPercent.toFixed(1)} %`,
    ]);
  const more = missed.length > LISTED ? ` (the worst ${LISTED})` : '';
  return `${head}${more}:\n${textTable([['', 'batch', 'sequence', 'measured ms', 'predicted ms', 'error'], ...rows])}`;
};

const coefficientsText = ({ leastSquares, coefficientNames, influence }: StepTimeFit): string => {
  const without = influence.coefficientsWithout;
  const head = [
    '',
    'per',
    'ms',
    'std error',
    'HC3 error',
    't',
    'p',
    `${+(100 * leastSquares.level).toFixed(2)} % interval`,
  ];
  const rows = leastSquares.coefficients.map((c, j) => [
    coefficientNames[j] ?? '',
    c.term === '(intercept)' ? 'step' : c.term,
    shown(c.estimate, 5),
    shown(c.standardError, 3),
    shown(c.hc3.standardError, 3),
    shown(c.t, 4),
    pText(c.p),
    c.interval === null ? '-' : `[${shown(c.interval[0])}, ${shown(c.interval[1])}]`,
    ...(without === null ? [] : [shown(without[j], 5)]),
  ]);
  const titles =
    without === null
      ? head
      : [...head, `ms without ${influence.dominant.length + influence.pivotal.length > 1 ? 'them' : 'it'}`];
  return textTable([titles, ...rows], [0, 1]);
};

const decisiveText = ({ times, influence }: StepTimeFit): string[] =>
  [...influence.dominant, ...influence.pivotal]
    .slice(0, LISTED)
    .map(
      ({ row, stepTimeMs, predictedMs, studentised }) =>
        `  ${place(times, row)}: batch ${plain(times.batchSize[row])}, sequence ${plain(times.sequenceLength[row])}, ` +
        `${shown(stepTimeMs)} ms where the fit says ${shown(predictedMs)} ms (studentised residual ${shown(studentised, 3)})`,
    );

const furtherText = ({ furtherFeatures, leastSquares }: StepTimeFit): string[] => {
  const { r2 } = leastSquares.statistics;
  const useful = furtherFeatures.filter((f) => f.r2 !== null);
  const lines = useful.map(
    ({ name, r2: withIt }) =>
      `  --features ${name}: r2 ${withIt?.toFixed(3)} (${r2 === null ? '-' : r2.toFixed(3)} without)`,
  );
  if (lines.length === 0) return [];
  const best = Math.max(...useful.map((f) => f.r2 ?? 0));
  return [
    'The data has further features:',
    ...lines,
    ...(best < 0.5
      ? ['  Even so most of the variation comes from what is not in the data; preemption does that, for example.']
      : []),
    '',
  ];
};

const comparisonText = ({ scores, trainRows, testRows, seed }: EstimatorComparison): string => {
  const rows = scores.map((score) =>
    'failure' in score
      ? [score.name, 'not fitted']
      : [score.name, shown(score.train.r2), shown(score.train.rmse), shown(score.test.r2), shown(score.test.rmse)],
  );
  return (
    `Estimators on ${trainRows} rows, tested on ${testRows} (seed ${seed}):\n` +
    textTable([['', 'r2 train', 'RMSE train, ms', 'r2 test', 'RMSE test, ms'], ...rows])
  );
};

const crossValidationText = ({
  cv_scores: folds,
  cv_scores_mean: mean,
  cv_scores_std: sd,
  cv_rmse: rmse,
  cv_r2: r2,
  n,
  settings,
}: StepTimeFile['statistics']): string => {
  const scored = (folds ?? []).filter((one) => one !== null).length;
  if (folds === null || mean === null || scored === 0) return 'r2 in cross-validation not defined';
  // A fold of one setting has hardly any spread of its own that r2 could be a part of.
  if (settings !== undefined && settings < n && typeof rmse === 'number') {
    return `on settings left out (${settings} settings) r2 ${shown(r2 ?? null)}, RMSE ${shown(rmse)} ms`;
  }
  if (scored === 1)
    return `r2 ${shown(mean)} in one of ${folds.length} shuffled folds (in the others it is not defined)`;
  const of = scored < folds.length ? `${scored} of ${folds.length}` : scored;
  return `r2 in cross-validation ${shown(mean)} +- ${shown(sd, 2)} over ${of} shuffled folds`;
};

/** Every statistic of the file, a line a kind. */
const statisticsText = (s: StepTimeFile['statistics']): string[] => [
  `r2 ${shown(s.r2)}, adjusted ${shown(s.adjusted_r2)}, explained variance ${shown(s.explained_variance)}; ${crossValidationText(s)}`,
  `RMSE ${shown(s.rmse)} ms, MSE ${shown(s.mse)} ms^2, MAE ${shown(s.mae)} ms, MAPE ${shown(s.mape)} %`,
  `|error| median ${shown(s.median_abs_error)}, 90 % ${shown(s['90th_percentile_error'])}, 95 % ${shown(s['95th_percentile_error'])}, 99 % ${shown(s['99th_percentile_error'])}, largest ${shown(s.max_error)} ms`,
  `F ${shown(s.f_statistic)} (p ${pText(s.p_value)}); residual standard error ${shown(s.residual_standard_error)} ms on ${s.df} degrees of freedom; AIC ${shown(s.aic)}, BIC ${shown(s.bic)}`,
  `Condition number ${s.condition_number.toExponential(2)} (${shown(s.scaled_condition_number, 3)} with columns scaled)`,
];

/** A fit for people: first what decides it, then the figures. @param file what `stepTimeFile` made of the same fit */
export const stepTimeFitText = (
  fit: StepTimeFit,
  comparison: EstimatorComparison,
  file: StepTimeFile,
  missed: readonly MissedPoint[],
): string =>
  [
    influenceInWords(fit.influence, fit.times.length),
    ...decisiveText(fit),
    '',
    file.formula,
    coefficientsText(fit),
    '',
    ...statisticsText(file.statistics),
    '',
    ...furtherText(fit),
    comparisonText(comparison),
    '',
    missedText(fit.times, missed, file.points_over_threshold.threshold_percent),
  ].join('\n');

/** How a model does on other steps, for people. */
export const evaluationText = (
  model: StepTimeModel,
  times: StepTimes,
  { metrics, intervalCoverage, missed, thresholdPercent }: StepTimeEvaluation,
): string =>
  [
    `${model.name} on ${times.length} steps: r2 ${metrics.r2 === null ? 'not defined (all times are the same)' : shown(metrics.r2)}, ` +
      `RMSE ${shown(metrics.rmse)} ms, MAE ${shown(metrics.mae)} ms, MAPE ${shown(metrics.mapePercent)} %, bias ${shown(metrics.bias, 3)} ms`,
    ...(intervalCoverage === null
      ? []
      : [`${percentText(intervalCoverage, 1)} of the steps lie in their 95 % prediction intervals`]),
    missedText(times, missed, thresholdPercent),
  ].join('\n');
