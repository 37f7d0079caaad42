import {
  type EstimatorComparison,
  influenceInWords,
  type MissedPoint,
  type StepTimeFit,
  type StepTimes,
} from '@stepclock/step-time';
import { significant } from './quantity.js';
import { tableText } from './table.js';

const LISTED = 10;

/** Counts that may be averages: 49, 36.105. */
const plain = (x: number | undefined): string => (x === undefined ? '-' : String(Number(x.toPrecision(6))));

const shown = (x: number | null | undefined, digits = 4): string =>
  x === null || x === undefined ? '-' : significant(x, digits);

/** A p-value: those that underflow are not 0. */
const pText = (p: number | null): string => (p === null ? '-' : p === 0 ? '< 1e-300' : p.toExponential(1));

const place = (times: StepTimes, row: number): string =>
  times.lines === undefined ? `row ${row + 1}` : `line ${times.lines[row]}`;

/** The rows that were missed by more than the threshold, the worst ones listed. */
export const missedText = (times: StepTimes, missed: readonly MissedPoint[], thresholdPercent: number): string => {
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
  return `${head}${more}:\n${tableText([['', 'batch', 'sequence', 'measured ms', 'predicted ms', 'error'], ...rows])}`;
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
  return tableText([titles, ...rows], [0, 1]);
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
    tableText([['', 'r2 train', 'RMSE train, ms', 'r2 test', 'RMSE test, ms'], ...rows])
  );
};

/** A fit for people: first what decides it, then the figures. */
export const stepTimeFitText = (
  fit: StepTimeFit,
  formula: string,
  comparison: EstimatorComparison,
  missed: readonly MissedPoint[],
  thresholdPercent: number,
): string => {
  const { times, metrics, crossValidation, leastSquares, influence } = fit;
  const { statistics, conditionNumber } = leastSquares;
  const cv =
    crossValidation === null || crossValidation.meanR2 === null
      ? 'not defined'
      : `${shown(crossValidation.meanR2)} +- ${shown(crossValidation.sdR2, 2)} over ${crossValidation.folds.length} shuffled folds`;
  return [
    influenceInWords(influence, times.length),
    ...decisiveText(fit),
    '',
    formula,
    coefficientsText(fit),
    '',
    `r2 ${shown(statistics.r2)}, adjusted ${shown(statistics.adjustedR2)}; r2 in cross-validation ${cv}`,
    `F ${shown(statistics.fStatistic)} (p ${pText(statistics.fPValue)}); residual standard error ${shown(statistics.sigma)} ms on ${statistics.df} degrees of freedom`,
    `RMSE ${shown(metrics.rmse)} ms, MAE ${shown(metrics.mae)} ms, MAPE ${shown(metrics.mapePercent)} %; |error| median ${shown(metrics.medianAbsoluteError)}, 95 % ${shown(metrics.p95AbsoluteError)}, largest ${shown(metrics.maxAbsoluteError)} ms`,
    `Condition number ${conditionNumber.raw.toExponential(2)} (${shown(conditionNumber.scaled, 3)} with columns scaled)`,
    '',
    ...furtherText(fit),
    comparisonText(comparison),
    '',
    missedText(times, missed, thresholdPercent),
  ].join('\n');
};
