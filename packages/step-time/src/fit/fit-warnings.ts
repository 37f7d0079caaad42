import type { FitWarning, LeastSquaresFit } from '@stepclock/regression';
import type { StepTimes } from '../data/step-times.js';
import { type InfluenceReport, influenceInWords } from './influence-report.js';

/** A remark on a fit. */
export interface StepTimeWarning {
  readonly code:
    | FitWarning['code']
    | 'dominant-points'
    | 'negative-coefficient'
    | 'negative-prediction'
    | 'mixed-rows'
    | 'unit'
    | 'uneven-errors'
    | 'no-cross-validation'
    | 'wrong-formula';
  readonly message: string;
}

const dominanceWarning = (report: InfluenceReport, rows: number): StepTimeWarning[] =>
  report.dominant.length === 0 && report.pivotal.length === 0
    ? []
    : [
        {
          code: 'dominant-points',
          message: `${influenceInWords(report, rows)} Look there before you read the figures.`,
        },
      ];

/** How much larger HC3 errors may be than classic ones before that is worth saying. */
const UNEVEN = 2;

/** What the coefficients, and the rows that decide them, say against the fit. @param names of the coefficients in the formula */
export const fitWarnings = (
  fit: LeastSquaresFit,
  names: readonly string[],
  influence: InfluenceReport,
): StepTimeWarning[] => {
  const warnings = dominanceWarning(influence, fit.fitted.length);
  const uneven: { readonly name: string; readonly ratio: number }[] = [];
  fit.coefficients.forEach(({ estimate, interval, standardError, hc3 }, j) => {
    const name = names[j];
    if (estimate < 0 && (j < 3 || j === names.length - 1)) {
      const why =
        interval === null
          ? 'no rows are left to tell how sure that is.'
          : interval[1] >= 0
            ? 'its interval includes 0, so the data does not determine it.'
            : 'the formula does not describe these rows, or they are of several kinds.';
      warnings.push({
        code: 'negative-coefficient',
        message: `${name} is below 0 (${estimate.toPrecision(3)} ms), which no step costs: ${why}`,
      });
    }
    const ratio = (hc3.standardError ?? 0) / (standardError ?? Number.POSITIVE_INFINITY);
    if (influence.informative && ratio > UNEVEN) uneven.push({ name, ratio });
  });
  if (uneven.length > 0) {
    const most = Math.max(...uneven.map(({ ratio }) => ratio)).toPrecision(2);
    warnings.push({
      code: 'uneven-errors',
      message: `The HC3 errors of ${uneven.map(({ name }) => name).join(', ')} are up to ${Number(most)} times the classic ones: errors differ in size from row to row (or rows are few), so read the HC3 column.`,
    });
  }
  if (fit.fitted.some((value) => value < 0)) {
    warnings.push({
      code: 'negative-prediction',
      message: 'Some training rows are predicted to take less than no time.',
    });
  }
  return warnings;
};

/** What the rows say against one formula in ms. */
export const dataWarnings = ({ mixed = [], stepTimeSec }: StepTimes): StepTimeWarning[] => {
  const warnings: StepTimeWarning[] = mixed.map(({ column, values }) => ({
    code: 'mixed-rows',
    message: `Rows of ${values.length} values of ${column} (${values.slice(0, 4).join(', ')}${values.length > 4 ? ', ...' : ''}) share one formula; filter ${column}=${values[0]} to fit one.`,
  }));
  const typical = stepTimeSec.slice().sort()[stepTimeSec.length >> 1];
  if (typical > 5 || typical < 2e-5) {
    warnings.push({
      code: 'unit',
      message: `The median step_time is ${typical} s, which no decode step takes: step_time must be in seconds.`,
    });
  }
  return warnings;
};
