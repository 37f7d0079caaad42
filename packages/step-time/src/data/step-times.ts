import { stepTimeFault } from '../fault.js';

/** The model's own features, by the names that its terms use. */
export const BATCH_SIZE = 'batch_size';
export const SEQUENCE_LENGTH = 'sequence_length';

/** Features beyond these that are known to help where the data has them. */
export const KNOWN_FURTHER_FEATURES: Readonly<Record<string, string>> = {
  prefilling: 'requests in prefill at the time',
  kv_tokens: 'tokens of KV cache read by the step',
};

/** Measured engine steps, as columns of equal length. */
export interface StepTimes {
  readonly length: number;
  /** Requests in the step; averages over several steps may be fractions. */
  readonly batchSize: Float64Array;
  /** Mean context of these requests, tokens. */
  readonly sequenceLength: Float64Array;
  readonly stepTimeSec: Float64Array;
  /** Further numeric columns by name. */
  readonly further: ReadonlyMap<string, Float64Array>;
  /** Line of the file that each row stands on, where rows came from one. */
  readonly lines?: Uint32Array;
  /** Text columns whose rows tell several populations apart, which one formula may not fit: `gpu` with two values. */
  readonly mixed?: readonly { readonly column: string; readonly values: readonly string[] }[];
}

const requirePositive = (name: string, column: Float64Array): void => {
  const row = column.findIndex((value) => !(value > 0 && value < Number.POSITIVE_INFINITY));
  if (row < 0) return;
  throw stepTimeFault('step-time/bad-number', { what: name, rule: 'must be above 0', value: column[row], row });
};

/**
 * Step times from plain arrays: the door for callers without a file.
 *
 * @throws Fault `step-time/no-rows`, `step-time/bad-number`
 *
 * @example
 * stepTimesOf({ batchSize: [1, 8], sequenceLength: [128, 512], stepTimeSec: [0.012, 0.013] }).length // => 2
 */
export const stepTimesOf = (columns: {
  readonly batchSize: ArrayLike<number>;
  readonly sequenceLength: ArrayLike<number>;
  readonly stepTimeSec: ArrayLike<number>;
  readonly further?: Readonly<Record<string, ArrayLike<number>>>;
}): StepTimes => {
  const batchSize = Float64Array.from(columns.batchSize);
  const sequenceLength = Float64Array.from(columns.sequenceLength);
  const stepTimeSec = Float64Array.from(columns.stepTimeSec);
  if (stepTimeSec.length === 0) {
    throw stepTimeFault('step-time/no-rows', { what: 'rows', rule: 'must be at least one', value: 0 });
  }
  requirePositive(BATCH_SIZE, batchSize);
  requirePositive(SEQUENCE_LENGTH, sequenceLength);
  requirePositive('step_time', stepTimeSec);
  return {
    length: stepTimeSec.length,
    batchSize,
    sequenceLength,
    stepTimeSec,
    further: new Map(Object.entries(columns.further ?? {}).map(([name, values]) => [name, Float64Array.from(values)])),
  };
};
