import type { LaidWindow, WindowVisitors } from '../fit/trace-fit.js';

/** How many first tokens came out of the same step as another request's last token. */
export interface SharedSteps {
  readonly seen: number;
  /** Of an engine that prefills beside decodes, by how often decodes end in the steps right after. */
  readonly expected: number;
}

/** Ends of one step lie within this part of a mean step: below the shortest, above what a client adds. */
const SAME = 0.25;
/** The steps after a first token whose ends are counted. */
const AFTER = { from: 0.5, to: 4.5 } as const;

/**
 * Counts the steps that end a prompt and a decode at once: an engine that prefills first has none, one that does both in a step has them as often as
 * decodes end in the steps after.
 */
export class SharedStepsTally {
  #seen = 0;
  #after = 0;

  /** Begins a pass. */
  readonly visitors: WindowVisitors = () => {
    [this.#seen, this.#after] = [0, 0];
    return (window) => this.#add(window);
  };

  #add({ problem: { frame, meanStepSec } }: LaidWindow): void {
    const { nodeSec, prefillEnd, prefillsByEnd, decodeEnd } = frame;
    const until = new Uint32Array(nodeSec.length + 1);
    for (const node of decodeEnd) until[node + 1]++;
    for (let v = 0; v < nodeSec.length; v++) until[v + 1] += until[v];
    const [sameFrom, sameTo, afterFrom, afterTo] = [-SAME, SAME, AFTER.from, AFTER.to].map((steps) => {
      let v = 0;
      // Ascending times are asked for: how many decodes ended before.
      return (sec: number): number => {
        while (v < nodeSec.length && nodeSec[v] < sec + steps * meanStepSec) v++;
        return until[v];
      };
    });
    for (const i of prefillsByEnd) {
      const sec = nodeSec[prefillEnd[i]];
      if (sameTo(sec) > sameFrom(sec)) this.#seen++;
      this.#after += afterTo(sec) - afterFrom(sec);
    }
  }

  get report(): SharedSteps {
    return { seen: this.#seen, expected: this.#after / (AFTER.to - AFTER.from) };
  }
}
