import { quantileSorted } from '@stepclock/numerics';
import { fittedColumn } from '@stepclock/step-cost';
import type { LaidWindow, WindowVisitors } from '../fit/trace-fit.js';
import { prefillColumn } from '../rows/noise.js';

/** Whether prompts fall into two clouds by what a token of them costs. */
export interface PromptClouds {
  /** Prompts that were computed alone. */
  readonly prompts: number;
  /** Mean of all that were computed. */
  readonly meanPromptTokens: number;
  /** Cost of a token in the lower and in the upper cloud, over the mean one; null where there is one cloud. */
  readonly clouds: readonly [number, number] | null;
}

/** Of a row's time prefill must take this share at least to tell what its tokens cost. */
const LEAST_SHARE = 0.3;
/** Fewer prompts tell no clouds. */
const ENOUGH = 60;
/** Two clouds lie apart: between their middles is this part of what an even spread would have at most, and they differ by this factor at least. */
const HOLLOW = 0.35;
const APART = 1.4;
const TAIL = 0.1;

/** Collects what a token costs, prompt by prompt, over what the model says. */
export class PromptTally {
  #ratios: number[] = [];
  #tokens = 0;
  #count = 0;

  /** Begins a pass. */
  readonly visitors: WindowVisitors = () => {
    [this.#ratios, this.#tokens, this.#count] = [[], 0, 0];
    return (window) => this.#add(window);
  };

  #add({ problem: { frame, groups, columns }, laid: { rows, weights }, coefficients }: LaidWindow): void {
    this.#count += columns.prefills.length;
    this.#tokens += columns.prefills.tokens.reduce((sum, tokens) => sum + tokens, 0);
    const prompts = new Int32Array(rows.length);
    for (const j of frame.prefillSegment) if (groups.ofSegment[j] >= 0) prompts[groups.ofSegment[j]]++;
    const prefillSec = prefillColumn(rows, coefficients);
    const fitted = fittedColumn(rows, coefficients);
    for (let i = 0; i < rows.length; i++) {
      if (prompts[i] !== 1 || !(weights[i] > 0)) continue;
      if (prefillSec[i] > LEAST_SHARE * fitted[i]) this.#ratios.push(1 + (rows.seconds[i] - fitted[i]) / prefillSec[i]);
    }
  }

  get report(): PromptClouds {
    const ratios = Float64Array.from(this.#ratios).sort();
    const prompts = ratios.length;
    const meanPromptTokens = this.#tokens / Math.max(this.#count, 1);
    if (prompts < ENOUGH) return { prompts, meanPromptTokens, clouds: null };
    const low = quantileSorted(ratios, TAIL);
    const high = quantileSorted(ratios, 1 - TAIL);
    const third = (high - low) / 3;
    const between = ratios.filter((r) => r > low + third && r < high - third).length;
    const even = ((1 - 2 * TAIL) * prompts) / 3;
    const isTwo = low > 0 && high > APART * low && between < HOLLOW * even;
    return {
      prompts,
      meanPromptTokens,
      clouds: isTwo ? [cloudOf(ratios, low, third), cloudOf(ratios, high - third, third)] : null,
    };
  }
}

/** Median of what lies from `from` on within `width`. */
const cloudOf = (ascending: Float64Array, from: number, width: number): number =>
  quantileSorted(
    ascending.filter((r) => r >= from && r <= from + width),
    0.5,
  );
