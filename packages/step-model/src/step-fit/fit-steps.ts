import type { StepColumns } from '../step-columns.js';
import { StepFitter } from './step-fitter.js';
import type { FitStepsOptions, StepsFit } from './steps-fit.js';

/**
 * Fits the cost of a step straight to a step log: least squares with bounds and priors, weighted by 1 / fitted seconds, so that the measured time
 * of the log is met, stalls apart, with intervals by leaving out blocks of steps.
 *
 * @param steps an engine's step log, or the true one of a simulation; seconds and tokens
 * @throws Fault `step-model/no-steps`, `step-model/bad-step`, `step-model/no-context`, `step-cost/unknown-term`
 */
export const fitSteps = (steps: StepColumns, options: FitStepsOptions = {}): StepsFit => {
  const fitter = new StepFitter(options);
  fitter.add(steps);
  return fitter.fit();
};
