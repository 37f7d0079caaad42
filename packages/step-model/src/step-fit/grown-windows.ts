import { mergeWindows, type StepWindow } from '@stepclock/step-cost';

/** More windows tell no more; each is some kilobytes. */
const MOST_WINDOWS = 40;

/** Windows of a log in the order of time, of about equal steps: as the log grows they do. */
export class GrownWindows {
  #windows: StepWindow[] = [];
  /** Steps of a whole window; it grows by doubling. */
  #whole = 0;

  add(windows: readonly StepWindow[]): void {
    if (this.#windows.length === 0) this.#whole = Math.max(...windows.map(({ steps }) => steps), 0);
    for (const window of windows) {
      const last = this.#windows.at(-1);
      // A quarter of slack: blocks of a log need not end with a whole window.
      if (last !== undefined && last.steps + window.steps <= this.#whole * 1.25) {
        this.#windows[this.#windows.length - 1] = mergeWindows([last, window]);
      } else this.#windows.push(window);
    }
    while (this.#windows.length > MOST_WINDOWS) this.#pair();
  }

  get windows(): readonly StepWindow[] {
    return this.#windows;
  }

  #pair(): void {
    const pairs: StepWindow[] = [];
    for (let k = 0; k < this.#windows.length; k += 2) pairs.push(mergeWindows(this.#windows.slice(k, k + 2)));
    this.#windows = pairs;
    this.#whole *= 2;
  }
}
