import type { Trace } from '../trace.js';

/** Something that a file does not tell. */
export interface Lack {
  /** What is missing. */
  readonly what: string;
  /** What could be answered with it. */
  readonly gives: string;
  /** The flag or the file that would bring it. */
  readonly how: string;
}

const ALL_TOKENS = 'vllm bench serve --save-result --save-detailed against the same server';

/** By which flag a client writes the time of every token, by the format of its file. */
const TOKEN_TIMES: Readonly<Record<string, string>> = {
  'vllm-bench': 'run vllm bench serve again with --save-result --save-detailed',
  'sglang-bench': 'run sglang.bench_serving again with --output-details --output-file FILE',
  aiperf: 'run aiperf profile again with --streaming',
  'inference-perf': 'run inference-perf again with `api: { streaming: true }` in its configuration',
  evalscope: 'run evalscope perf again with --stream',
  'genai-perf': 'run it again with --streaming',
  guidellm: `GuideLLM keeps first and last tokens only: run ${ALL_TOKENS}`,
};

const QUEUE: Lack = {
  what: 'how long requests waited in the engine before their prefill',
  gives: 'the queue apart from the prefill',
  how: 'the spans or request metrics of the engine: vllm serve --otlp-traces-endpoint URL, sglang --export-metrics-to-file --export-metrics-to-file-dir DIR',
};
const OWN_STEPS: Lack = {
  what: "the engine's own steps",
  gives: 'a check of the coefficients against the engine itself (stepclock steps)',
  how: 'vllm serve --enable-logging-iteration-details --no-async-scheduling; TensorRT-LLM print_iter_log: true; Dynamo --fpm-trace; llama-server --verbose --log-timestamps',
};
const limitsFor = (file: string): Lack => ({
  what: "the engine's limits",
  gives: 'a replay and a capacity under its own rules',
  how: `the server's own log with --meta SERVER.log, or write ${file}.meta.json: {"max_num_batched_tokens": N, "max_num_seqs": N}`,
});
const STARTS: Lack = {
  what: 'when requests were sent',
  gives: 'TTFT, a replay and a capacity under the same load',
  how: 'a client that writes it: vllm bench serve --save-detailed (vLLM of 2026 or later), AIPerf, inference-perf',
};
const SERVED: Lack = {
  what: 'when requests were served',
  gives: 'the cost of a step',
  how: `send these requests to an engine and give the file of the client: ${ALL_TOKENS}`,
};
const CONTEXT: Lack = {
  what: 'the context that the decodes of a step read',
  gives: 'the cost of a token of context',
  how: 'a column context_tokens; of the logs of engines, Forward Pass Metrics (Dynamo --fpm-trace with DYN_FPM_MODE=full) and llama-server --verbose have it',
};
const REQUESTS: Lack = {
  what: 'requests',
  gives: 'a replay, and a capacity under the load of this run',
  how: `the file of a client of the same run: ${ALL_TOKENS}`,
};
const ALL_STEPS: Lack = {
  what: 'some of the steps',
  gives: 'intervals that a whole log has',
  how: 'Dynamo: DYN_FPM_MODE=full instead of sampled',
};

/**
 * What a trace does not tell, what that would answer, and what would bring it: best evidence first. `file` is its name.
 *
 * @example
 * lacksOf(trace)[0]?.how // => 'run vllm bench serve again with --save-result --save-detailed'
 */
export function lacksOf(trace: Trace, file = 'FILE'): readonly Lack[] {
  const { settings, format } = trace.facts;
  const limits =
    settings.maxNumBatchedTokens === undefined && settings.chunkSize === undefined ? [limitsFor(file)] : [];
  switch (trace.kind) {
    case 'workload':
      return [SERVED];
    case 'tokens':
      return [STARTS, ...limits, OWN_STEPS];
    case 'windows':
      return [REQUESTS];
    case 'steps':
      return [
        ...(trace.facts.sampled || trace.facts.lostSteps !== undefined ? [ALL_STEPS] : []),
        ...(trace.steps.contextTokens === undefined ? [CONTEXT] : []),
        REQUESTS,
      ];
    case 'phases':
      return [
        ...(trace.tokens === undefined ? [tokenTimes(format)] : []),
        ...(trace.requests === undefined
          ? [{ ...REQUESTS, what: 'requests with their arrivals and lengths' }]
          : limits),
        ...(trace.facts.queueInPrefill === 'no' ? [] : [QUEUE]),
        OWN_STEPS,
      ];
  }
}

const tokenTimes = (format: string): Lack => ({
  what: 'the time of every token',
  gives: "the engine's steps one by one, at any load",
  how: TOKEN_TIMES[format] ?? `a client writes it: ${ALL_TOKENS}`,
});
