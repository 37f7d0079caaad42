import { DECODE, type PhaseTable, PREFILL } from '@stepclock/trace-io';
import { activeCount } from './active-sum.js';
import type { TimeGrid } from './time-grid.js';

/** Tokens per step on every segment, as if each active prefill filled its chunk in every step. */
export interface FullPressures {
  /** `C x active prefills`. */
  readonly prefill: Float64Array;
  /** Active decodes, one token a step each. */
  readonly decode: Float64Array;
}

/** The pressures of a trace before any correction for last chunks that are not full. */
export const fullPressures = (phases: PhaseTable, grid: TimeGrid, chunkSize: number): FullPressures => {
  const prefill = activeCount(grid, phases.kind, PREFILL);
  for (let j = 0; j < prefill.length; j++) prefill[j] = chunkSize * prefill[j];
  return { prefill, decode: activeCount(grid, phases.kind, DECODE) };
};
