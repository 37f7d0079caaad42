import { BASE_TERMS, fitWithPriors, mergeWindows, type StepWindow, type Term } from '@stepclock/step-cost';

/** Some windows by themselves, on the base terms that they have. */
export interface BaseFit {
  readonly terms: readonly Term[];
  /** By term, s. */
  readonly coefficients: Float64Array;
}

/** Fits the base terms to some windows; null where there are none. */
export const baseFit = (windows: readonly StepWindow[]): BaseFit | null => {
  if (windows.length === 0) return null;
  const all = mergeWindows(windows);
  const base = all.terms.flatMap((term, t) => (BASE_TERMS.includes(term) ? [t] : []));
  const { coefficients } = fitWithPriors(all, base);
  return { terms: base.map((t) => all.terms[t]), coefficients: Float64Array.from(base, (t) => coefficients[t]) };
};
