import type { StepTable } from '@stepclock/engine-sim';
import { type Betas, betasOf, stretchOfStep, type Term, termOf } from '@stepclock/step-cost';

/** Coefficients in the order of their covariance, s^2 of each pair. */
export interface FittedBetas {
  readonly betas: Betas;
  readonly covariance: readonly (readonly number[])[];
}

/**
 * The coefficients under which the steps of a replay take so many times as long, those that cannot be negative stopping at 0; and the standard error
 * of the time of all steps, over that time.
 */
export const lineThrough = (
  { betas, covariance }: FittedBetas,
  { length, prefillTokens, prefillRequests, prefillContext, decodeTokens, contextTokens }: StepTable,
  catalogue: readonly Term[],
) => {
  const labels = Object.keys(betas);
  const terms = labels.map((label) => termOf(label, catalogue));
  const held = new Float64Array(terms.length);
  for (let i = 0; i < length; i++) {
    const stretch = stretchOfStep({
      prefillTokens: prefillTokens[i],
      prefillRequests: prefillRequests[i],
      prefillContext: prefillContext[i],
      decodeSeqs: decodeTokens[i],
      contextTokens: contextTokens[i],
    });
    for (const [t, { sum }] of terms.entries()) held[t] += sum(stretch);
  }
  const values = labels.map((label) => betas[label]);
  const timeOf = (coefficients: readonly number[]): number => coefficients.reduce((sum, c, t) => sum + c * held[t], 0);
  const whole = timeOf(values);
  /** `Sigma g` where only terms of `open` move. */
  const along = (open: readonly boolean[]): readonly number[] =>
    covariance.map((row, t) => (open[t] ? timeOf(row.map((c, u) => (open[u] ? c : 0))) : 0));
  const at = (factor: number): Betas => {
    let now: readonly number[] = values;
    const open = terms.map(() => true);
    for (const _ of terms) {
      const direction = along(open);
      const gain = timeOf(direction);
      if (!(gain > 0)) break;
      const missing = factor * whole - timeOf(now);
      const next = now.map((c, t) => c + (missing * direction[t]) / gain);
      now = next.map((c, t) => (terms[t].sign === 'free' || c > 0 ? c : 0));
      const stopped = next.flatMap((c, t) => (c < 0 && now[t] === 0 ? [t] : []));
      if (stopped.length === 0) break;
      for (const t of stopped) open[t] = false;
    }
    return betasOf(terms, now);
  };
  const variance = timeOf(along(terms.map(() => true)));
  return { at, errorShare: Math.sqrt(Math.max(0, variance)) / whole };
};
