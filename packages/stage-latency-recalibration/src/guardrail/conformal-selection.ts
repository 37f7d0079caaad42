import { stageFault } from '../stage-fault.js';
import { checkBudget } from './filter-by-budget.js';

export interface Selection {
  /** 1 for an accepted configuration. */
  readonly accepted: Uint8Array;
  readonly pValues: Float64Array;
  /** Expected share of violations among the accepted is at most this. */
  readonly bound: number;
  readonly guarantee: string;
}

/**
 * Accepts as many configurations as it can while the expected share of budget violations among the accepted stays below `bound` (Jin and Candes
 * 2023, "Selection by prediction with conformal p-values"): the p-value of a configuration counts the samples that violate the budget and yet
 * were predicted no higher, `(1 + #{i: y_i > budget, predicted_i <= predicted}) / (n + 1)`; the step-up rule of Benjamini and Hochberg picks.
 *
 * @param predictedMs of the candidates
 * @param samplePredictedMs of the samples, by models that had not seen them
 * @param sampleMeasuredMs of the same
 * @throws Fault `stage/bad-option`, `stage/bad-value` for a time that is no number or samples of two lengths
 */
export const conformalSelection = (
  predictedMs: Float64Array,
  samplePredictedMs: Float64Array,
  sampleMeasuredMs: Float64Array,
  budgetMs: number,
  bound = 0.1,
): Selection => {
  checkBudget(budgetMs);
  if (!(bound > 0 && bound < 1)) {
    throw stageFault('stage/bad-option', { what: 'bound', rule: 'must lie between 0 and 1', value: bound });
  }
  checkNumbers('predictions', predictedMs);
  checkNumbers('predictions of samples', samplePredictedMs);
  checkNumbers('measurements of samples', sampleMeasuredMs);
  const n = sampleMeasuredMs.length;
  const m = predictedMs.length;
  if (samplePredictedMs.length !== n) {
    throw stageFault('stage/bad-value', {
      what: 'samples',
      rule: `must have a prediction each (${n})`,
      value: samplePredictedMs.length,
    });
  }
  const violating = samplePredictedMs.filter((_, i) => sampleMeasuredMs[i] > budgetMs).sort();
  const pValues = predictedMs.map((ms) => (1 + countAtMost(violating, ms)) / (n + 1));
  const sorted = pValues.slice().sort();
  let threshold = 0;
  for (let k = m; k >= 1; k--) {
    const p = sorted[k - 1];
    if (p <= (bound * k) / m) {
      threshold = p;
      break;
    }
  }
  return {
    accepted: Uint8Array.from(pValues, (p) => (p <= threshold ? 1 : 0)),
    pValues,
    bound,
    guarantee: `on average at most ${+(100 * bound).toFixed(6)} % of the accepted violate the budget, for candidates drawn like the ${n} samples`,
  };
};

/** NaN would count as a time below every sample's: accepted. */
const checkNumbers = (what: string, values: Float64Array): void => {
  const row = values.findIndex((value) => Number.isNaN(value));
  if (row >= 0) throw stageFault('stage/bad-value', { what, rule: 'must be times in ms', value: values[row], row });
};

/** How many of ascending values are at most x. */
const countAtMost = (sorted: Float64Array, x: number): number => {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low;
};
