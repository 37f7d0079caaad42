import { RegressionError } from '../regression-error.js';

const refuse = (option: string, rule: string, value: number): never => {
  throw new RegressionError('regression/bad-option', `${option}: must be ${rule}; got ${value}`, {
    feature: option,
    value,
    expected: rule,
  });
};

/** @throws RegressionError `regression/bad-option` */
export const wholeNumberFrom = (least: number, option: string, value: number): number =>
  Number.isSafeInteger(value) && value >= least ? value : refuse(option, `a whole number from ${least}`, value);

/** Whole, or Infinity for no bound. @throws RegressionError `regression/bad-option` */
export const wholeNumberOrInfinity = (least: number, option: string, value: number): number =>
  value === Number.POSITIVE_INFINITY ? value : wholeNumberFrom(least, option, value);

/** @throws RegressionError `regression/bad-option` */
export const positiveNumber = (option: string, value: number): number =>
  Number.isFinite(value) && value > 0 ? value : refuse(option, 'above 0', value);

/** @throws RegressionError `regression/bad-option` */
export const nonNegativeNumber = (option: string, value: number): number =>
  Number.isFinite(value) && value >= 0 ? value : refuse(option, 'at least 0', value);

/** Above 0 and at most 1. @throws RegressionError `regression/bad-option` */
export const share = (option: string, value: number): number =>
  value > 0 && value <= 1 ? value : refuse(option, 'above 0 and at most 1', value);
