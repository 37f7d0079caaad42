/** How far a form of the physics terms is off in a setting (requests of equal tokens), beyond what repeats average out. */
export interface Misfit {
  /** Distinct settings, and distinct padded prompts among them. */
  readonly settings: number;
  readonly prompts: number;
  /** Number of the setting of each row. */
  readonly of: Int32Array;
  /** Variance of the relative misfit of a setting under the coefficients of `terms` terms. */
  variance(coefficients: Float64Array, terms: number): number;
  /** Its degrees of freedom. */
  df(terms: number): number;
}

/**
 * A form is never quite right. Before any row is seen, it is taken to miss a setting by 10 %, as firmly as two settings would say so; on prefill sweeps of
 * a Jetson (scripts/validate/token2metrics.ts) it misses by 6 to 16 %.
 */
const PRIOR_MISFIT = 0.1;
const PRIOR_DF = 2;

/** @param columns the physics terms; @param relative the same over the measured values */
export const misfitOf = (columns: readonly Float64Array[], relative: readonly Float64Array[]): Misfit => {
  const known = new Map<string, number>();
  const of = Int32Array.from(columns[0], (_, i) => {
    const key = `${columns[1][i]} ${columns[3][i]}`;
    const number = known.get(key) ?? known.size;
    known.set(key, number);
    return number;
  });
  const settings = known.size;
  const rows = new Int32Array(settings);
  for (const setting of of) rows[setting]++;
  const df = (terms: number): number => PRIOR_DF + Math.max(0, settings - terms);
  return {
    settings,
    prompts: new Set(columns[1]).size,
    of,
    df,
    variance: (coefficients, terms) => {
      const errors = new Float64Array(settings);
      for (let i = 0; i < of.length; i++) {
        let fitted = 0;
        for (let j = 0; j < relative.length; j++) fitted += coefficients[j] * relative[j][i];
        errors[of[i]] += (1 - fitted) / rows[of[i]];
      }
      const squares = errors.reduce((sum, error) => sum + error * error, 0);
      return (PRIOR_DF * PRIOR_MISFIT ** 2 + squares) / df(terms);
    },
  };
};
