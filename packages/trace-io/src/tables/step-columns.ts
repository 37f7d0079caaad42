import type { NameColumn } from '../names/name-column.js';
import type { StepTable } from './step-table.js';

/** Columns that a step log may lack. */
const OPTIONAL_STEP_FIELDS = [
  'startSec',
  'contextTokens',
  'prefillRequests',
  'prefillContext',
  'iteration',
  'stampSec',
  'steps',
  'prefillSteps',
] as const;
const FIELDS = ['durationSec', 'prefillTokens', 'decodeTokens', ...OPTIONAL_STEP_FIELDS] as const;
type Optional = (typeof OPTIONAL_STEP_FIELDS)[number];

/** A step, as a reader gives it; a field that is absent or NaN is not told. */
export interface StepRow extends Partial<Record<Optional, number>> {
  readonly durationSec: number;
  readonly prefillTokens: number;
  readonly decodeTokens: number;
}

/** Takes the steps of a log a block at a time; the columns hold until the next. */
export type StepBlocks = (block: StepTable) => void;

/** Steps of a block. */
const BLOCK = 2 ** 15;

/** A `StepTable` in the making: columns that double as steps come, or blocks that are handed on. */
export class StepColumns {
  /** Of all steps that came. */
  length = 0;
  #held = 0;
  #columns: (Float64Array | undefined)[] = FIELDS.map(() => undefined);
  #instance = new Uint32Array(1024);
  /** Engines are few, and steps of one follow each other. */
  readonly #instances = new Map<string, number>();
  #lastEngine: string | undefined;
  #lastInstance = 0;

  /**
   * @param onBlock takes blocks as they fill; absent: the table has all steps
   * @param block steps of one
   */
  constructor(
    private readonly onBlock?: StepBlocks,
    private readonly block: number = BLOCK,
  ) {}

  /** Adds a step of the engine of that name; '' where nothing names it. */
  add(row: StepRow, engine: string): void {
    if (this.#held === this.#instance.length) this.#grow();
    // Field by field: logs have tens of millions of steps.
    this.#put(0, row.durationSec);
    this.#put(1, row.prefillTokens);
    this.#put(2, row.decodeTokens);
    this.#put(3, row.startSec);
    this.#put(4, row.contextTokens);
    this.#put(5, row.prefillRequests);
    this.#put(6, row.prefillContext);
    this.#put(7, row.iteration);
    this.#put(8, row.stampSec);
    this.#put(9, row.steps);
    this.#put(10, row.prefillSteps);
    if (engine !== this.#lastEngine) {
      this.#lastInstance = this.#instances.get(engine) ?? this.#instances.size;
      this.#instances.set(engine, this.#lastInstance);
      this.#lastEngine = engine;
    }
    this.#instance[this.#held] = this.#lastInstance;
    this.#held++;
    this.length++;
    if (this.onBlock !== undefined && this.#held >= this.block) this.flush();
  }

  /** @param field place in `FIELDS` */
  #put(field: number, value: number | undefined): void {
    if (value === undefined || Number.isNaN(value)) return;
    let column = this.#columns[field];
    if (column === undefined) {
      column = new Float64Array(this.#instance.length).fill(Number.NaN);
      this.#columns[field] = column;
    }
    column[this.#held] = value;
  }

  /** Hands on what is held, where blocks are taken. */
  flush(): void {
    if (this.onBlock === undefined || this.#held === 0) return;
    this.onBlock(this.table());
    this.#held = 0;
    // A field that only some steps of a block have is unknown in the others.
    for (const column of this.#columns) column?.fill(Number.NaN);
  }

  /** What is held: all steps, unless blocks are taken. */
  table(): StepTable {
    const length = this.#held;
    const columns = Object.fromEntries(
      FIELDS.flatMap((name, f) => {
        const column = this.#columns[f];
        return column === undefined ? [] : [[name, column.subarray(0, length)] as const];
      }),
    );
    const { durationSec, prefillTokens, decodeTokens } = columns;
    const none = new Float64Array(0);
    return {
      ...columns,
      length,
      durationSec: durationSec ?? none,
      prefillTokens: prefillTokens ?? none,
      decodeTokens: decodeTokens ?? none,
      ...(this.#instances.size > 1 && {
        instance: this.#instance.subarray(0, length),
        instanceIds: namesOf([...this.#instances.keys()]),
      }),
    };
  }

  #grow(): void {
    const capacity = this.#instance.length * 2;
    this.#columns = this.#columns.map((old) => {
      if (old === undefined) return undefined;
      const column = new Float64Array(capacity).fill(Number.NaN);
      column.set(old);
      return column;
    });
    const instance = new Uint32Array(capacity);
    instance.set(this.#instance);
    this.#instance = instance;
  }
}

const namesOf = (names: readonly string[]): NameColumn => ({
  length: names.length,
  at(index: number): string {
    const name = names[index];
    if (name === undefined)
      throw new RangeError(`engine: must be an index from 0 to ${names.length - 1}; got ${index}`);
    return name;
  },
});
