import type { Exclusion } from '../trace.js';

const LINES_SHOWN = 5;

/** Counts what is left out, by reason. */
export class Exclusions {
  readonly #found = new Map<string, { message: string; count: number; lines: number[]; load?: number }>();

  add(reason: string, message: string, line: number): void {
    let entry = this.#found.get(reason);
    if (entry === undefined) {
      entry = { message, count: 0, lines: [] };
      this.#found.set(reason, entry);
    }
    entry.count++;
    if (entry.lines.length < LINES_SHOWN) entry.lines.push(line);
  }

  /** One that was counted for a reason presses on the others all the same. */
  addLoad(reason: string): void {
    const entry = this.#found.get(reason);
    if (entry !== undefined) entry.load = (entry.load ?? 0) + 1;
  }

  get count(): number {
    return [...this.#found.values()].reduce((sum, { count }) => sum + count, 0);
  }

  list(): Exclusion[] {
    return [...this.#found].map(([reason, entry]) => ({ reason, ...entry }));
  }
}
