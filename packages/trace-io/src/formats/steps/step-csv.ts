import { Fault } from '@stepclock/faults';
import { FARTHEST_SEC } from '../../bounds/clock-range.js';
import type { Input } from '../../bytes/input.js';
import { type RequestColumn, readRequestRows } from '../../delimited/request-rows.js';
import { StepColumns } from '../../tables/step-columns.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';

type Key =
  | 'start_sec'
  | 'end_sec'
  | 'duration_sec'
  | 'prefill_tokens'
  | 'decode_tokens'
  | 'context_tokens'
  | 'instance';

const COLUMNS: readonly RequestColumn<Key>[] = [
  { key: 'start_sec', names: ['start_sec', 'start'], kind: 'number', required: false },
  { key: 'end_sec', names: ['end_sec', 'end'], kind: 'number', required: false },
  { key: 'duration_sec', names: ['duration_sec'], kind: 'number', required: false },
  { key: 'prefill_tokens', names: ['prefill_tokens'], kind: 'count', required: true },
  { key: 'decode_tokens', names: ['decode_tokens', 'decode_seqs'], kind: 'count', required: true },
  { key: 'context_tokens', names: ['context_tokens'], kind: 'count', required: false },
  { key: 'instance', names: ['instance', 'instance_id'], kind: 'name', required: false },
];

/**
 * A step log as CSV or TSV, one row a step, seconds and tokens: `duration_sec, prefill_tokens, decode_tokens` and, where known, `start_sec,
 * context_tokens` (tokens of KV cache that the decodes read) and `instance`; or `start, end, prefill_tokens, decode_seqs`. Other columns are not used. It is what `stepclock simulate --steps` writes, and the
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
  const columns = new StepColumns();
  const place = { delimiter: options.head.delimiter, path: options.path, mapping: options.columns };
  const found = await readRequestRows(input, place, COLUMNS, (cells, line) => {
    const within = (key: 'start_sec' | 'end_sec' | 'duration_sec', value: number, least: number): number => {
      // Negated, so that an absent column (NaN) passes.
      if (value < least || value > FARTHEST_SEC) {
        const rule = `must be seconds from ${least} to ${FARTHEST_SEC}`;
        throw new Fault('trace-io/bad-time', { what: key, file: input.file, line, column: key, value, rule });
      }
      return value;
    };
    const sec = (key: 'start_sec' | 'end_sec', least: number) => within(key, cells.number(key), least);
    const startSec = sec('start_sec', -FARTHEST_SEC);
    const duration = cells.number('duration_sec');
    const durationSec = Number.isNaN(duration)
      ? within('end_sec', sec('end_sec', -FARTHEST_SEC) - startSec, 0)
      : within('duration_sec', duration, 0);
    if (Number.isNaN(durationSec)) {
      const rule = 'must have duration_sec, or start_sec and end_sec';
      throw new Fault('trace-io/missing-column', { what: 'step', file: input.file, line, value: durationSec, rule });
    }
    const contextTokens = cells.number('context_tokens');
    columns.add(
      {
        durationSec,
        prefillTokens: cells.number('prefill_tokens'),
        decodeTokens: cells.number('decode_tokens'),
        ...(!Number.isNaN(startSec) && { startSec }),
        ...(!Number.isNaN(contextTokens) && { contextTokens }),
      },
      cells.name('instance') ?? '',
    );
  });
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
