import { selectRank } from '@stepclock/numerics';
import type { LaidWindow, WindowVisitors } from '../fit/trace-fit.js';

/**
 * Ranges over the steps seen, from the 0.5th to the 99.5th percentile of segments. Steps are counted to about one, so tokens a step are
 * quotients that may come out above what any step held: where the engine's token budget is known, none exceeds it.
 */
export interface Compositions {
  readonly prefillTokens: readonly [number, number];
  readonly decodeSeqs: readonly [number, number];
  readonly contextTokens: readonly [number, number];
}

/** How many steps without prefill each decode batch had, and what they took. */
export interface BatchSteps {
  readonly decodeSeqs: number;
  readonly steps: number;
  /** Mean seconds of a step, and mean context. */
  readonly meanSeconds: number;
  readonly meanContextTokens: number;
}

/** Shorter segments tell no composition. */
const LEAST_STEPS = 0.5;
const TAIL = 0.005;
/** Percentiles of a long trace are told from one segment in so many, once there are enough. */
const ENOUGH_SEGMENTS = 50_000;
const ONE_IN = 16;

/** Collects what the steps of the windows held. */
export class CompositionTally {
  #prefill: number[] = [];
  #decodes: number[] = [];
  #contexts: number[] = [];
  /** By decode batch: steps, seconds, steps x context. */
  #steps: number[] = [];
  #seconds: number[] = [];
  #context: number[] = [];

  /** @param budget tokens a step of the engine; Infinity where unknown */
  constructor(private readonly budget: number) {}

  /** Begins a pass. */
  readonly visitors: WindowVisitors = () => {
    [this.#prefill, this.#decodes, this.#contexts] = [[], [], []];
    [this.#steps, this.#seconds, this.#context] = [[], [], []];
    return (window) => this.#add(window);
  };

  #add({ problem: { frame, groups }, laid: { state, weights } }: LaidWindow): void {
    const { steps, shares, context } = state;
    const stride = this.#prefill.length > ENOUGH_SEGMENTS ? ONE_IN : 1;
    for (let j = 0; j < steps.length; j++) {
      const k = steps[j];
      const row = groups.ofSegment[j];
      if (row < 0 || !(k >= LEAST_STEPS)) continue;
      const active = frame.decodes[j];
      if (j % stride === 0) {
        const alone = shares.alone?.[j] ?? 0;
        const [held, beside] = alone > 0 ? [alone, 0] : [k, active];
        this.#prefill.push(Math.min(shares.tokens[j] / held, Math.max(0, this.budget - beside)));
        this.#decodes.push(active);
        this.#contexts.push(context[j]);
      }
      if (shares.tokens[j] > 0 || !(weights[row] > 0) || !Number.isInteger(active) || active === 0) continue;
      while (this.#steps.length <= active) {
        this.#steps.push(0);
        this.#seconds.push(0);
        this.#context.push(0);
      }
      this.#steps[active] += k;
      this.#seconds[active] += frame.segmentSec[j];
      this.#context[active] += k * context[j];
    }
  }

  get ranges(): Compositions {
    return {
      prefillTokens: range(this.#prefill),
      decodeSeqs: range(this.#decodes),
      contextTokens: range(this.#contexts),
    };
  }

  get batches(): readonly BatchSteps[] {
    return this.#steps.flatMap((steps, decodeSeqs) =>
      steps > 0
        ? [
            {
              decodeSeqs,
              steps,
              meanSeconds: this.#seconds[decodeSeqs] / steps,
              meanContextTokens: this.#context[decodeSeqs] / steps,
            },
          ]
        : [],
    );
  }
}

const range = (values: readonly number[]): readonly [number, number] => {
  const column = new Float64Array(values);
  const cut = Math.floor(TAIL * column.length);
  return column.length === 0 ? [0, 0] : [selectRank(column, cut), selectRank(column, column.length - 1 - cut)];
};
