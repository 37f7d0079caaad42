import { idleLimit } from '../../bounds/idle-limit.js';
import type { Input } from '../../bytes/input.js';
import { readJsonDocuments } from '../../json/json-documents.js';
import { eachJsonLine } from '../../json/json-lines.js';
import { isObject, JsonRecord } from '../../json/json-record.js';
import { StepColumns } from '../../tables/step-columns.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';
import { refuseNoSteps } from './log-lines.js';

/**
 * TensorRT-LLM's iteration statistics (`enable_iter_perf_stats`, as `GET /metrics` of trtllm-serve gives them), a list or JSON lines: `iter`,
 * `iterLatencyMS`, and `inflightBatchingStats` with the requests and tokens in context and generation. Contexts are the KV cache's used blocks times
 * their tokens, less the step's prompts. `attentionDpRank` tells engines apart.
 */
export const trtllmStats: TraceFormat = {
  name: 'trtllm-stats',
  description: 'TensorRT-LLM iteration statistics (JSON list or lines)',
  recognise: ({ keys }) => keys.includes('iterLatencyMS'),
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const columns = new StepColumns(options.onSteps, options.stepsAtOnce);
  const watch = idleLimit(input.file, 'a step', 'documents');
  if (options.head.firstLine.startsWith('{')) {
    await eachJsonLine(input, (record, line) => {
      watch(add(record, columns), line);
    });
  } else {
    await readJsonDocuments(input, ['$.*'], {
      value: ({ value, line, path }) => {
        const record = isObject(value) && new JsonRecord(value, input.file, line, `[${path.join('.')}]`);
        watch(record !== false && add(record, columns), line);
      },
    });
  }
  refuseNoSteps(columns, input.file);
  columns.flush();
  return {
    kind: 'steps',
    facts: {
      format: 'trtllm-stats',
      clock: "time of the engine's loop, milliseconds",
      timeUnit: 'ms',
      settings: options.settings,
    },
    steps: columns.table(),
    exclusions: [],
  };
}

/** Takes a step, where the record tells one. */
function add(record: JsonRecord, columns: StepColumns): boolean {
  const batch = record.inner('inflightBatchingStats');
  // Statistics of an engine that has not begun, and of static batches, tell no step.
  if (batch === undefined) return false;
  const cache = record.inner('kvCacheStats');
  const prefillTokens = batch.count('numCtxTokens');
  const decodeTokens = batch.count('numGenRequests');
  const latency = record.number('iterLatencyMS');
  if (latency < 0) throw record.fault('iterLatencyMS', latency, 'must be milliseconds of at least 0');
  const blocks = cache?.count('usedNumBlocks', true) ?? Number.NaN;
  const used = blocks * (cache?.count('tokensPerBlock', true) ?? Number.NaN);
  const rank = record.count('attentionDpRank', true);
  columns.add(
    {
      iteration: record.count('iter'),
      durationSec: latency / 1000,
      prefillRequests: batch.count('numContextRequests'),
      prefillTokens,
      decodeTokens,
      ...(!Number.isNaN(used) && { contextTokens: decodeTokens === 0 ? 0 : Math.max(0, used - prefillTokens) }),
    },
    Number.isNaN(rank) ? '' : `rank ${rank}`,
  );
  return true;
}
