import { prefixIntegral, sumBetween } from './prefix-sum.js';
import type { FullPressures } from './pressures.js';
import type { TimeGrid } from './time-grid.js';

/** Tokens that the engine processed during each phase. */
export interface Exposures {
  /** `A_pf`. */
  readonly prefillTokens: Float64Array;
  /** `A_dec`. */
  readonly decodeTokens: Float64Array;
}

/**
 * Exposures at a constant step density a phase, `lambda_i` (docs/theory.md, the baseline of the published estimators):
 * `A_pf = lambda_i int(p_pf) - int(c)` and `A_dec = lambda_i int(p_dec)` over the phase. The integral of c is tokens
 * already. A_pf can be negative where a short phase lies under another one's correction.
 *
 * @param correction c on every segment, tokens/s
 * @param stepDensity lambda_i of each phase, steps/s
 */
export const exposures = (
  grid: TimeGrid,
  pressures: FullPressures,
  correction: Float64Array,
  stepDensity: Float64Array,
): Exposures => {
  const { startIndex, endIndex } = grid;
  const ofPrefill = prefixIntegral(grid, pressures.prefill);
  const ofDecode = prefixIntegral(grid, pressures.decode);
  const ofCorrection = prefixIntegral(grid, correction);
  const prefillTokens = new Float64Array(startIndex.length);
  const decodeTokens = new Float64Array(startIndex.length);
  for (let i = 0; i < startIndex.length; i++) {
    const from = startIndex[i];
    const to = endIndex[i];
    const density = stepDensity[i];
    prefillTokens[i] = density * sumBetween(ofPrefill, from, to) - sumBetween(ofCorrection, from, to);
    decodeTokens[i] = density * sumBetween(ofDecode, from, to);
  }
  return { prefillTokens, decodeTokens };
};
