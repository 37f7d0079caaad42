import type { Input } from '../../bytes/input.js';
import { type RequestColumn, readRequestRows } from '../../delimited/request-rows.js';
import { StepColumns } from '../../tables/step-columns.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';
import { type StepNumber, stepOfCells } from './step-cells.js';

/** The names of a step table's columns, and the one that a caller's mapping goes by. */
type Key =
  | Exclude<StepNumber, 'start' | 'end' | 'seconds' | 'decode_seqs'>
  | 'start_sec'
  | 'end_sec'
  | 'duration_sec'
  | 'decode_tokens';

const KEY_OF: Readonly<Record<StepNumber, Key>> = {
  start: 'start_sec',
  end: 'end_sec',
  seconds: 'duration_sec',
  prefill_tokens: 'prefill_tokens',
  prefill_requests: 'prefill_requests',
  prefill_context: 'prefill_context',
  decode_seqs: 'decode_tokens',
  context_tokens: 'context_tokens',
  iteration: 'iteration',
};

const COLUMNS: readonly RequestColumn<Key | 'instance'>[] = [
  { key: 'start_sec', names: ['start_sec', 'start'], kind: 'number', required: false },
  { key: 'end_sec', names: ['end_sec', 'end'], kind: 'number', required: false },
  { key: 'duration_sec', names: ['duration_sec'], kind: 'number', required: false },
  { key: 'prefill_tokens', names: ['prefill_tokens'], kind: 'count', required: true },
  { key: 'prefill_requests', names: ['prefill_requests'], kind: 'count', required: false },
  { key: 'prefill_context', names: ['prefill_context'], kind: 'number', required: false },
  { key: 'decode_tokens', names: ['decode_tokens', 'decode_seqs'], kind: 'count', required: true },
  { key: 'context_tokens', names: ['context_tokens'], kind: 'number', required: false },
  { key: 'iteration', names: ['iteration'], kind: 'count', required: false },
  { key: 'instance', names: ['instance', 'instance_id', 'engine'], kind: 'name', required: false },
];

const slotOf = (key: StepNumber): number => COLUMNS.findIndex((column) => column.key === KEY_OF[key]);
const SLOTS: Readonly<Record<StepNumber, number>> = {
  start: slotOf('start'),
  end: slotOf('end'),
  seconds: slotOf('seconds'),
  prefill_tokens: slotOf('prefill_tokens'),
  prefill_requests: slotOf('prefill_requests'),
  prefill_context: slotOf('prefill_context'),
  decode_seqs: slotOf('decode_seqs'),
  context_tokens: slotOf('context_tokens'),
  iteration: slotOf('iteration'),
};

/**
 * A step log as CSV or TSV, one row a step, seconds and tokens: `duration_sec, prefill_tokens, decode_tokens` and, where known, `start_sec,
 * context_tokens` (tokens of KV cache that the decodes read), `prefill_requests`, `prefill_context` (sum of the positions of the prefill tokens) and
 * `instance`; or `start, end, prefill_tokens, decode_seqs`. Other columns are not used. It is what `stepclock simulate --steps` writes, and the
 * least that an engine's own instrumentation has to write. There are no request times in it: it gives `steps`, no phases.
 */
export const stepCsv: TraceFormat = {
  name: 'step-csv',
  description: 'step log as CSV or TSV: one row a step, its seconds and tokens',
  recognise: ({ headerNames }) =>
    [
      ['duration_sec', 'prefill_tokens', 'decode_tokens'],
      ['start', 'end', 'prefill_tokens', 'decode_seqs'],
    ].some((names) => names.every((name) => headerNames.includes(name))),
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const columns = new StepColumns(options.onSteps, options.stepsAtOnce);
  const place = { delimiter: options.head.delimiter, path: options.path, mapping: options.columns };
  const { file } = input;
  const found = await readRequestRows(input, place, COLUMNS, (cells, line) => {
    const step = stepOfCells(
      (key) => cells.numbers[SLOTS[key]] ?? Number.NaN,
      1,
      { file, line },
      (key) => KEY_OF[key],
    );
    columns.add(step, cells.name('instance') ?? '');
  });
  columns.flush();
  return {
    kind: 'steps',
    facts: {
      format: 'step-csv',
      clock: found.includes('start_sec') ? "the writer's clock, seconds" : 'durations only, seconds',
      timeUnit: 's',
      settings: options.settings,
    },
    steps: columns.table(),
    exclusions: [],
  };
}
