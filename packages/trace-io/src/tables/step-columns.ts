import { NameIndex } from '../names/name-index.js';
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

/** A step, as a reader gives it; every step of a file has the same fields. */
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
  readonly #instances = new NameIndex();

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
    for (let f = 0; f < FIELDS.length; f++) {
      const value = row[FIELDS[f] ?? 'durationSec'];
      if (value === undefined) continue;
      let column = this.#columns[f];
      if (column === undefined) {
        column = new Float64Array(this.#instance.length).fill(Number.NaN);
        this.#columns[f] = column;
      }
      column[this.#held] = value;
    }
    this.#instance[this.#held] = this.#instances.internText(engine);
    this.#held++;
    this.length++;
    if (this.onBlock !== undefined && this.#held >= this.block) this.flush();
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
      ...(this.#instances.length > 1 && {
        instance: this.#instance.subarray(0, length),
        instanceIds: this.#instances.names(),
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
