import { NameIndex } from '../names/name-index.js';
import type { StepTable } from './step-table.js';

type Optional = 'startSec' | 'contextTokens' | 'prefillRequests' | 'decodeRequests' | 'iteration';

/** A step, as a reader gives it; every step of a file has the same fields. */
export interface StepRow extends Partial<Record<Optional, number>> {
  readonly durationSec: number;
  readonly prefillTokens: number;
  readonly decodeTokens: number;
}

/** A `StepTable` in the making: columns that double as steps come. */
export class StepColumns {
  length = 0;
  #columns = new Map<keyof StepRow, Float64Array>();
  #instance = new Uint32Array(1024);
  readonly #instances = new NameIndex();

  /** Adds a step of the engine of that name; '' where nothing names it. */
  add(row: StepRow, engine: string): void {
    if (this.length === this.#instance.length) this.#grow();
    for (const name of Object.keys(row) as (keyof StepRow)[]) {
      let column = this.#columns.get(name);
      if (column === undefined) {
        column = new Float64Array(this.#instance.length).fill(Number.NaN);
        this.#columns.set(name, column);
      }
      column[this.length] = row[name] as number;
    }
    this.#instance[this.length] = this.#instances.internText(engine);
    this.length++;
  }

  table(): StepTable {
    const { length } = this;
    const columns = Object.fromEntries([...this.#columns].map(([name, column]) => [name, column.subarray(0, length)]));
    const { durationSec, prefillTokens, decodeTokens } = columns;
    const none = new Float64Array(0);
    return {
      ...columns,
      length,
      durationSec: durationSec ?? none,
      prefillTokens: prefillTokens ?? none,
      decodeTokens: decodeTokens ?? none,
      ...(this.#instances.length > 1 && {
        instance: this.#instance.subarray(0, length),
        instanceIds: this.#instances.names(),
      }),
    };
  }

  #grow(): void {
    const capacity = this.#instance.length * 2;
    for (const [name, old] of this.#columns) {
      const column = new Float64Array(capacity).fill(Number.NaN);
      column.set(old);
      this.#columns.set(name, column);
    }
    const instance = new Uint32Array(capacity);
    instance.set(this.#instance);
    this.#instance = instance;
  }
}
