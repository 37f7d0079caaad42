import { formatNumber, type ModelReport, type NamedFigure, type Tone } from '@stepclock/charts';
import type { StepTimeFile } from '../model/step-time-schema.js';

/** The statistics in words; percentages and shares carry their unit, all else is ms or a pure number. */
const STATISTICS: Readonly<Record<string, readonly [label: string, unit: string]>> = {
  n: ['Rows', ''],
  df: ['Degrees of freedom', ''],
  r2: ['R²', ''],
  adjusted_r2: ['Adjusted R²', ''],
  explained_variance: ['Explained variance', ''],
  mse: ['Mean squared error', 'ms²'],
  rmse: ['Root mean squared error', 'ms'],
  mae: ['Mean absolute error', 'ms'],
  mape: ['Mean absolute percentage error', '%'],
  max_error: ['Largest error', 'ms'],
  median_abs_error: ['Median absolute error', 'ms'],
  '90th_percentile_error': ['90 % are off by at most', 'ms'],
  '95th_percentile_error': ['95 % are off by at most', 'ms'],
  '99th_percentile_error': ['99 % are off by at most', 'ms'],
  cv_scores_mean: ['R² in cross-validation, mean', ''],
  cv_scores_std: ['R² in cross-validation, standard deviation', ''],
  f_statistic: ['F statistic', ''],
  p_value: ['p of the F statistic', ''],
  residual_standard_error: ['Residual standard error', 'ms'],
  aic: ['AIC', ''],
  bic: ['BIC', ''],
  condition_number: ['Condition number', ''],
  scaled_condition_number: ['Condition number, columns scaled', ''],
};

const statisticsRows = (statistics: StepTimeFile['statistics']) =>
  Object.entries(statistics).flatMap(([name, value]) => {
    if (typeof value !== 'number') return [];
    const [label, unit] = STATISTICS[name] ?? [name.replaceAll('_', ' '), ''];
    const whole = Number.isInteger(value) ? 15 : 4;
    return [[label, `${formatNumber(value, whole)}${unit === '' ? '' : ` ${unit}`}`]];
  });

const coefficientRows = (rows: StepTimeFile['coefficient_table']) =>
  rows.map(({ name, term, estimate, standard_error, t, p, interval }) => [
    name,
    term.replaceAll('*', ' × '),
    estimate,
    standard_error,
    interval === null ? 'n/a' : `${formatNumber(interval[0])} to ${formatNumber(interval[1])}`,
    t,
    p === null ? 'n/a' : p < 1e-4 ? '< 0.0001' : formatNumber(p, 2),
  ]);

/** What the fit is worth: a mean error above 20 %, or less than half of the variance explained, is no model. */
const toneOf = ({ r2, mape }: StepTimeFile['statistics'], warned: boolean): Tone => {
  const careful = warned || (mape ?? 0) > 5 || (r2 ?? 1) < 0.9;
  return (mape ?? 0) > 20 || (r2 ?? 1) < 0.5 ? 'bad' : careful ? 'caution' : 'good';
};

const headlineOf = ({ r2, mape, rmse }: StepTimeFile['statistics']): string => {
  const miss =
    mape === null
      ? `with a root mean squared error of ${formatNumber(rmse ?? Number.NaN, 2)} ms`
      : `within ${formatNumber(mape, 2)} % on average`;
  const explained = r2 === null ? '' : `, and explains ${formatNumber(Math.max(0, r2) * 100, 3)} % of its variance`;
  return `The formula gives the time of a step ${miss}${explained}.`;
};

/** The report of a step-time fit, without its provenance. */
export const stepTimeReport = (
  file: StepTimeFile,
  figures: readonly NamedFigure[],
  input: { readonly name: string; readonly sha256: string; readonly rows: number },
): ModelReport => {
  const { r2, rmse, mape } = file.statistics;
  const figure = (label: string, value: number | null, unit?: string, note?: string) =>
    value === null ? [] : [{ label, value: formatNumber(value), ...(unit && { unit }), ...(note && { note }) }];
  return {
    title: `Step time of ${file.model_name}`,
    subtitle: input.name,
    tone: toneOf(file.statistics, file.warnings.length > 0),
    headline: headlineOf(file.statistics),
    points: [file.headline, file.formula.replaceAll('*', ' × ')],
    keyFigures: [
      ...figure('R²', r2),
      ...figure('Root mean squared error', rmse, 'ms'),
      ...figure('Mean absolute percentage error', mape, '%'),
      ...figure('Rows', file.statistics.n),
    ],
    warnings: file.warnings,
    sections: [
      {
        title: 'Coefficients',
        tables: [
          {
            title: 'Coefficients, ms',
            columns: [
              'Name',
              'Term',
              'Estimate',
              'Standard error',
              `${formatNumber(100 * file.interval_level)} % interval`,
              't',
              'p',
            ],
            rows: coefficientRows(file.coefficient_table),
          },
        ],
      },
      { title: 'Figures', figures },
      {
        title: 'Statistics',
        tables: [{ title: 'Statistics', columns: ['Figure', 'Value'], rows: statisticsRows(file.statistics) }],
      },
    ],
    inputs: [input],
    seed: file.model_comparison.seed,
  };
};
