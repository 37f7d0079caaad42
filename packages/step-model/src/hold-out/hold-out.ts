import { compensatedSum, medianOf } from '@stepclock/numerics';
import { type Betas, CATALOGUE, type Term } from '@stepclock/step-cost';
import { DECODE, type PhaseTable } from '@stepclock/trace-io';
import { stepModelFault } from '../step-model-fault.js';
import { decodeSteps } from './engine-signals.js';
import { predictDecodes } from './predict-decodes.js';

/** A part of a trace, seconds on its clock. A phase that starts before it or ends after it is censored: it presses, but gives no count. */
export type TraceWindow = readonly [fromSec: number, toSec: number];

/** The whole time span of a trace. */
export const spanOfPhases = ({ length, startSec, endSec }: PhaseTable): TraceWindow => {
  if (length === 0) throw stepModelFault('step-model/no-phases', { what: 'phases', rule: 'must have a row', value: 0 });
  return [startSec.reduce((a, b) => Math.min(a, b), Infinity), endSec.reduce((a, b) => Math.max(a, b), -Infinity)];
};

/**
 * The first part of a trace's time span, to fit on, and the rest, to test on.
 *
 * @param fraction of the span that the first part covers, in (0, 1)
 * @throws Fault `step-model/bad-fraction`, `step-model/no-phases`
 */
export const holdOutSplit = (
  phases: PhaseTable,
  fraction: number,
): { readonly fit: TraceWindow; readonly rest: TraceWindow } => {
  if (!(fraction > 0 && fraction < 1)) {
    const rule = 'must be a number between 0 and 1';
    throw stepModelFault('step-model/bad-fraction', { what: 'fraction', rule, value: fraction });
  }
  const [from, to] = spanOfPhases(phases);
  const cut = from + fraction * (to - from);
  return { fit: [from, cut], rest: [cut, to] };
};

/** How well coefficients predict the decode phases of a window. Errors are fractions. */
export interface HoldOutError {
  /** Decode phases that lie in the window as a whole. */
  readonly count: number;
  /** Phases that the window's edges cut. */
  readonly censored: number;
  /** Of |predicted - measured| / measured over the phases; null without any. */
  readonly meanAbsoluteError: number | null;
  readonly medianAbsoluteError: number | null;
  /** (sum of predicted - sum of measured) / sum of measured. */
  readonly bias: number | null;
}

/** Prediction error of coefficients on the decode phases of a window, such as the part of a trace that they were not fitted on. */
export const holdOutError = (
  phases: PhaseTable,
  betas: Betas,
  [from, to]: TraceWindow,
  catalogue: readonly Term[] = CATALOGUE,
): HoldOutError => {
  const predicted = predictDecodes(phases, betas, catalogue);
  const errors: number[] = [];
  const sums = { predicted: [] as number[], measured: [] as number[] };
  let censored = 0;
  for (let i = 0; i < phases.length; i++) {
    const start = phases.startSec[i];
    const end = phases.endSec[i];
    if (!(start < to && end > from)) continue;
    if (start < from || end > to || phases.cut?.[i] === 1) censored++;
    else if (phases.kind[i] === DECODE && decodeSteps(phases, i) > 0) {
      const guess = predicted[i];
      errors.push(Math.abs(guess / (end - start) - 1));
      sums.predicted.push(guess);
      sums.measured.push(end - start);
    }
  }
  const measured = compensatedSum(sums.measured);
  const none = errors.length === 0;
  return {
    count: errors.length,
    censored,
    meanAbsoluteError: none ? null : compensatedSum(errors) / errors.length,
    medianAbsoluteError: none ? null : medianOf(errors),
    bias: none ? null : (compensatedSum(sums.predicted) - measured) / measured,
  };
};
