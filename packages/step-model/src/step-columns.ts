/**
 * A step log: what an engine says of each of its steps, or the true log of a simulated one. Columns of equal length;
 * the step tables of trace-io and engine-sim fit.
 */
export interface StepColumns {
  readonly length: number;
  readonly durationSec: Float64Array;
  /** Prefill tokens, those recomputed after a preemption included. */
  readonly prefillTokens: Float64Array;
  /** One for every decoding request. */
  readonly decodeTokens: Float64Array;
  /** Tokens of KV cache that the decodes read; vLLM's iteration lines do not tell. */
  readonly contextTokens?: Float64Array | undefined;
  /** Prompts computed in the step, and the sum of their tokens' positions, where the log tells. */
  readonly prefillRequests?: Float64Array | undefined;
  readonly prefillContext?: Float64Array | undefined;
  /** Steps that a row stands for, and those of them with prefill, where rows are of several: seconds and prefill are sums, decodes and context means. */
  readonly steps?: Float64Array | undefined;
  readonly prefillSteps?: Float64Array | undefined;
  /** When it began, s, on a clock of the log. */
  readonly startSec?: Float64Array | undefined;
  /** When its line was written, s: rounded as the log rounds it. */
  readonly stampSec?: Float64Array | undefined;
  /** The engine's own number of the step. */
  readonly iteration?: Float64Array | undefined;
}

/** Whether a log's row is of the step right behind that of the row before: by the engine's numbers, where the log has them. */
export const followsOn = ({ iteration }: StepColumns, i: number): boolean =>
  iteration === undefined || !(iteration[i] - iteration[i - 1] > 1);

/** The same log with each of its columns made anew. */
export const mappedColumns = (
  steps: StepColumns,
  length: number,
  of: (column: Float64Array) => Float64Array,
): StepColumns => {
  const optional = (column: Float64Array | undefined) => (column === undefined ? undefined : of(column));
  return {
    length,
    durationSec: of(steps.durationSec),
    prefillTokens: of(steps.prefillTokens),
    decodeTokens: of(steps.decodeTokens),
    contextTokens: optional(steps.contextTokens),
    prefillRequests: optional(steps.prefillRequests),
    prefillContext: optional(steps.prefillContext),
    steps: optional(steps.steps),
    prefillSteps: optional(steps.prefillSteps),
    startSec: optional(steps.startSec),
    stampSec: optional(steps.stampSec),
    iteration: optional(steps.iteration),
  };
};

/** Some of a log's steps, by their rows. */
export const takenSteps = (steps: StepColumns, rows: Uint32Array): StepColumns =>
  mappedColumns(steps, rows.length, (column) => Float64Array.from(rows, (i) => column[i]));

/** The steps of some parts, one part after another; what a part does not tell is NaN in it. */
export const joinedSteps = (parts: readonly StepColumns[]): StepColumns => {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const column = (of: (part: StepColumns) => Float64Array | undefined): Float64Array | undefined => {
    if (parts.every((part) => of(part) === undefined)) return undefined;
    const all = new Float64Array(length).fill(Number.NaN);
    let at = 0;
    for (const part of parts) {
      const own = of(part);
      if (own !== undefined) all.set(own, at);
      at += part.length;
    }
    return all;
  };
  const told = (of: (part: StepColumns) => Float64Array): Float64Array => column(of) ?? new Float64Array(0);
  return {
    length,
    durationSec: told((part) => part.durationSec),
    prefillTokens: told((part) => part.prefillTokens),
    decodeTokens: told((part) => part.decodeTokens),
    contextTokens: column((part) => part.contextTokens),
    prefillRequests: column((part) => part.prefillRequests),
    prefillContext: column((part) => part.prefillContext),
    steps: column((part) => part.steps),
    prefillSteps: column((part) => part.prefillSteps),
    startSec: column((part) => part.startSec),
    stampSec: column((part) => part.stampSec),
    iteration: column((part) => part.iteration),
  };
};
