import { eachJsonLine } from '../../json/json-lines.js';
import type { JsonRecord } from '../../json/json-record.js';
import { PrefixCache } from '../../requests/prefix-cache.js';
import { RequestBuilder } from '../../requests/request-builder.js';
import type { TraceFormat } from '../trace-format.js';
import { workloadTrace } from './workload.js';

/** A workload in JSON lines whose prompts are told by the hashes of their blocks. */
interface HashedPrompts {
  readonly name: string;
  readonly description: string;
  /** Fields that tell the format. */
  readonly needs: readonly string[];
  readonly timeUnit: 's' | 'ms';
  /** Tokens of one block. */
  readonly blockTokens: number;
}

const CLOCKS = { s: 'seconds', ms: 'milliseconds' } as const;

const hashedPrompts = ({ name, description, needs, timeUnit, blockTokens }: HashedPrompts): TraceFormat => ({
  name,
  description,
  takesPrefixCache: true,
  recognise: ({ keys }) => needs.every((field) => keys.includes(field)),
  async read(input, options) {
    const builder = new RequestBuilder(input.file);
    const { prefixCacheBlocks } = options;
    const cache = prefixCacheBlocks === undefined ? undefined : new PrefixCache(prefixCacheBlocks, blockTokens);
    let latest = -Infinity;
    await eachJsonLine(input, (record, line) => {
      const timestamp = record.number('timestamp');
      const promptTokens = record.count('input_length');
      const cachedTokens = cache?.find(blocksOf(record, timestamp >= latest), promptTokens);
      const taken = builder.addArrival(String(line), line, {
        arrivalSec: timeUnit === 'ms' ? timestamp / 1000 : timestamp,
        promptTokens,
        outputTokens: record.count('output_length'),
        ...(cachedTokens !== undefined && { cachedTokens }),
      });
      if (taken) latest = Math.max(latest, timestamp);
    });
    const clock = `${CLOCKS[timeUnit]} from the start of the trace`;
    return workloadTrace(builder, { format: name, clock, timeUnit }, options);
  },
});

/** The hashes of a prompt's blocks, where the rows come in the order of their arrival. */
function blocksOf(record: JsonRecord, isInOrder: boolean): readonly unknown[] {
  const ids = record.raw('hash_ids');
  if (!(Array.isArray(ids) && ids.every(isHash)))
    throw record.fault('hash_ids', ids, 'must be the list of the hashes of the prompt, for a prefix cache');
  if (!isInOrder)
    throw record.fault(
      'timestamp',
      record.raw('timestamp'),
      'must not be earlier than in the rows before, for a prefix cache',
    );
  return ids;
}

const isHash = (id: unknown): boolean => typeof id === 'number' || typeof id === 'string';

/** Mooncake's traces (kvcache-ai/Mooncake, mooncake_trace.jsonl). */
export const mooncakeWorkload = hashedPrompts({
  name: 'mooncake',
  description: 'Mooncake JSON lines (a workload: no latencies)',
  needs: ['timestamp', 'input_length', 'output_length'],
  timeUnit: 'ms',
  blockTokens: 512,
});

/** alibaba-edu/qwen-bailian-usagetraces-anon (qwen_*_blksz_16.jsonl): Mooncake's fields with chats, in seconds. */
export const bailianWorkload = hashedPrompts({
  name: 'bailian',
  description: 'Qwen-Bailian usage traces, JSON lines (a workload: no latencies)',
  needs: ['chat_id', 'parent_chat_id', 'timestamp', 'input_length', 'output_length'],
  timeUnit: 's',
  blockTokens: 16,
});
