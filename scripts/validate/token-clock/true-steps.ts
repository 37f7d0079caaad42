import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { fitSteps, type StepColumns, stepPeriods } from '@stepclock/step-model';
import { readTrace } from '@stepclock/trace-io';

/** A step log that was taken in the engine. */
export interface TrueSteps extends StepColumns {
  readonly startSec: Float64Array;
  readonly endSec: Float64Array;
  readonly contextTokens: Float64Array;
}

export const textOf = (path: string): string => {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
};

/** @param leftOut steps at the beginning that are not read */
export const trueStepsOf = async (path: string, leftOut = 0): Promise<TrueSteps> => {
  const { steps } = await readTrace(new Blob([textOf(path)]).stream(), { fileName: 'steps.csv' });
  const { startSec, contextTokens } = steps ?? {};
  if (steps === undefined || startSec === undefined || contextTokens === undefined) {
    throw new Error(`${path}: a step log must tell when steps start and their context`);
  }
  const kept = (column: Float64Array): Float64Array => column.subarray(leftOut);
  return {
    length: steps.length - leftOut,
    startSec: kept(startSec),
    durationSec: kept(steps.durationSec),
    endSec: kept(startSec.map((sec, k) => sec + steps.durationSec[k])),
    prefillTokens: kept(steps.prefillTokens),
    decodeTokens: kept(steps.decodeTokens),
    contextTokens: kept(contextTokens),
  };
};

/** The regression of a true step log by its periods, weights 1 / fitted, the four base terms; and what its mean step holds. */
export const regressionOf = (log: TrueSteps): { coefficients: readonly number[]; mean: readonly number[] } => {
  const periods = stepPeriods(log, log.endSec);
  const { betas } = fitSteps(periods, { model: 'kv' });
  const mean = (column: Float64Array | undefined): number =>
    (column?.reduce((sum, value) => sum + value, 0) ?? 0) / periods.length;
  return {
    coefficients: ['beta0', 'beta1', 'beta2', 'beta3'].map((label) => betas[label] ?? 0),
    mean: [1, mean(periods.prefillTokens), mean(periods.decodeTokens), mean(periods.contextTokens)],
  };
};
