import { Fault, MOST_LEVELS, nestsTooDeep } from '@stepclock/faults';
import { isObject, type JsonObject, numberOf } from '../json/json-record.js';
import { parsedJson } from '../json/non-finite.js';
import type { EngineSettings } from '../trace.js';
import { isServerLog, settingsOfServerLog } from './server-log.js';

const NO_SETTINGS = 'must be one JSON object, or a log in which vLLM or SGLang print their arguments';

/** Where settings stand in a meta.json or a client's result: inside the engine's arguments, its resolved configuration, the KV cache, or at the top. */
const SECTIONS = [
  [],
  ['engine_kwargs'],
  ['engine_args'],
  ['server_args'],
  ['server_info'],
  ['server_info', 'server_args'],
  ['resolved_config'],
  ['resolved_config', 'scheduler_config'],
  ['resolved_config', 'model_config'],
  ['scheduler_config'],
  ['kv_cache'],
  ['hardware'],
] as const;

/**
 * Engine settings from the text of a meta.json (or the object itself) or of the server's own log, by the names of vLLM and SGLang: the token
 * budget (`max_num_batched_tokens`, `chunked_prefill_size`), `max_num_seqs` (`max_running_requests`), `num_kv_tokens` (`max_total_num_tokens`,
 * or `num_gpu_blocks` x `block_size`), `chunk_size` (or `long_prefill_token_threshold`), the model, the engine, the device, and what changes
 * the meaning of a step: async scheduling, parallelism, speculation, caches, policies. Whatever else stands there is ignored; a setting that
 * is null, `auto`, or a number that is not positive (which engines take for 'no limit') counts as not given.
 *
 * @throws Fault `trace-io/bad-json` when the text is neither a JSON object nor a server's log, `trace-io/bad-setting` for a limit that is no
 * whole number
 */
export function engineSettingsOf(meta: string | object, file = 'meta.json'): EngineSettings {
  const top = typeof meta === 'string' ? (isServerLog(meta) ? settingsOfServerLog(meta) : parsed(meta, file)) : meta;
  if (!isObject(top)) throw new Fault('trace-io/bad-json', { what: 'file', file, line: 1, rule: NO_SETTINGS });
  const sections = SECTIONS.map((path) => section(top, path)).filter((found) => found !== undefined);
  const count = (...names: string[]): number | undefined =>
    firstOf(sections, names, (value, column) => {
      if (value === null || value === 'auto') return undefined;
      const number = numberOf(value);
      if (!Number.isSafeInteger(number)) {
        throw new Fault('trace-io/bad-setting', { what: column, file, column, value, rule: 'must be a whole number' });
      }
      return number > 0 ? number : undefined;
    });
  const text = (...names: string[]): string | undefined =>
    firstOf(sections, names, (value) => (typeof value === 'string' && value !== '' ? value : undefined));

  const flag = (...names: string[]): boolean | undefined =>
    firstOf(sections, names, (value) => (typeof value === 'boolean' ? value : undefined));

  const parallel = (...names: string[]): number | undefined => {
    const ranks = count(...names);
    return ranks !== undefined && ranks > 1 ? ranks : undefined;
  };
  const blocks = count('num_gpu_blocks');
  const blockSize = count('block_size');
  const cacheOff = flag('disable_radix_cache');
  const settings = {
    maxNumBatchedTokens: count('max_num_batched_tokens', 'chunked_prefill_size'),
    maxNumSeqs: count('max_num_seqs', 'max_running_requests'),
    kvTokens:
      count('num_kv_tokens', 'kv_tokens', 'max_total_num_tokens') ??
      (blocks && blockSize ? blocks * blockSize : undefined),
    chunkSize: count('chunk_size', 'prefill_chunk_size', 'long_prefill_token_threshold'),
    model: text('model', 'model_name', 'model_id', 'model_path'),
    engine: engineName(text('vllm_version'), text('engine', 'engine_version')),
    device: text('device_name', 'device', 'gpu'),
    asyncScheduling: flag('async_scheduling'),
    tensorParallelSize: count('tensor_parallel_size', 'tp_size'),
    dataParallelSize: parallel('data_parallel_size', 'dp_size'),
    pipelineParallelSize: parallel('pipeline_parallel_size', 'pp_size'),
    speculation: speculationIn(sections),
    prefixCaching: flag('enable_prefix_caching') ?? (cacheOff === undefined ? undefined : !cacheOff),
    chunkedPrefill: flag('enable_chunked_prefill'),
    schedulingPolicy: text('scheduling_policy', 'schedule_policy'),
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

/** Whether drafts are spoken of: a configuration of them, an algorithm, a number of tokens. */
function speculationIn(sections: readonly JsonObject[]): true | undefined {
  const names = ['speculative_config', 'speculative_model', 'speculative_algorithm', 'num_speculative_tokens'];
  const said = (value: unknown): true | undefined =>
    value !== null && value !== false && value !== 0 && value !== '' ? true : undefined;
  return firstOf(sections, names, said);
}

function engineName(vllmVersion: string | undefined, engine: string | undefined): string | undefined {
  return vllmVersion === undefined ? engine : `vLLM ${vllmVersion}`;
}

function section(top: JsonObject, path: readonly string[]): JsonObject | undefined {
  let at: unknown = top;
  for (const name of path) at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  return isObject(at) ? at : undefined;
}

function firstOf<T>(
  sections: readonly JsonObject[],
  names: readonly string[],
  take: (value: unknown, name: string) => T | undefined,
): T | undefined {
  for (const name of names) {
    for (const object of sections) {
      const value = Object.hasOwn(object, name) ? take(object[name], name) : undefined;
      if (value !== undefined) return value;
    }
  }
  return undefined;
}

function parsed(text: string, file: string): unknown {
  if (nestsTooDeep(text)) {
    const rule = `must have at most ${MOST_LEVELS} levels of nesting`;
    throw new Fault('trace-io/bad-json', { what: 'file', file, line: 1, rule });
  }
  try {
    return parsedJson(text);
  } catch {
    throw new Fault('trace-io/bad-json', { what: 'file', file, line: 1, value: text, rule: NO_SETTINGS });
  }
}
