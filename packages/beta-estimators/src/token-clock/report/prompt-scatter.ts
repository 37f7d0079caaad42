import { robustSd } from '@stepclock/numerics';
import { fittedSeconds, type RowTable } from '@stepclock/step-cost';

/** How much more rows with prompts scatter than rows without. */
export interface PromptScatter {
  /** Of robust standard deviations, each row's residual over the root of its fitted time; null where too few rows tell. */
  readonly ratio: number | null;
  /** What that is in tokens of a prompt, one standard deviation; null likewise. */
  readonly tokens: number | null;
}

const FEWEST_ROWS = 30;

/** Prompts that have other tokens for the engine than in the log, each by an amount of its own, scatter the rows that compute them. */
export function promptScatter(rows: RowTable, coefficients: ArrayLike<number>): PromptScatter {
  const prompts = rows.terms.findIndex(({ name }) => name === 'prefill_tokens');
  if (prompts < 0) return { ratio: null, tokens: null };
  const perToken = coefficients[prompts];
  const withPrompts: number[] = [];
  const without: number[] = [];
  const starts = rows.terms.findIndex(({ name }) => name === 'client_overhead');
  let perRow = 0;
  for (let i = 0; i < rows.length; i++) {
    const fitted = fittedSeconds(rows, coefficients, i);
    // What lies between client and engine scatters of its own.
    if (!(fitted > 0) || (starts >= 0 && rows.sums[starts][i] > 0)) continue;
    const residual = (rows.seconds[i] - fitted) / Math.sqrt(fitted);
    if (rows.sums[prompts][i] > 0) {
      withPrompts.push(residual);
      perRow += Math.sqrt(fitted);
    } else without.push(residual);
  }
  if (withPrompts.length < FEWEST_ROWS || without.length < FEWEST_ROWS) return { ratio: null, tokens: null };
  const noisy = robustSd(withPrompts);
  const quiet = robustSd(without);
  const extra = Math.sqrt(Math.max(0, noisy * noisy - quiet * quiet)) * (perRow / withPrompts.length);
  return { ratio: quiet > 0 ? noisy / quiet : null, tokens: perToken > 0 ? extra / perToken : null };
}
