import { sumBetween } from '@stepclock/overlap-pressure';
import { type Betas, CATALOGUE, emptyStretch, type StepCost, stepCost, type Term, termOf } from '@stepclock/step-cost';
import type { PhaseTable } from '@stepclock/trace-io';
import { isAffineInBatch } from '../prediction/term-forms.js';
import { type DividedModel, engineSignals } from './engine-signals.js';

const costOf = (betas: Betas, catalogue: readonly Term[]): DividedModel => {
  const part = (affine: boolean): StepCost => {
    const chosen = Object.entries(betas).filter(([label]) => isAffineInBatch(termOf(label, catalogue)) === affine);
    return stepCost(Object.fromEntries(chosen), catalogue);
  };
  return { ofMeans: part(true), ofBatches: part(false) };
};

/** Predicted durations of the decode phases of one engine, by row; NaN in the rows of prefills. */
const predictEngine = (phases: PhaseTable, rows: Uint32Array, model: DividedModel): Float64Array => {
  const signals = engineSignals(phases, rows, model);
  const { grid, work, rate, isDecode } = signals;
  const stretch = emptyStretch();
  return work.map((steps, k) => {
    if (!isDecode(k)) return Number.NaN;
    if (steps === 0) return 0;
    const from = grid.startIndex[k];
    const to = grid.endIndex[k];
    stretch.steps = steps;
    stretch.decodeSeqs = sumBetween(signals.decodeTokens, from, to) / steps;
    stretch.contextTokens = (rate[k] * sumBetween(signals.contextSec, from, to)) / steps;
    stretch.prefillTokens = sumBetween(signals.prefillTokens, from, to);
    stretch.prefillSteps = Math.min(steps, sumBetween(signals.prefillSteps, from, to));
    stretch.prefillRequests = sumBetween(signals.prefillRequests, from, to);
    stretch.prefillContext = sumBetween(signals.prefillContext, from, to);
    return model.ofMeans.secondsOf(stretch) + rate[k] * sumBetween(signals.stepCostSec, from, to);
  });
};

/**
 * The duration of every decode phase from the coefficients: its N steps, the prefill tokens and decode tokens that the
 * engine processed meanwhile (those of a phase spread evenly over it), and the context read in each step. NaN for prefills.
 * No setting of the engine is needed. Linear in the phases.
 *
 * @param betas seconds per unit, by label
 * @throws Fault `step-cost/unknown-term`, `step-cost/bad-coefficient`
 */
export const predictDecodes = (
  phases: PhaseTable,
  betas: Betas,
  catalogue: readonly Term[] = CATALOGUE,
): Float64Array => {
  const cost = costOf(betas, catalogue);
  const engines = phases.instance === undefined ? 1 : phases.instance.reduce((most, i) => Math.max(most, i + 1), 1);
  const predicted = new Float64Array(phases.length).fill(Number.NaN);
  for (let engine = 0; engine < engines; engine++) {
    const rows = Uint32Array.from({ length: phases.length }, (_, i) => i).filter(
      (i) => (phases.instance?.[i] ?? 0) === engine,
    );
    if (rows.length === 0) continue;
    for (const [k, sec] of predictEngine(phases, rows, cost).entries()) predicted[rows[k]] = sec;
  }
  return predicted;
};
