import type { Input } from '../../bytes/input.js';
import type { StepColumns } from '../../tables/step-columns.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';
import { countIn, engineNamed, type LogLine, readStepLog, secondsIn } from './log-lines.js';

const ITERATION = /\biter = (\d+), global_rank = \d+, rank = (\d+), /;
const HOST = /\bhost_step_time = ([\d.eE+-]+)\s*ms/;
const ELAPSED = /\belapsed_time = ([\d.eE+-]+)\s*s\b/;
const SCHEDULED = /\bnum_scheduled_requests(?: =|:) (\d+)/;
const STAMP = /\btimestamp = (\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)/;
const CACHED = /'cached_kv_tokens': (\d+)/;
const state = (name: string): RegExp => new RegExp(`'${name}': (\\d+)`);
const PROMPTS = state('num_ctx_requests');
const PREFILL = state('num_ctx_tokens');
const GENERATED = state('num_generation_tokens');

/**
 * The lines of TensorRT-LLM's `print_iter_log: true` (PyTorch backend, tensorrt_llm/_torch/pyexecutor/py_executor.py):
 * `iter = 12, global_rank = 0, rank = 0, ..., host_step_time = 7.4ms, prev_device_step_time = 6.9ms, timestamp = ..., states = {'num_ctx_requests': 0,
 * 'num_ctx_tokens': 0, 'num_generation_tokens': 32}`. The host's time of the loop is the step's period; the device's time is of the step BEFORE and is
 * not used. With speculation a request has several generation tokens: the scheduled requests count. `cached_kv_tokens` of newer versions are what all requests of the
 * step have in the cache: the context of its decodes, and of later chunks of its prompts. Ranks that log are engines of their own.
 */
export const trtllmLog: TraceFormat = {
  name: 'trtllm-log',
  description: 'TensorRT-LLM iteration log (print_iter_log)',
  recognise: ({ text }) => ITERATION.test(text),
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  return await readStepLog(input, options, {
    marks: ['iter = '],
    must: 'must have at least one line `iter = N, global_rank = ..., host_step_time = ...`',
    take,
    facts: {
      format: 'trtllm-log',
      clock: "time of the host's loop, milliseconds; stamps of whole seconds",
      timeUnit: 'ms',
    },
  });
}

function take(line: LogLine, columns: StepColumns): void {
  const { text } = line;
  const found = ITERATION.exec(text);
  if (found === null) return;
  const host = HOST.exec(text);
  const what = 'iteration line';
  const prefill = PREFILL.exec(text);
  const generated = GENERATED.exec(text);
  if (prefill === null || generated === null) {
    throw line.fault('bad-line', what, text, "must have states with 'num_ctx_tokens' and 'num_generation_tokens'");
  }
  const prefillRequests = countIn(line, what, PROMPTS.exec(text)?.[1] ?? '0');
  const tokens = countIn(line, what, generated[1]);
  const scheduled = SCHEDULED.exec(text);
  const requests = scheduled === null ? tokens : countIn(line, what, scheduled[1]) - prefillRequests;
  const cached = CACHED.exec(text);
  const decodeTokens = Math.max(0, Math.min(tokens, requests));
  const stamp = STAMP.exec(text);
  const [, year, month, day, hour, minute, second] = (stamp ?? []).map(Number);
  columns.add(
    {
      iteration: countIn(line, what, found[1]),
      durationSec:
        host === null
          ? secondsIn(line, 'elapsed_time', ELAPSED.exec(text)?.[1], 1)
          : secondsIn(line, 'host_step_time', host[1], 1e3),
      prefillRequests,
      prefillTokens: countIn(line, what, prefill[1]),
      decodeTokens,
      ...(cached !== null && { contextTokens: decodeTokens === 0 ? 0 : countIn(line, 'cached_kv_tokens', cached[1]) }),
      ...(stamp !== null && {
        stampSec: Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second) / 1000,
      }),
    },
    engineNamed(text, `rank ${found[2]}`),
  );
}
