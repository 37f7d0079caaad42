import { fault } from '../fault.js';

const checked = (holds: boolean, option: string, rule: string, value: number): number => {
  if (holds) return value;
  throw fault('regression/bad-option', { what: option, rule: `must be ${rule}`, value });
};

/** @throws Fault `regression/bad-option` */
export const wholeNumberFrom = (least: number, option: string, value: number): number =>
  checked(Number.isSafeInteger(value) && value >= least, option, `a whole number from ${least}`, value);

/** @throws Fault `regression/bad-option` */
export const wholeNumberBetween = (least: number, most: number, option: string, value: number): number =>
  checked(
    Number.isSafeInteger(value) && value >= least && value <= most,
    option,
    `a whole number from ${least} to ${most}`,
    value,
  );

/** Whole, or Infinity for no bound. @throws Fault `regression/bad-option` */
export const wholeNumberOrInfinity = (least: number, option: string, value: number): number =>
  value === Number.POSITIVE_INFINITY ? value : wholeNumberFrom(least, option, value);

/** Finite and above a bound. @throws Fault `regression/bad-option` */
export const above = (least: number, option: string, value: number): number =>
  checked(Number.isFinite(value) && value > least, option, `above ${least}`, value);

/** @throws Fault `regression/bad-option` */
export const nonNegativeNumber = (option: string, value: number): number =>
  checked(Number.isFinite(value) && value >= 0, option, 'at least 0', value);

/** Above 0 and at most 1. @throws Fault `regression/bad-option` */
export const share = (option: string, value: number): number =>
  checked(value > 0 && value <= 1, option, 'above 0 and at most 1', value);

/** From 0 to below 1. @throws Fault `regression/bad-option` */
export const belowOne = (option: string, value: number): number =>
  checked(value >= 0 && value < 1, option, 'from 0 to below 1', value);

/** Of an interval: strictly between 0 and 1. @throws Fault `regression/bad-option` */
export const confidenceLevel = (level: number): number =>
  checked(level > 0 && level < 1, 'level', 'between 0 and 1', level);
