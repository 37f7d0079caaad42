import { Fault } from '@stepclock/faults';
import { FARTHEST_SEC } from '../../bounds/clock-range.js';
import type { Input } from '../../bytes/input.js';
import { type RequestColumn, readRequestRows } from '../../delimited/request-rows.js';
import { StepColumns } from '../../tables/step-columns.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';

type Key = 'start_sec' | 'duration_sec' | 'prefill_tokens' | 'decode_tokens' | 'context_tokens' | 'instance';

const COLUMNS: readonly RequestColumn<Key>[] = [
  { key: 'start_sec', names: ['start_sec'], kind: 'number', required: false },
  { key: 'duration_sec', names: ['duration_sec'], kind: 'number', required: true },
  { key: 'prefill_tokens', names: ['prefill_tokens'], kind: 'count', required: true },
  { key: 'decode_tokens', names: ['decode_tokens'], kind: 'count', required: true },
  { key: 'context_tokens', names: ['context_tokens'], kind: 'count', required: false },
  { key: 'instance', names: ['instance', 'instance_id'], kind: 'name', required: false },
];

/**
 * A step log as CSV or TSV, one row a step, seconds and tokens: `duration_sec, prefill_tokens, decode_tokens` and, where known, `start_sec,
 * context_tokens` (tokens of KV cache that the decodes read) and `instance`. Other columns are not used. It is what `stepclock simulate --steps` writes, and the
 * least that an engine's own instrumentation has to write. There are no request times in it: it gives `steps`, no phases.
 */
export const stepCsv: TraceFormat = {
  name: 'step-csv',
  description: 'step log as CSV or TSV: one row a step, its seconds and tokens',
  recognise: ({ headerNames }) =>
    ['duration_sec', 'prefill_tokens', 'decode_tokens'].every((name) => headerNames.includes(name)),
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const columns = new StepColumns();
  const place = { delimiter: options.head.delimiter, path: options.path, mapping: options.columns };
  const found = await readRequestRows(input, place, COLUMNS, (cells, line) => {
    const sec = (key: 'start_sec' | 'duration_sec', least: number): number => {
      const value = cells.number(key);
      // Negated, so that an absent column (NaN) passes.
      if (value < least || value > FARTHEST_SEC) {
        const rule = `must be seconds from ${least} to ${FARTHEST_SEC}`;
        throw new Fault('trace-io/bad-time', { what: key, file: input.file, line, column: key, value, rule });
      }
      return value;
    };
    const startSec = sec('start_sec', -FARTHEST_SEC);
    const contextTokens = cells.number('context_tokens');
    columns.add(
      {
        durationSec: sec('duration_sec', 0),
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
