import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { StepWindow } from '../windows/step-window.js';
import { inverseGram } from './carried-coefficients.js';

/** Two coefficients whose estimates move together: `correlation` of their errors. */
export interface ConfusedPair {
  readonly pair: readonly [string, string];
  readonly correlation: number;
}

/** What rows can tell about each coefficient, whatever their noise. Coefficients by label. */
export interface Identifiability {
  /** Of the weighted design with columns of length 1; null where a column is zero or depends on others. */
  readonly conditionNumber: number | null;
  /** Whether columns that are not zero depend on each other: then no coefficient is determined by itself. */
  readonly dependent: boolean;
  readonly confused: readonly ConfusedPair[];
  /** Coefficients that came out as zero although their column is not: the bound holds them. */
  readonly atBound: readonly string[];
  /** Coefficients whose column is zero: nothing here tells of them. */
  readonly absent: readonly string[];
}

/** Two terms whose errors correlate beyond this are not told apart. */
const CONFUSED = 0.98;
/** A smallest singular value below this (columns of length 1) is rounding of the cross products. */
const DEPENDENT = 1e-6;

/**
 * Identifiability of the terms without a prior; a prior makes its term identifiable by itself.
 *
 * @param of terms that were fitted, by index
 * @param coefficients the fit
 */
export const identifiability = (
  window: StepWindow,
  of: readonly number[],
  coefficients: Float64Array,
): Identifiability => {
  const { gram, terms } = window;
  const p = terms.length;
  const asked = of.filter((t) => terms[t].priorShare === null);
  const present = asked.filter((t) => gram[t * p + t] > 0);
  const label = (t: number): string => terms[t].label;
  const n = present.length;
  const scaled = new Matrix(n, n);
  for (const [i, a] of present.entries()) {
    for (const [j, b] of present.entries()) {
      scaled.set(i, j, i === j ? 1 : gram[a * p + b] / Math.sqrt(gram[a * p + a] * gram[b * p + b]));
    }
  }
  const eigenvalues = n === 0 ? [] : new EigenvalueDecomposition(scaled, { assumeSymmetric: true }).realEigenvalues;
  const smallest = Math.sqrt(Math.max(0, Math.min(...eigenvalues)));
  const largest = Math.sqrt(Math.max(0, ...eigenvalues));
  const full = n === asked.length && n > 0 && smallest > DEPENDENT;
  const inverse = smallest > DEPENDENT ? inverseGram(window, present, new Float64Array(p)) : undefined;
  const confused: ConfusedPair[] = [];
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      // Without full rank: the pairs of columns that point the same way.
      const correlation =
        inverse === undefined
          ? -scaled.get(i, j)
          : inverse[i * n + j] / Math.sqrt(inverse[i * n + i] * inverse[j * n + j]);
      const limit = inverse === undefined ? 1 - DEPENDENT : CONFUSED;
      if (Math.abs(correlation) > limit) {
        const pair = [label(present[i]), label(present[j])] as const;
        confused.push({ pair, correlation: inverse === undefined ? -1 : correlation });
      }
    }
  }
  return {
    conditionNumber: full ? largest / smallest : null,
    dependent: n > 1 && !(smallest > DEPENDENT),
    confused,
    atBound: present.filter((t) => coefficients[t] === 0).map(label),
    absent: asked.filter((t) => !(gram[t * p + t] > 0)).map(label),
  };
};
