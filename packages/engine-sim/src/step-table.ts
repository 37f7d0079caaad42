import type { EngineStep } from './step-seconds.js';

/**
 * The true step log, one row a step, as columns of equal length. Rows stand in the order of time within an instance,
 * instances one after another.
 */
export interface StepTable {
  readonly length: number;
  readonly startSec: Float64Array;
  readonly durationSec: Float64Array;
  /** Prefill tokens, those recomputed after a preemption included. */
  readonly prefillTokens: Float64Array;
  /** Requests with prefill tokens in the step. */
  readonly prefillRequests: Float64Array;
  /** Sum over the prefill tokens of their position in their request, from 1, cached tokens counted. */
  readonly prefillContext: Float64Array;
  /** Decode tokens: one for every decoding request. */
  readonly decodeTokens: Float64Array;
  /** Tokens that the decoding requests hold in the KV cache when the step starts. */
  readonly contextTokens: Float64Array;
  /** Requests that the step worked on. */
  readonly requests: Float64Array;
  /** Requests that lost their KV cache when the step was planned. */
  readonly preemptions: Float64Array;
  /** Index of the engine; absent when there is one. */
  readonly instance?: Uint32Array;
}

const COLUMNS = [
  'startSec',
  'durationSec',
  'prefillTokens',
  'prefillRequests',
  'prefillContext',
  'decodeTokens',
  'contextTokens',
  'requests',
  'preemptions',
] as const;
type Column = (typeof COLUMNS)[number];

const byColumn = (make: (name: Column) => Float64Array): Record<Column, Float64Array> =>
  Object.fromEntries(COLUMNS.map((name) => [name, make(name)])) as Record<Column, Float64Array>;

/** Collects steps in columns that double when they are full. */
export class StepRecorder {
  length = 0;
  private columns = byColumn(() => new Float64Array(1024));

  push(startSec: number, durationSec: number, step: EngineStep, requests: number, preemptions: number): void {
    if (this.length === this.columns.startSec.length) this.grow();
    const { columns, length: i } = this;
    columns.startSec[i] = startSec;
    columns.durationSec[i] = durationSec;
    columns.prefillTokens[i] = step.prefillTokens;
    columns.prefillRequests[i] = step.prefillRequests;
    columns.prefillContext[i] = step.prefillContext;
    columns.decodeTokens[i] = step.decodeSeqs;
    columns.contextTokens[i] = step.contextTokens;
    columns.requests[i] = requests;
    columns.preemptions[i] = preemptions;
    this.length = i + 1;
  }

  table(): StepTable {
    return { length: this.length, ...byColumn((name) => this.columns[name].slice(0, this.length)) };
  }

  private grow(): void {
    const old = this.columns;
    this.columns = byColumn((name) => {
      const column = new Float64Array(2 * old[name].length);
      column.set(old[name]);
      return column;
    });
  }
}

/** One table for several engines, each row marked with its engine's index. */
export const joinSteps = (tables: readonly StepTable[]): StepTable => {
  const [only] = tables;
  if (only !== undefined && tables.length === 1) return only;
  const length = tables.reduce((sum, t) => sum + t.length, 0);
  const instance = new Uint32Array(length);
  const columns = byColumn(() => new Float64Array(length));
  let at = 0;
  for (const [index, table] of tables.entries()) {
    for (const name of COLUMNS) columns[name].set(table[name], at);
    instance.fill(index, at, at + table.length);
    at += table.length;
  }
  return { length, ...columns, instance };
};
