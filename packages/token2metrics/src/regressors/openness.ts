import type { Metric } from '../table/metric.js';
import type { Misfit } from './misfit.js';
import type { Openness } from './physics.js';

/**
 * Standard deviation of the quadratic coefficient around zero, as a share of the linear one, 1/tokens: attention costs about as much as the layers at
 * 10,000 tokens. By FLOPs that is 15,000 to 60,000 tokens for models of 1.5 to 14 billion parameters; attention runs at a lower share of the peak.
 */
export const SQUARE_SHARE = 1e-4;

/** The same of the context's coefficient against that of an output token: bytes of KV cache over bytes of weights, 1e-5 to 4e-5 for 1.5B to 7B. */
const CONTEXT_SHARE = 1e-4;

const [PROMPT, SQUARE, OUTPUT, CONTEXT] = [1, 2, 3, 4];

export interface Fitted {
  readonly columns: readonly Float64Array[];
  /** The columns over the measured values. */
  readonly relative: readonly Float64Array[];
  readonly coefficients: Float64Array;
  /** Of the fit, without the constant. */
  readonly terms: readonly number[];
  readonly misfit: Misfit;
  readonly metric: Metric;
  /** Each coefficient if its term made up all of the values. */
  readonly typical: readonly number[];
}

/**
 * The covariance of the five coefficients, `s^2 (sum over settings x x' / y^2 + s^2 / prior^2)^-1`: a setting counts once, however often it was repeated,
 * since its misfit repeats too. Terms that the rows do not tell have a prior around zero, so that a prediction away from the rows knows it.
 */
export const opennessOf = (fitted: Fitted): Openness | undefined => {
  const { relative, coefficients, terms, misfit } = fitted;
  const priors = priorsOf(fitted);
  return covarianceOf(relative, coefficients, [0, ...terms], priors, misfit);
};

/** The covariance of `terms` and of those that have a prior (their standard deviations around what was fitted). */
export const covarianceOf = (
  relative: readonly Float64Array[],
  coefficients: Float64Array,
  terms: readonly number[],
  priors: ReadonlyMap<number, number>,
  misfit: Misfit,
): Openness | undefined => {
  const variance = misfit.variance(coefficients, terms.length);
  const active = [...terms, ...[...priors.keys()].filter((j) => !terms.includes(j))];
  const rows = new Float64Array(misfit.settings);
  for (const setting of misfit.of) rows[setting]++;
  const information = active.map((j) =>
    active.map((k) => {
      let sum = 0;
      for (let i = 0; i < misfit.of.length; i++) sum += (relative[j][i] * relative[k][i]) / rows[misfit.of[i]];
      return sum + (j === k ? variance / (priors.get(j) ?? Number.POSITIVE_INFINITY) ** 2 : 0);
    }),
  );
  const inverse = inverseOf(information);
  if (!inverse) return undefined;
  const at = (j: number, k: number): number => {
    const [a, b] = [active.indexOf(j), active.indexOf(k)];
    return a < 0 || b < 0 ? 0 : variance * inverse[a][b];
  };
  const all = Array.from(coefficients, (_, j) => j);
  return { covariance: all.map((j) => all.map((k) => at(j, k))), df: misfit.df(terms.length) };
};

/** Prior standard deviations of the terms that need one. */
const priorsOf = ({ columns, coefficients, terms, metric, typical }: Fitted): Map<number, number> => {
  const priors = new Map<number, number>();
  const told = (j: number) => columns[j].some((value) => value !== 0);
  // Mean power hardly follows the tokens; decoding meets the prompt as context alone.
  const free = (j: number) =>
    !terms.includes(j) && told(j) && metric !== 'power' && !(metric === 'decode' && j === PROMPT);
  for (const j of [PROMPT, OUTPUT]) if (free(j)) priors.set(j, typical[j]);
  const put = (j: number, by: number, share: number, always: boolean): void => {
    const size = terms.includes(by) ? Math.abs(coefficients[by]) : priors.get(by);
    if (size !== undefined && told(j) && (always || !terms.includes(j))) priors.set(j, share * size);
  };
  put(SQUARE, PROMPT, SQUARE_SHARE, true);
  put(CONTEXT, OUTPUT, CONTEXT_SHARE, false);
  for (const [j, sd] of priors) if (!(sd > 0)) priors.delete(j);
  return priors;
};

/** Inverse of a symmetric positive definite matrix scaled to a unit diagonal (Gauss-Jordan); undefined where it has none to twelve digits. */
export const inverseOf = (matrix: readonly (readonly number[])[]): number[][] | undefined => {
  const scale = matrix.map((row, j) => 1 / Math.sqrt(row[j]));
  const size = matrix.length;
  const work = matrix.map((row, j) => [
    ...row.map((value, k) => value * scale[j] * scale[k]),
    ...row.map((_, k) => (j === k ? 1 : 0)),
  ]);
  for (let p = 0; p < size; p++) {
    const pivot = work[p][p];
    if (!(pivot > 1e-12)) return undefined;
    work[p] = work[p].map((value) => value / pivot);
    const top = work[p];
    work.forEach((row, i) => {
      if (i === p) return;
      const factor = row[p];
      work[i] = row.map((value, k) => value - factor * top[k]);
    });
  }
  return work.map((row, j) => row.slice(size).map((value, k) => value * scale[j] * scale[k]));
};
