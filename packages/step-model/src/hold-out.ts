import { activeSum, prefixIntegral, prefixSum, sumBetween, timeGrid } from '@stepclock/overlap-pressure';
import type { Betas } from '@stepclock/step-cost';
import { DECODE, type PhaseTable, PREFILL } from '@stepclock/trace-io';
import { fsum, median } from 'd3-array';
import { StepModelError } from './step-model-error.js';

/** A part of a trace, seconds on its clock. A phase that starts before it or ends after it is censored: it presses, but gives no count. */
export type TraceWindow = readonly [fromSec: number, toSec: number];

/** The whole time span of a trace. */
export const spanOfPhases = ({ length, startSec, endSec }: PhaseTable): TraceWindow => {
  if (length === 0)
    throw new StepModelError('step-model/no-phases', { what: 'phases', rule: 'must have a row', value: 0 });
  return [startSec.reduce((a, b) => Math.min(a, b), Infinity), endSec.reduce((a, b) => Math.max(a, b), -Infinity)];
};

/**
 * The first part of a trace's time span, to fit on, and the rest, to test on.
 *
 * @param fraction of the span that the first part covers, in (0, 1)
 * @throws StepModelError `step-model/bad-fraction`, `step-model/no-phases`
 */
export const holdOutSplit = (
  phases: PhaseTable,
  fraction: number,
): { readonly fit: TraceWindow; readonly rest: TraceWindow } => {
  if (!(fraction > 0 && fraction < 1)) {
    const rule = 'must lie between 0 and 1';
    throw new StepModelError('step-model/bad-fraction', { what: 'fraction', rule, value: fraction });
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

/** N of a decode: a given step count wins over the tokens. */
const decodeSteps = (phases: PhaseTable, i: number): number => {
  const given = phases.steps?.[i];
  return given !== undefined && given >= 0 ? given : phases.decodeTokens[i];
};

/** Prompt tokens by request, cached ones included. */
const promptTokens = (phases: PhaseTable): Float64Array => {
  const tokens = new Float64Array(phases.requestIds.length);
  for (let i = 0; i < phases.length; i++) {
    if (phases.kind[i] !== PREFILL) continue;
    tokens[phases.request[i]] = phases.prefillTokens[i] + (phases.cachedTokens?.[i] ?? 0);
  }
  return tokens;
};

/** Predicted durations of the decode phases of one engine, by row; NaN in the rows of prefills. */
const predictEngine = (phases: PhaseTable, rows: Uint32Array, betas: Betas): Float64Array => {
  const origin = rows.reduce((least, i) => Math.min(least, phases.startSec[i]), Infinity);
  const start = Float64Array.from(rows, (i) => phases.startSec[i] - origin);
  const end = Float64Array.from(rows, (i) => phases.endSec[i] - origin);
  const grid = timeGrid(start, end);
  const prompts = promptTokens(phases);
  const isDecode = (k: number) => phases.kind[rows[k]] === DECODE;
  const work = Float64Array.from(rows, (i, k) => (isDecode(k) ? decodeSteps(phases, i) : phases.prefillTokens[i]));
  const rate = work.map((tokens, k) => tokens / (end[k] - start[k]));
  const decodeRate = rate.map((r, k) => (isDecode(k) ? r : 0));
  const prefillRate = rate.map((r, k) => (isDecode(k) ? 0 : r));
  // A decode's context grows evenly from its prompt: at time t it is base + rate t.
  const base = decodeRate.map((r, k) => (isDecode(k) ? prompts[phases.request[rows[k]]] - r * start[k] : 0));
  const decodes = activeSum(grid, decodeRate);
  const bases = activeSum(grid, base);
  const context = decodes.map((r, j) => {
    const middle = (grid.timesSec[j] + grid.timesSec[j + 1]) / 2;
    return (bases[j] + r * middle) * grid.segmentSec[j];
  });
  const decoded = prefixIntegral(grid, decodes);
  const prefilled = prefixIntegral(grid, activeSum(grid, prefillRate));
  const held = prefixSum(context);
  return work.map((steps, k) => {
    if (!isDecode(k)) return Number.NaN;
    const from = grid.startIndex[k];
    const to = grid.endIndex[k];
    return (
      betas.beta0 * steps +
      betas.beta1 * sumBetween(prefilled, from, to) +
      betas.beta2 * sumBetween(decoded, from, to) +
      (betas.beta3 ?? 0) * rate[k] * sumBetween(held, from, to)
    );
  });
};

/**
 * The duration of every decode phase from the coefficients: its N steps, the prefill tokens and decode tokens that the
 * engine processed meanwhile (those of a phase spread evenly over it), and the context read in each step. NaN for prefills.
 * No setting of the engine is needed. Linear in the phases.
 */
export const predictDecodes = (phases: PhaseTable, betas: Betas): Float64Array => {
  const engines = phases.instance === undefined ? 1 : phases.instance.reduce((most, i) => Math.max(most, i + 1), 1);
  const predicted = new Float64Array(phases.length).fill(Number.NaN);
  for (let engine = 0; engine < engines; engine++) {
    const rows = Uint32Array.from({ length: phases.length }, (_, i) => i).filter(
      (i) => (phases.instance?.[i] ?? 0) === engine,
    );
    if (rows.length === 0) continue;
    for (const [k, sec] of predictEngine(phases, rows, betas).entries()) predicted[rows[k]] = sec;
  }
  return predicted;
};

/** Prediction error of coefficients on the decode phases of a window, such as the part of a trace that they were not fitted on. */
export const holdOutError = (phases: PhaseTable, betas: Betas, [from, to]: TraceWindow): HoldOutError => {
  const predicted = predictDecodes(phases, betas);
  const errors: number[] = [];
  const sums = { predicted: [] as number[], measured: [] as number[] };
  let censored = 0;
  for (let i = 0; i < phases.length; i++) {
    const start = phases.startSec[i];
    const end = phases.endSec[i];
    if (!(start < to && end > from)) continue;
    if (start < from || end > to) censored++;
    else if (phases.kind[i] === DECODE && decodeSteps(phases, i) > 0) {
      const guess = predicted[i];
      errors.push(Math.abs(guess / (end - start) - 1));
      sums.predicted.push(guess);
      sums.measured.push(end - start);
    }
  }
  const measured = fsum(sums.measured);
  const none = errors.length === 0;
  return {
    count: errors.length,
    censored,
    meanAbsoluteError: none ? null : fsum(errors) / errors.length,
    medianAbsoluteError: none ? null : (median(errors) ?? null),
    bias: none ? null : (fsum(sums.predicted) - measured) / measured,
  };
};
