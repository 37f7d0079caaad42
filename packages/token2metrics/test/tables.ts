import type { Measurements } from '../src/table/measurements.js';

interface Columns {
  readonly input: readonly number[];
  readonly output?: readonly number[];
  readonly ttft?: readonly number[];
  readonly decode?: readonly number[];
  readonly total?: readonly number[];
  readonly energy?: readonly number[];
  readonly power?: readonly number[];
}

/** Measurements of SI columns, as if read from `t.csv`: row k stands on line k + 2, all in one run. */
export const tableOf = ({ input, output, ...values }: Columns, changes: Partial<Measurements> = {}): Measurements => ({
  model: 'm',
  file: 't.csv',
  length: input.length,
  inputTokens: Float64Array.from(input),
  ...(output ? { outputTokens: Float64Array.from(output) } : {}),
  values: Object.fromEntries(Object.entries(values).map(([metric, column]) => [metric, Float64Array.from(column)])),
  position: Int32Array.from(input, (_, k) => k),
  line: Int32Array.from(input, (_, k) => k + 2),
  group: new Int32Array(input.length),
  groupNames: ['run'],
  sources: {},
  findings: [],
  ...changes,
});
