import { type FeatureTable, selectFeatures } from '../data/feature-table.js';
import { fault } from '../fault.js';
import { wholeNumberBetween } from '../model/option-checks.js';

/** A column of the design matrix: a product of powers of features, such as `batch_size*sequence_length`. */
export interface Term {
  readonly name: string;
  /** Whole powers from 1; no feature twice. */
  readonly powers: readonly { readonly feature: string; readonly power: number }[];
}

/** Of a single factor: x^100 overflows for any latency's feature, and a file must not ask for a billion products. */
export const MOST_POWER = 100;

/** How the intercept is called wherever terms are named. */
export const INTERCEPT = '(intercept)';

/**
 * The product of powers of features, with a name in the usual notation.
 *
 * @example
 * term({ batch_size: 1, sequence_length: 2 }).name // => 'batch_size*sequence_length^2'
 */
export const term = (powers: Readonly<Record<string, number>>): Term => {
  const factors = Object.entries(powers).map(([feature, power]) => ({ feature, power }));
  for (const { feature, power } of factors) wholeNumberBetween(1, MOST_POWER, `powers.${feature}`, power);
  const name = factors.map(({ feature, power }) => (power === 1 ? feature : `${feature}^${power}`)).join('*');
  return { name, powers: factors };
};

/**
 * All products of the features up to a total degree, the intercept left out: for degree 2 of `a, b` the terms
 * `a, b, a^2, a*b, b^2`.
 *
 * @param interactionsOnly no powers above 1: `a, b, a*b`
 */
export const polynomialTerms = (features: readonly string[], degree: number, interactionsOnly = false): Term[] => {
  wholeNumberBetween(1, MOST_POWER, 'degree', degree);
  // Each combination continues with its last feature or a later one, so no product comes twice.
  let combinations: number[][] = features.map((_, j) => [j]);
  const terms: Term[] = [];
  for (let d = 1; d <= degree; d++) {
    for (const combination of combinations) {
      const powers: Record<string, number> = Object.create(null);
      for (const j of combination) powers[features[j]] = (powers[features[j]] ?? 0) + 1;
      terms.push(term(powers));
    }
    combinations = combinations.flatMap((combination) => {
      const last = combination.at(-1) ?? 0;
      return features.flatMap((_, j) => (j > last || (j === last && !interactionsOnly) ? [[...combination, j]] : []));
    });
  }
  return terms;
};

/** The terms of degree 1: what a regression uses unless told otherwise. */
export const linearTerms = (features: readonly string[]): Term[] => features.map((feature) => term({ [feature]: 1 }));

/** Features in the order in which the terms first name them. */
export const featuresOfTerms = (terms: readonly Term[]): string[] => [
  ...new Set(terms.flatMap(({ powers }) => powers.map(({ feature }) => feature))),
];

/**
 * The terms as columns. A term that is a feature is that feature's column itself, not a copy.
 *
 * @throws Fault `regression/missing-feature`; `regression/bad-column` when a product overflows
 */
export const termColumns = (table: FeatureTable, terms: readonly Term[]): Float64Array[] =>
  terms.map(({ name, powers }) => {
    const factors = selectFeatures(
      table,
      powers.map(({ feature }) => feature),
    ).columns;
    const [only] = factors;
    if (only !== undefined && factors.length === 1 && powers[0]?.power === 1) return only;
    const product = new Float64Array(table.length).fill(1);
    powers.forEach(({ power }, k) => {
      const factor = factors[k];
      for (let i = 0; i < product.length; i++) {
        const value = factor[i];
        for (let p = 0; p < power; p++) product[i] = product[i] * value;
      }
    });
    const overflow = product.findIndex((value) => !Number.isFinite(value));
    if (overflow >= 0) {
      const value = product[overflow];
      throw fault('regression/bad-column', { what: name, rule: 'must stay finite', value, row: overflow });
    }
    return product;
  });
