import { Fault } from '@stepclock/faults';
import { CATALOGUE, termOf } from './catalogue.js';
import { type StepComposition, type Stretch, stretchOfStep } from './stretch.js';
import type { Term } from './term.js';

/**
 * Coefficients of a step's cost: seconds per unit of each term, by label (`beta0`, ..., `prefill_step`), in the catalogue's order. Terms that
 * are not there cost nothing.
 */
export type Betas = Readonly<Record<string, number>>;

/** The cost of a stretch as a function: `seconds = sum over the terms of coefficient x what the stretch holds`. */
export interface StepCost {
  readonly terms: readonly Term[];
  /** By term. */
  readonly coefficients: Float64Array;
  /** Seconds of all steps of a stretch. */
  readonly secondsOf: (stretch: Readonly<Stretch>) => number;
}

/**
 * The cost that coefficients make.
 *
 * @param betas seconds per unit, by label
 * @param catalogue where the labels are looked up
 * @throws Fault `step-cost/unknown-term`, `step-cost/bad-coefficient`
 * @example
 * stepCost({ beta0: 0.006, beta1: 2e-5, beta2: 1.2e-4 }).secondsOf(stretchOfStep({ prefillTokens: 0, decodeSeqs: 10, contextTokens: 0 })); // => 0.0072
 */
export const stepCost = (betas: Betas, catalogue: readonly Term[] = CATALOGUE): StepCost => {
  const labels = Object.keys(betas);
  const wanted = new Set(labels.map((label) => termOf(label, catalogue)));
  const terms = catalogue.filter((term) => wanted.has(term));
  const coefficients = Float64Array.from(terms, ({ label, name, sign }) => {
    const value = label in betas ? betas[label] : betas[name];
    const low = sign === 'free' ? Number.NEGATIVE_INFINITY : 0;
    if (!(Number.isFinite(value) && value >= low)) {
      const rule = sign === 'free' ? 'must be a finite number' : 'must be a finite number of at least 0';
      throw new Fault('step-cost/bad-coefficient', { what: label, rule, value });
    }
    return value;
  });
  const costing = terms.flatMap(({ sum }, t) => (coefficients[t] === 0 ? [] : [{ sum, coefficient: coefficients[t] }]));
  return {
    terms,
    coefficients,
    secondsOf: (stretch) => {
      let seconds = 0;
      for (let t = 0; t < costing.length; t++) seconds += costing[t].coefficient * costing[t].sum(stretch);
      return seconds;
    },
  };
};

/** Seconds of one step. @throws Fault `step-cost/unknown-term`, `step-cost/bad-coefficient` */
export const stepSeconds = (betas: Betas, step: StepComposition, catalogue: readonly Term[] = CATALOGUE): number =>
  stepCost(betas, catalogue).secondsOf(stretchOfStep(step));

/** Coefficients as a map from label to value, in the order of the terms. */
export const betasOf = (terms: readonly Term[], coefficients: ArrayLike<number>): Betas =>
  Object.fromEntries(terms.map(({ label }, t) => [label, coefficients[t]]));
